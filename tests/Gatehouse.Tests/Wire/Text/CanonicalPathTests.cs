using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Wire.Text;

/// <summary>One spelling for match, policy and upstream: whatever could be read in two ways is refused, and what is accepted is read alike by everybody.</summary>
public sealed class CanonicalPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/ccm/agents/7", "/ccm/agents/7")]
    [InlineData("/ccm/agents/", "/ccm/agents/")]
    [InlineData("/a/%41%7e", "/a/A~")]
    [InlineData("/a/%c3%a9", "/a/%C3%A9")]
    [InlineData("/a/b%20c", "/a/b%20c")]
    [InlineData("/a/b:c@d,e=f", "/a/b:c@d,e=f")]
    [InlineData("/a/%3A", "/a/:")]
    [InlineData("/.well-known/x", "/.well-known/x")]
    [InlineData("/a/v1.2/file.json", "/a/v1.2/file.json")]
    [InlineData("/a/%7B%7D", "/a/%7B%7D")]
    [InlineData("/a/{x}", "/a/%7Bx%7D")]
    public void A_sound_path_gets_one_spelling(string raw, string canonical)
    {
        Assert.True(CanonicalPath.TryParse(raw, out var path));
        Assert.Equal(canonical, path.Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("*")]
    [InlineData("http://host/a")]
    [InlineData("//")]
    [InlineData("//a")]
    [InlineData("/a//b")]
    [InlineData("/a//")]
    [InlineData("/.")]
    [InlineData("/..")]
    [InlineData("/a/./b")]
    [InlineData("/a/../b")]
    [InlineData("/a/..")]
    [InlineData("/a/...")]
    [InlineData("/a/..b")]
    [InlineData("/a/b.")]
    [InlineData("/a/b./c")]
    [InlineData("/a/%2e")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/a/.%2E/b")]
    [InlineData("/a/b%2e")]
    [InlineData("/a%2fb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%5cb")]
    [InlineData("/a\\b")]
    [InlineData("/a/..\\b")]
    [InlineData("/a;b")]
    [InlineData("/a/..;/b")]
    [InlineData("/a%3bb")]
    [InlineData("/a/%252e%252e/b")]
    [InlineData("/a%25")]
    [InlineData("/a%252f")]
    [InlineData("/a%2525")]
    [InlineData("/a%")]
    [InlineData("/a%4")]
    [InlineData("/a%zz")]
    [InlineData("/a%u002e")]
    [InlineData("/a%00")]
    [InlineData("/a%0d%0aX")]
    [InlineData("/a%7f")]
    [InlineData("/a%c2%85")]
    [InlineData("/a#b")]
    [InlineData("/a%23b")]
    [InlineData("/a%3fb")]
    [InlineData("/a ")]
    [InlineData("/a b")]
    [InlineData("/a%20")]
    [InlineData("/%20a")]
    [InlineData("/a%20/b")]
    [InlineData("/a/%c0%ae%c0%ae/b")] // overlong dots
    [InlineData("/a%c0%afb")] // overlong slash
    [InlineData("/a%e0%80%afb")]
    [InlineData("/a%ff")]
    [InlineData("/a%ed%a0%80")] // half a surrogate pair
    [InlineData("/aé")]
    [InlineData("/a\0")]
    [InlineData("/a\tb")]
    public void What_could_be_read_in_two_ways_is_refused(string raw) => Assert.False(CanonicalPath.TryParse(raw, out _));

    [Fact]
    public void A_path_beyond_all_measure_is_refused()
    {
        Assert.True(CanonicalPath.TryParse("/" + new string('a', CanonicalPath.Longest - 1), out _));
        Assert.False(CanonicalPath.TryParse("/" + new string('a', CanonicalPath.Longest), out _));
    }

    [Fact]
    public void An_accepted_path_is_a_fixed_point_and_has_no_second_reading()
    {
        string[] parts = ["/", "/", "a", "B", "..", ".", "%2e", "%2E", "%2f", "%5c", "\\", ";", "%41", "%61", "%25", "%252e", "%00", "%c0%ae", "%c3%a9", "%20", "#", "?", "%", "%z", "~", ":", "@", "!", "'", "(", "é", "\u0001", "%c2%85", "+"];
        var paths = Gen.Elements(parts).ListOf().Select(list => "/" + string.Concat(list));
        Prop.ForAll(paths.ToArbitrary(), HasOneReading).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    [Fact]
    public void Any_text_at_all_is_answered_without_an_exception()
        => Prop.ForAll<string>(text => HasOneReading("/" + text)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    // Read by others: a framework that decodes once, one that decodes twice, one that resolves dots, one that takes backslashes for slashes.
    private static bool HasOneReading(string raw)
    {
        if (!CanonicalPath.TryParse(raw, out var path)) return true;
        var value = path.Value;
        var once = Uri.UnescapeDataString(value);
        return CanonicalPath.TryParse(value, out var again) && again.Value == value
            && once == Uri.UnescapeDataString(raw) && Uri.UnescapeDataString(once) == once
            && new Uri("http://host" + value).AbsolutePath == value
            && once.Count(c => c == '/') == raw.Count(c => c == '/') && !once.Contains("//") && once.IndexOfAny(['\\', ';', '?', '#', '\0']) < 0
            && !once.Split('/').Any(segment => segment.EndsWith('.') || segment is ".." or ".");
    }
}
