using Gatehouse.Keys;
using Xunit;

namespace Gatehouse.Tests.Keys;

public sealed class RootKeyTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-root-").FullName;

    private string File => Path.Combine(folder, "root.key");

    [Fact]
    public void Is_made_once_and_for_the_owner_only()
    {
        var first = new Sealer(RootKey.Load(new KeysSettings(), folder));
        var second = new Sealer(RootKey.Load(new KeysSettings(), folder));
        Assert.True(second.TryOpen("x", first.Seal("x", "plain"u8), out var plain));
        Assert.Equal("plain"u8, plain);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_can_touch_is_refused_by_name(UnixFileMode others)
    {
        RootKey.Load(new KeysSettings(), folder);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
        Assert.Contains(File, Assert.Throws<KeyFault>(() => RootKey.Load(new KeysSettings(), folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_key_that_is_none_is_refused_without_repeating_it(string text)
    {
        System.IO.File.WriteAllText(File, text);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var fault = Assert.Throws<KeyFault>(() => RootKey.Load(new KeysSettings(), folder));
        Assert.Contains(File, fault.Message, StringComparison.Ordinal);
        if (text.Length > 3) Assert.DoesNotContain(text, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Comes_from_a_command_without_a_shell()
    {
        var root = RootKey.Load(new KeysSettings { Command = ["printf", "%s", new string('a', 64)] }, folder);
        Assert.False(System.IO.File.Exists(File));
        Assert.Contains("printf", root.Origin, StringComparison.Ordinal);
        Assert.DoesNotContain("aaaa", root.Origin, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("/no/such/command")]
    [InlineData("true")]
    public void A_command_that_gives_no_key_is_named(string command)
        => Assert.Contains(command, Assert.Throws<KeyFault>(() => RootKey.Load(new KeysSettings { Command = [command] }, folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_unset_variable_is_named()
        => Assert.Contains("GATEHOUSE_NO_SUCH", Assert.Throws<KeyFault>(() => RootKey.Load(new KeysSettings { Variable = "GATEHOUSE_NO_SUCH" }, folder)).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
