using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Dialogs;
using Gatehouse.Keys;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Dialogs;

public sealed class DialogTokensTests
{
    private const string Id = "3f6c1f3e-52a7-4b0c-9d0e-0a8f7c2b1d55";
    private const string Variable = "GATEHOUSE_TEST_DIALOG_ROOT";

    private readonly SetClock clock = new();
    private readonly DialogTokens tokens;
    private readonly Dialog dialog;

    public DialogTokensTests()
    {
        Environment.SetEnvironmentVariable(Variable, new string('b', 64));
        tokens = new DialogTokens(new Sealer(RootKey.Load(new KeysSettings { Variable = Variable }, "")), clock);
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        dialog = new Dialog("support", now - 5_000, now + 60_000, 0, now + 3_600_000, 0, 600);
    }

    [Fact]
    public void Says_what_was_put_in_and_shows_nothing_of_it()
    {
        var text = tokens.Mint("cc", Id, dialog, visitor: true);
        Assert.StartsWith("gtdialog_", text);
        Assert.DoesNotContain("support", System.Text.Encoding.Latin1.GetString(Body(text)));
        Assert.True(tokens.TryOpen("cc", text, out var token));
        Assert.Equal((Id, "support", true, dialog.StartedAt, dialog.HardUntil), (token.Id, token.Project, token.Visitor, token.StartedAt, token.HardUntil));
        Assert.Equal(clock.GetUtcNow().ToUnixTimeMilliseconds(), token.IssuedAt);
        Assert.NotEqual(text, tokens.Mint("cc", Id, dialog, visitor: true));
    }

    [Theory]
    [InlineData("crm-4711")]
    [InlineData("A")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("3f6c1f3e-52a7-4b0c-1d0e-0a8f7c2b1d55")]
    public void Other_ids_than_uuids_are_kept_as_they_are(string id)
    {
        Assert.True(tokens.TryOpen("cc", tokens.Mint("cc", id, dialog, visitor: false), out var token));
        Assert.Equal((id, false), (token.Id, token.Visitor));
    }

    [Fact]
    public void Another_realm_another_day_and_every_altered_byte_are_refused()
    {
        var text = tokens.Mint("cc", Id, dialog, visitor: false);
        Assert.False(tokens.TryOpen("other", text, out _));
        var body = Body(text);
        for (var at = 0; at < body.Length; at++)
        {
            var altered = body.ToArray();
            altered[at] ^= 1;
            Assert.False(tokens.TryOpen("cc", TokenText.Create("gtdialog", altered), out _), $"byte {at}");
            if (at >= 16) Assert.False(tokens.TryOpen("cc", TokenText.Create("gtdialog", body.AsSpan(0, at)), out _), $"cut at {at}");
        }

        clock.Advance(TimeSpan.FromDays(3));
        Assert.False(tokens.TryOpen("cc", text, out _));
    }

    [Fact]
    public void Anything_else_is_refused_without_an_exception()
        => Prop.ForAll(Gen.Choose(16, 256).SelectMany(length => Gen.Choose(0, 255).Select(one => (byte)one).ArrayOf(length)).ToArbitrary(), body => !tokens.TryOpen("cc", TokenText.Create("gtdialog", body), out _)).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Many_threads_at_once_each_open_their_own()
        => await Parallel.ForAsync(0, 20_000, (at, _) =>
        {
            Assert.True(tokens.TryOpen("cc", tokens.Mint("cc", $"d{at}", dialog, visitor: false), out var token));
            Assert.Equal($"d{at}", token.Id);
            return ValueTask.CompletedTask;
        });

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a%2fb")]
    [InlineData("é")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public void What_is_no_id_is_no_key(string id) => Assert.False(DialogKey.TryParse(id, out _));

    [Fact]
    public void A_uuid_is_the_same_in_any_case_and_no_text_can_be_made_to_equal_one()
    {
        Assert.True(DialogKey.TryParse(Id, out var key) && DialogKey.TryParse(Id.ToUpperInvariant(), out var upper) && key == upper && key.IsUuid && key.ToUuid() == Id);
        Prop.ForAll(Gen.Elements("abcXYZ019._-".ToCharArray()).ArrayOf(12).Select(letters => "a" + new string(letters)).ToArbitrary(), text => DialogKey.TryParse(text, out var made) && !made.IsUuid).QuickCheckThrowOnFailure();
    }

    private static byte[] Body(string text) => TokenText.TryParse(text, "gtdialog", out var body) ? body : throw new ArgumentException("no token", nameof(text));
}
