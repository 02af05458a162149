using Gatehouse.Wire.OAuth;
using Xunit;

namespace Gatehouse.Tests.Wire.OAuth;

public sealed class ScopesTests
{
    [Fact]
    public void Each_scope_counts_once_in_the_order_asked()
    {
        Assert.True(Scopes.TryParse("openid  profile openid", out var scopes));
        Assert.Equal(["openid", "profile"], scopes);
        Assert.True(Scopes.TryParse(null, out scopes));
        Assert.Empty(scopes);
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("a\tb")]
    [InlineData("a\r\nb")]
    [InlineData("é")]
    public void Characters_outside_the_grammar_are_refused(string text) => Assert.False(Scopes.TryParse(text, out _));

    [Fact]
    public void Number_and_length_are_bounded()
    {
        Assert.False(Scopes.TryParse(new string('a', 101), out _));
        Assert.False(Scopes.TryParse(string.Join(' ', Enumerable.Range(0, 51)), out _));
    }
}
