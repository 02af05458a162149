using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>Tokens of other issuers at the gate: keys found, rotated, withdrawn, unreachable; introspection, and who may never be shown which token.</summary>
public sealed class ForeignIssuerTests(ForeignIssuerTests.Fixture fixture) : IClassFixture<ForeignIssuerTests.Fixture>
{
    private const string Secret = "GATEHOUSE_TEST_INTROSPECTION_SECRET";

    private GateDesk Gate => fixture.Gate;

    private ForeignIssuer Jwt => fixture.Jwt;

    private ForeignIssuer First => fixture.First;

    private ForeignIssuer Second => fixture.Second;

    private Task<(int, string)> AskAsync(string path, string token) => Gate.AskAsync("GET", path, "Authorization: Bearer " + token);

    [Fact]
    public async Task A_jwt_is_taken_by_discovery_and_its_subject_cannot_pass_for_one_of_ours()
    {
        Assert.Equal((200, "pass"), await AskAsync("/api/x", Jwt.Token("k1", Jwt.Claims("3f0e"))));
        var claims = System.Text.Json.JsonDocument.Parse(Convert.FromBase64String(Gate.Upstream.Last.Headers["X-Userinfo"])).RootElement;
        Assert.Equal("partner:3f0e", claims.GetProperty("sub").GetString());
        Assert.Equal(Jwt.Url, claims.GetProperty("iss").GetString());
    }

    [Fact]
    public async Task A_jwt_must_be_the_issuers_for_us_and_in_time()
    {
        var (good, now) = (Jwt.Claims(), DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Equal((401, "token.audience"), await AskAsync("/api/x", Jwt.Token("k1", Jwt.Claims(audience: "another"))));
        Assert.Equal((401, "token.expired"), await AskAsync("/api/x", Jwt.Token("k1", Jwt.Claims(life: -120))));
        Assert.Equal((401, "token.early"), await AskAsync("/api/x", Jwt.Token("k1", new { iss = Jwt.Url, sub = "x", aud = "api", nbf = now + 600, exp = now + 900 })));
        Assert.Equal((401, "token.malformed"), await AskAsync("/api/x", Jwt.Token("k1", new { iss = Jwt.Url, sub = "x", aud = "api" })));
        Assert.Equal((401, "token.signature"), await AskAsync("/api/x", Jwt.Token("k1", good, alg: "ES384")));
        Assert.Equal((401, "token.signature"), await AskAsync("/api/x", Jwt.Token("k1", good)[..^4] + "AAAA"));
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/api/x"));
        Assert.Equal(401, (await AskAsync("/opaque/x", Jwt.Token("k1", good))).Item1);
    }

    [Fact]
    public async Task New_keys_count_at_once_and_an_outage_of_the_issuer_is_not_ours()
    {
        var issuer = await ForeignIssuer.StartAsync();
        await using var _ = issuer;
        await using var gate = await GateDesk.OpenAsync($$"""
            realm: contact-centre
            issuers:
              partner: { issuer: "{{issuer.Url}}", jwks: "{{issuer.Url}}/keys", audience: api, algorithms: [ES256] }
            services:
              api: { upstreams: ["{upstream}"], accept: ["issuer:partner"], rules: [{ allow: {} }] }
            """);
        Task<(int, string)> Ask(string key) => gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + issuer.Token(key, issuer.Claims()));

        issuer.Down = true;
        using (var unknown = await gate.SendAsync("GET", "/api/x", "Authorization: Bearer " + issuer.Token("k1", issuer.Claims())))
        {
            Assert.Equal((503, "verifier.unavailable"), ((int)unknown.StatusCode, await GateDesk.CodeOfAsync(unknown)));
            Assert.Equal(TimeSpan.FromSeconds(5), unknown.Headers.RetryAfter!.Delta);
        }

        issuer.Down = false;
        await gate.BecomesAsync(200, "GET", "/api/x", "Authorization: Bearer " + issuer.Token("k1", issuer.Claims()));
        issuer.Down = true;
        Assert.Equal((200, "pass"), await Ask("k1"));
        var asked = issuer.Asked.Count;
        issuer.AddKey("k2");
        for (var i = 0; i < 20; i++) Assert.Equal((401, "token.signature"), await Ask("k2"));
        Assert.InRange(issuer.Asked.Count - asked, 0, 1);
        issuer.Down = false;
        await gate.BecomesAsync(200, "GET", "/api/x", "Authorization: Bearer " + issuer.Token("k2", issuer.Claims("another")));
    }

    [Fact]
    public async Task Introspection_goes_on_after_a_no_and_asks_once_for_many()
    {
        Second.Active["opaque-of-the-second"] = new { active = true, sub = "p2", aud = "desk", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 300, client_id = "partner-app" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskAsync("/opaque/x", "opaque-of-the-second")));
        Assert.All(answers, answer => Assert.Equal((200, "pass"), answer));
        Assert.Equal("second:p2", System.Text.Json.JsonDocument.Parse(Convert.FromBase64String(Gate.Upstream.Last.Headers["X-Userinfo"])).RootElement.GetProperty("sub").GetString());
        Assert.InRange(Second.Shown.Count(one => one == "opaque-of-the-second"), 1, 7); // those that came while the first was being asked share its answer
        Assert.Equal((401, "token.revoked"), await AskAsync("/opaque/x", "known-to-nobody"));
        Second.Active["for-another"] = new { active = true, sub = "p2", aud = "another", client_id = "x" };
        Assert.Equal((401, "token.audience"), await AskAsync("/opaque/x", "for-another"));
        Second.Active["no-audience"] = new { active = true, sub = "p2", client_id = "x" };
        Assert.Equal((401, "token.audience"), await AskAsync("/opaque/x", "no-audience"));
    }

    [Fact]
    public async Task Our_tokens_are_never_shown_to_another_issuer()
    {
        using var browser = new Browser(Gate.Desk);
        var tokens = await browser.TokensAsync("alice");
        var service = await Gate.Desk.ServiceTokenAsync();
        foreach (var token in (string[])[tokens.Access, tokens.Id, tokens.Refresh, browser.SessionCookie, service, service[..^3]]) Assert.Equal(401, (await AskAsync("/opaque/x", token)).Item1);
        foreach (var token in (string[])[tokens.Id, tokens.Refresh, service[..^3]]) Assert.Equal(401, (await AskAsync("/both/x", token)).Item1);
        Assert.Equal((200, "pass"), await AskAsync("/both/x", service));
        var foreign = Jwt.Token("k1", Jwt.Claims("only-of-this-test"));
        Assert.Equal((200, "pass"), await AskAsync("/both/x", foreign));
        foreach (var issuer in (ForeignIssuer[])[First, Second]) Assert.DoesNotContain(issuer.Shown, one => one == tokens.Refresh || one == tokens.Access || one == tokens.Id || one == browser.SessionCookie || one == service || one == service[..^3]);

        // A foreign JWT belongs to its own issuer, however the file lists them.
        Assert.DoesNotContain(foreign, First.Shown);
    }

    [Fact]
    public async Task An_introspecting_issuer_that_is_down_is_left_alone_and_comes_back()
    {
        var issuer = await ForeignIssuer.StartAsync();
        await using var _ = issuer;
        await using var gate = await GateDesk.OpenAsync($$"""
            realm: contact-centre
            issuers:
              one: { introspect: "{{issuer.Url}}/introspect", client: gate, secret-env: {{Secret}}, cache: 1s }
            services:
              api: { upstreams: ["{upstream}"], accept: ["issuer:one"], rules: [{ allow: {} }] }
            """);
        issuer.Active["t"] = new { active = true, sub = "p", client_id = "x" };
        issuer.Down = true;
        for (var i = 0; i < 10; i++) Assert.Equal((503, "verifier.unavailable"), await gate.AskAsync("GET", "/api/x", "Authorization: Bearer t"));
        Assert.Equal(3, issuer.Asked.Count);
        issuer.Down = false;
        await gate.BecomesAsync(200, "GET", "/api/x", "Authorization: Bearer t");
    }

    /// <summary>One program and three issuers for the class.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public ForeignIssuer Jwt { get; private set; } = null!;

        public ForeignIssuer First { get; private set; } = null!;

        public ForeignIssuer Second { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Environment.SetEnvironmentVariable(Secret, "secret-of-the-test");
            (Jwt, First, Second) = (await ForeignIssuer.StartAsync(), await ForeignIssuer.StartAsync(), await ForeignIssuer.StartAsync());
            var file = Path.GetTempFileName();
            await File.WriteAllTextAsync(file, "secret-in-a-file\n");
            Gate = await GateDesk.OpenAsync($$"""
                realm: contact-centre
                issuers:
                  partner: { issuer: "{{Jwt.Url}}", audience: api, algorithms: [ES256, ES384] }
                  first: { introspect: "{{First.Url}}/introspect", client: gate, secret-env: {{Secret}} }
                  second: { introspect: "{{Second.Url}}/introspect", client: gate, secret-file: "{{file}}", audience: desk }
                services:
                  api: { upstreams: ["{upstream}"], identity: [userinfo], accept: ["issuer:partner"], rules: [{ allow: { roles: [integration] } }] }
                  opaque: { upstreams: ["{upstream}"], identity: [userinfo], accept: ["issuer:first", "issuer:second"], rules: [{ allow: {} }] }
                  both: { upstreams: ["{upstream}"], accept: [token, "issuer:first", "issuer:partner"], rules: [{ allow: {} }] }
                """);
        }

        public async ValueTask DisposeAsync()
        {
            await Gate.DisposeAsync();
            foreach (var issuer in (ForeignIssuer[])[Jwt, First, Second]) await issuer.DisposeAsync();
        }
    }
}
