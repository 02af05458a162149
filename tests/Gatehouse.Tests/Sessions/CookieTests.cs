using Gatehouse.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Gatehouse.Tests.Sessions;

public sealed class CookieTests
{
    private static readonly string Longest = new('r', 64);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Is_under_200_bytes_even_in_the_longest_realm_and_out_of_scripts_reach(bool tls)
    {
        var context = new DefaultHttpContext();
        Cookie.Write(context.Response, Longest, "gtcookie_" + new string('x', 49), tls);
        var header = Assert.Single(context.Response.Headers.SetCookie)!;
        Assert.True(header.Split(';')[0].Length < 200);
        Assert.Contains("httponly", header, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", header, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", header, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", header, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(tls, header.Contains("secure", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(tls, header.StartsWith("__Host-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("__Host-gh.cc=v", "v")]
    [InlineData("a=1; __Host-gh.cc=v; b=2", "v")]
    [InlineData("a=1;__Host-gh.cc=v", "v")]
    [InlineData("__Host-gh.cc=v=w", "v=w")]
    [InlineData("__Host-gh.cc=one; __Host-gh.cc=two", null)]
    [InlineData("__Host-gh.cc=one; __Host-gh.cc=one", null)]
    [InlineData("__Host-gh.cc=", null)]
    [InlineData("__Host-gh.cc", null)]
    [InlineData("__Host-gh.ccc=v", null)]
    [InlineData("gh.cc=v", null)] // a plain cookie can be planted from a neighbouring host
    [InlineData("__host-gh.cc=v", null)]
    [InlineData("x__Host-gh.cc=v", null)]
    [InlineData("", null)]
    [InlineData(";;;===;", null)]
    public void Is_read_exactly_once_or_not_at_all(string header, string? value) => Assert.Equal(value, Cookie.Read(new HeaderDictionary { ["Cookie"] = header }, "cc", tls: true));

    [Fact]
    public void Two_headers_with_it_are_two_cookies()
        => Assert.Null(Cookie.Read(new HeaderDictionary { ["Cookie"] = new StringValues(["__Host-gh.cc=one", "__Host-gh.cc=two"]) }, "cc", tls: true));

    [Theory]
    [InlineData("__Host-gh.cc=v", null)]
    [InlineData("gh.other=v; a=1", "a=1")]
    [InlineData("a=1; __host-GH.cc=v; b=2", "a=1; b=2")]
    [InlineData("a=1;b=gh.cc", "a=1; b=gh.cc")]
    [InlineData("", null)]
    public void No_upstream_sees_any_of_ours(string header, string? kept) => Assert.Equal(kept, Cookie.Without(header));
}
