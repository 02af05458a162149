using System.Text.Json;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>The road of a request through the gate, over HTTP: which credentials count, what an upstream is told, what is refused and how.</summary>
public sealed class GateTests(GateTests.Fixture fixture) : IClassFixture<GateTests.Fixture>
{
    private const string Access = """
        realm: contact-centre
        trusted-proxies: [127.0.0.0/8]
        services:
          api:
            upstreams: ["{upstream}"]
            accept: [token, session]
            identity: [jwt, userinfo, access-token, id-token]
            rules: [{ allow: { roles: [integration, agent, supervisor] } }]
          tokens:
            upstreams: ["{upstream}"]
            rules: [{ allow: {} }]
          scoped:
            upstreams: ["{upstream}"]
            rules: [{ allow: { scopes: [calls.read] } }]
          slow:
            upstreams: ["{upstream}"]
            rate: { requests: 3, per: 1m, by: address }
            rules: [{ allow: {} }]
        public:
          - reason: for this test
            lines: |
              GET /slow/open
              GET /api/open
        """;

    private GateDesk Gate => fixture.Gate;

    [Fact]
    public async Task A_good_token_passes_and_the_upstream_learns_who_it_is_from_us_alone()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x?a=1&b=%20", "Authorization: Bearer " + token));
        var seen = Gate.Upstream.Last;
        Assert.Equal("/api/x?a=1&b=%20", seen.Target);
        var sent = seen.Headers["Authorization"]["Bearer ".Length..];
        Assert.NotEqual(token, sent);
        Assert.True(Jws.TryParse(sent, Gatehouse.Wire.Text.Limits.Default, out var jws, out _));
        using var claims = JsonDocument.Parse(jws.Payload);
        Assert.Equal("api", claims.RootElement.GetProperty("aud").GetString());
        Assert.Equal("crm-sync", claims.RootElement.GetProperty("azp").GetString());
        Assert.Contains("integration", claims.RootElement.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.InRange(claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64(), 1, 60);
        Assert.Equal(token, seen.Headers["X-Access-Token"]);
        using var userinfo = JsonDocument.Parse(Convert.FromBase64String(seen.Headers["X-Userinfo"]));
        Assert.Equal("service-account-crm-sync", userinfo.RootElement.GetProperty("preferred_username").GetString());
    }

    [Theory]
    [InlineData("X-Userinfo")]
    [InlineData("X_Userinfo")]
    [InlineData("x-userinfo")]
    [InlineData("X.Userinfo")]
    [InlineData("X-Access-Token")]
    [InlineData("X_ACCESS_TOKEN")]
    [InlineData("X-ID-Token")]
    [InlineData("X_ID_Token")]
    [InlineData("X-Auth-Token")]
    [InlineData("X-Forwarded-User")]
    [InlineData("Remote-User")]
    [InlineData("Remote_User")]
    [InlineData("X-Auth-Request-Email")]
    [InlineData("Client-Cert")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    public async Task Identity_that_a_client_claims_never_reaches_an_upstream(string name)
    {
        string[][] asks = [["/api/open"], ["/api/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync()]];
        foreach (var ask in asks)
        {
            Assert.Equal((200, "pass"), await Gate.AskAsync("GET", ask[0], [.. ask[1..], $"{name}: forged-by-the-client"]));
            Assert.DoesNotContain(Gate.Upstream.Last.Headers, one => one.Value.Contains("forged-by-the-client", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_public_route_tells_the_upstream_of_nobody()
    {
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/open", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync(), "Cookie: gh.contact-centre=abc; theme=dark"));
        Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
        Assert.Equal("theme=dark", Gate.Upstream.Last.Headers["Cookie"]);
    }

    [Fact]
    public async Task Refusals_carry_a_challenge_and_a_stable_code()
    {
        using var without = await Gate.SendAsync("GET", "/api/x");
        Assert.Equal(401, (int)without.StatusCode);
        var challenge = without.Headers.WwwAuthenticate.ToString();
        Assert.StartsWith("Bearer realm=\"contact-centre\"", challenge, StringComparison.Ordinal);
        Assert.DoesNotContain("error=", challenge, StringComparison.Ordinal);
        Assert.Contains("/.well-known/oauth-protected-resource/api", challenge, StringComparison.Ordinal);
        Assert.Equal("credential.missing", await GateDesk.CodeOfAsync(without));

        using var wrong = await Gate.SendAsync("GET", "/api/x", "Authorization: Bearer nonsense");
        Assert.Contains("error=\"invalid_token\"", wrong.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        using var narrow = await Gate.SendAsync("GET", "/scoped/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync());
        Assert.Equal(403, (int)narrow.StatusCode);
        Assert.Contains("error=\"insufficient_scope\", scope=\"calls.read\"", narrow.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_credentials_and_tokens_in_the_url_are_refused()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal(400, await Gate.RawAsync("GET", "/api/x", "Authorization: Bearer " + token, "Authorization: Bearer " + token));
        Assert.Equal(401, await Gate.RawAsync("GET", "/api/x", $"Authorization: Bearer {token}, Bearer {token}"));
        var before = Gate.Upstream.All.Count;
        foreach (var query in (string[])["access_token=" + token, "a=1&access_token=x", "access%5Ftoken=x", "ACCESS_TOKEN=x", "access_token", "%61ccess_token=x"])
            Assert.Equal((400, "credential.in-query"), await Gate.AskAsync("GET", "/api/x?" + query, "Authorization: Bearer " + token));
        Assert.Equal(before, Gate.Upstream.All.Count);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x?my_access_token=1&token=2", "Authorization: Bearer " + token));
    }

    [Fact]
    public async Task Only_access_tokens_of_this_realm_count()
    {
        using var browser = new Browser(Gate.Desk);
        var tokens = await browser.TokensAsync("alice");
        foreach (var wrong in (string[])[tokens.Id, tokens.Refresh, tokens.Access[..^2], tokens.Access + "A", tokens.Access.Replace('.', '!')])
        {
            var (status, _) = await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + wrong);
            Assert.Equal(401, status);
        }

        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + tokens.Access));

        // What an upstream was given cannot be turned round against the gate.
        var given = Gate.Upstream.Last.Headers["Authorization"];
        Assert.Equal((401, "token.type"), await Gate.AskAsync("GET", "/api/x", "Authorization: " + given));
    }

    [Fact]
    public async Task A_revoked_token_ends_at_once_also_on_the_connection_that_used_it()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
        using var form = new FormUrlEncodedContent([new("token", token), new("client_id", "crm-sync"), new("client_secret", Desk.ClientSecret)]);
        using var revoked = await Gate.Desk.Http.PostAsync(new Uri(Gate.Desk.RealmUrl, "protocol/openid-connect/revoke"), form);
        Assert.Equal(200, (int)revoked.StatusCode);
        Assert.Equal((401, "token.revoked"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
    }

    [Fact]
    public async Task A_cookie_is_a_cookie_and_nothing_else()
    {
        using var browser = new Browser(Gate.Desk);
        await browser.TokensAsync("alice");
        var cookie = $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}";
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", cookie));
        Assert.DoesNotContain("Cookie", Gate.Upstream.Last.Headers.Keys);

        // Its value is no bearer token, though the gate has just seen it: that way round the check of where a request comes from would be skipped.
        Assert.Equal(401, (await Gate.AskAsync("POST", "/api/x", "Authorization: Bearer " + browser.SessionCookie)).Status);
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/tokens/x", cookie));
        Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("POST", "/api/x", cookie));
        Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("POST", "/api/x", cookie, "Sec-Fetch-Site: cross-site"));
        Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("POST", "/api/x", cookie, "Sec-Fetch-Site: same-site"));
        Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("DELETE", "/api/x", cookie, "Origin: https://evil.example"));
        Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", cookie, "Sec-Fetch-Site: same-origin"));
        Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", cookie, "Origin: " + Gate.Desk.Url.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task Navigation_is_led_to_the_sign_in_and_a_script_gets_its_status()
    {
        using var navigation = await Gate.SendAsync("GET", "/api/x?y=1", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document");
        Assert.Equal(302, (int)navigation.StatusCode);
        Assert.Equal("/realms/contact-centre/sign-in?back=%2Fapi%2Fx%3Fy%3D1", navigation.Headers.Location!.ToString());
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/api/x", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"));
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/tokens/x", "Sec-Fetch-Mode: navigate"));
    }

    [Fact]
    public async Task A_limit_counts_by_the_address_behind_listed_proxies()
    {
        string Of(string address) => "X-Forwarded-For: 203.0.113.9, " + address;
        for (var i = 0; i < 3; i++) Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/slow/open", Of("198.51.100.1")));
        using var over = await Gate.SendAsync("GET", "/slow/open", Of("198.51.100.1"));
        Assert.Equal(429, (int)over.StatusCode);
        Assert.InRange(over.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(200, (await Gate.AskAsync("GET", "/slow/open", Of("198.51.100.2"))).Status);

        // One IPv6 site is one client, whatever address of its network it takes.
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await Gate.AskAsync("GET", "/slow/open", Of($"2001:db8:1:1::{i + 1}"))).Status);
        Assert.Equal(429, (await Gate.AskAsync("GET", "/slow/open", Of("2001:db8:1:1:ffff::9"))).Status);
        Assert.Equal(200, (await Gate.AskAsync("GET", "/slow/open", Of("2001:db8:1:2::1"))).Status);
    }

    [Fact]
    public async Task Identity_notes_the_address_behind_listed_proxies_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Gate.Desk.RealmUrl, "protocol/openid-connect/token")) { Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "crm-sync"), new("client_secret", "wrong-wrong-wrong")]) };
        request.Headers.Add("X-Forwarded-For", "203.0.113.77, 198.51.100.9");
        using var answer = await Gate.Desk.Http.SendAsync(request);
        Assert.Equal(401, (int)answer.StatusCode);
        var audit = Gate.Desk.Part<Gatehouse.Audit.AuditLog>();
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (!(await audit.ListAsync(new Gatehouse.Audit.AuditQuery(Desk.Realm, "CLIENT_LOGIN_ERROR", null, null, null, 10), default)).Events.Any(one => one.Event.Address == "198.51.100.9")) await tick.WaitForNextTickAsync(late.Token);
    }

    [Fact]
    public async Task Head_is_answered_without_a_body_and_refused_without_one()
    {
        using var answer = await Gate.SendAsync("HEAD", "/api/x");
        Assert.Equal(401, (int)answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>One program for the class.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gate = await GateDesk.OpenAsync(Access);

        public ValueTask DisposeAsync() => Gate.DisposeAsync();
    }
}
