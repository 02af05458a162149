using Gatehouse.Credentials;
using Gatehouse.Terms;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Credentials;

/// <summary>One credential, none, or a conflict: what could be taken in two ways is refused before any cryptography.</summary>
public sealed class FinderTests
{
    [Theory]
    [InlineData("Bearer abc", "abc")]
    [InlineData("bearer abc", "abc")]
    [InlineData("BEARER   abc ", "abc")]
    public void A_bearer_token_is_found_with_its_scheme_in_any_case(string header, string token)
    {
        var found = Assert.IsType<Found.One>(Finder.Find(Headers(("Authorization", header)), null, false));
        Assert.Equal(CredentialKind.Bearer, found.Credential.Kind);
        Assert.Equal(token, found.Credential.Value.Reveal());
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a, Bearer b")]
    [InlineData("Bearer\tabc")]
    [InlineData("Bearerabc")]
    [InlineData("Basic YTpi")]
    [InlineData("Digest x")]
    [InlineData("abc")]
    [InlineData(" ")]
    public void What_is_no_bearer_token_is_a_conflict_and_not_nothing(string header) => Assert.IsType<Found.Conflict>(Finder.Find(Headers(("Authorization", header)), "r", false));

    [Fact]
    public void Two_authorization_headers_are_a_conflict()
    {
        var headers = Headers();
        headers["Authorization"] = new(["Bearer a", "Bearer a"]);
        Assert.Same(Reasons.CredentialConflict, Assert.IsType<Found.Conflict>(Finder.Find(headers, null, false)).Reason);
    }

    [Fact]
    public void The_cookie_counts_only_where_a_realm_asks_for_it_and_only_once()
    {
        var headers = Headers(("Cookie", "x=1; gh.r=gtcookie_abc; y=2"));
        Assert.IsType<Found.None>(Finder.Find(headers, null, false));
        Assert.IsType<Found.None>(Finder.Find(headers, "other", false));
        Assert.IsType<Found.None>(Finder.Find(headers, "r", true)); // over TLS the name has the __Host- prefix
        Assert.Equal("gtcookie_abc", Assert.IsType<Found.One>(Finder.Find(headers, "r", false)).Credential.Value.Reveal());
        Assert.IsType<Found.None>(Finder.Find(Headers(("Cookie", "gh.r=a; gh.r=b")), "r", false));
    }

    [Fact]
    public void A_token_beside_the_cookie_is_what_was_meant()
        => Assert.Equal(CredentialKind.Bearer, Assert.IsType<Found.One>(Finder.Find(Headers(("Authorization", "Bearer t"), ("Cookie", "gh.r=c")), "r", false)).Credential.Kind);

    [Fact]
    public void Nothing_prints_the_secret()
    {
        var found = Assert.IsType<Found.One>(Finder.Find(Headers(("Authorization", "Bearer very-secret")), null, false));
        Assert.DoesNotContain("very-secret", found.ToString());
        Assert.DoesNotContain("very-secret", found.Credential.ToString());
    }

    private static HeaderDictionary Headers(params (string Name, string Value)[] lines)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, value) in lines) headers[name] = value;
        return headers;
    }
}
