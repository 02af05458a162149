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

    private static readonly TokenPlaces Declared = new(true, ["X-Auth-Token"], ["token", "t"]);

    [Theory]
    [InlineData("", "abc", CredentialPlace.Header, "abc")]
    [InlineData("?a=1&token=abc", "", CredentialPlace.Query, "abc")]
    [InlineData("?tok%65n=a%2Dc", "", CredentialPlace.Query, "a-c")]
    [InlineData("?token=&x=1", "abc", CredentialPlace.Header, "abc")]
    [InlineData("?t=abc", null, CredentialPlace.Query, "abc")]
    public void A_token_is_found_at_a_declared_place(string query, string? header, CredentialPlace place, string token)
    {
        var found = Assert.IsType<Found.One>(Finder.Find(header is null ? Headers(("Cookie", "gh.r=c")) : Headers(("X-Auth-Token", header)), query, Declared, "r", false));
        Assert.Equal((CredentialKind.Bearer, place, token), (found.Credential.Kind, found.Credential.Place, found.Credential.Value.Reveal()));
    }

    [Theory]
    [InlineData("?token=a&token=a", "", "")]
    [InlineData("?token=a&t=a", "", "")]
    [InlineData("?token=a", "a", "")]
    [InlineData("?token=a", "", "Bearer a")]
    [InlineData("", "a", "Bearer a")]
    [InlineData("?token=a", "", "Basic YTpi")]
    [InlineData("?token=%zz", "", "")]
    [InlineData("?token=a%00b", "", "")]
    [InlineData("?token=a+b", "", "")]
    [InlineData("?token=%ff", "", "")]
    [InlineData("", "a b", "")]
    [InlineData("", "a,b", "")]
    public void Two_tokens_or_one_that_cannot_be_read_are_a_conflict(string query, string header, string authorization)
        => Assert.IsType<Found.Conflict>(Finder.Find(Headers(("X-Auth-Token", header), ("Authorization", authorization)), query, Declared, "r", false));

    [Fact]
    public void What_is_not_declared_is_not_read()
    {
        Assert.IsType<Found.None>(Finder.Find(Headers(("X-Auth-Token", "a")), "?token=a", TokenPlaces.Usual, null, false));
        Assert.IsType<Found.None>(Finder.Find(Headers(("X-Other", "a")), "?Token=a&x=token=a", Declared, null, false));
        Assert.Same(Reasons.CredentialKind, Assert.IsType<Found.Conflict>(Finder.Find(Headers(("Authorization", "Bearer a")), "", Declared with { Authorization = false }, null, false)).Reason);
        var twice = Headers();
        twice["X-Auth-Token"] = new(["a", "a"]);
        Assert.IsType<Found.Conflict>(Finder.Find(twice, "", Declared, null, false));
    }

    [Theory]
    [InlineData("?access_token=x", true)]
    [InlineData("?a=1&ACCESS%5Ftoken", true)]
    [InlineData("?token=ours", true)]
    [InlineData("?TOKEN=our%73", true)]
    [InlineData("?t%6Fken=ours", true)]
    [InlineData("?token=theirs", false)]
    [InlineData("?token=", false)]
    [InlineData("?my_token=ours", false)]
    [InlineData("?", false)]
    public void A_stray_token_is_known_by_rfc_6750s_name_or_by_being_ours(string query, bool stray) => Assert.Equal(stray, QueryTokens.HasStray(query, [], value => value == "ours"));

    [Theory]
    [InlineData("?token=ours", false)]
    [InlineData("?Token=ours", true)]
    [InlineData("?access_token=x", true)]
    public void A_declared_one_is_no_stray(string query, bool stray) => Assert.Equal(stray, QueryTokens.HasStray(query, ["token"], value => value == "ours"));

    [Theory]
    [InlineData("?token=a", "")]
    [InlineData("?a=%41&token=a&b", "?a=%41&b")]
    [InlineData("?t%6Fken=a&a=1&token=b", "?a=1")]
    [InlineData("?tokens=a", "?tokens=a")]
    [InlineData("?", "?")]
    public void What_is_taken_out_leaves_the_rest_as_it_was(string query, string expected) => Assert.Equal(expected, QueryTokens.Without(query, ["token"], []));

    [Theory]
    [InlineData("https://desk.example/page?token=a&x=1", "https://desk.example/page?x=1")]
    [InlineData("https://desk.example/page?access_token=a", "https://desk.example/page")]
    [InlineData("https://desk.example/page?jwt=eyJh.b.c&x=1", "https://desk.example/page?x=1")]
    [InlineData("https://desk.example/page?r=gtrefresh_abc", "https://desk.example/page")]
    [InlineData("https://desk.example/page?x=1", null)]
    [InlineData("https://desk.example/token", null)]
    public void A_referer_loses_what_is_a_token(string referer, string? expected) => Assert.Equal(expected, QueryTokens.Referer(referer, ["token"]));

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
