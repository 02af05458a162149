using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Protocols.ForwardAuth;

/// <summary>The door for other proxies over HTTP: who may ask, what a yes carries, how a no is told, and what a client cannot forge.</summary>
public sealed class ForwardAuthTests(ForwardAuthTests.Fixture fixture) : IClassFixture<ForwardAuthTests.Fixture>
{
    private const string Access = """
        realm: contact-centre
        services:
          api:
            upstreams: ["{upstream}"]
            accept: [token, session]
            identity: [jwt, userinfo]
            rules: [{ allow: { roles: [integration, agent] } }]
          cut:
            upstreams: ["{upstream}"]
            strip-prefix: true
            token-in: [authorization, "query:key"]
            identity: [jwt, "header:X-Auth-Ticket"]
            upgrade: false
            rules: [{ allow: {} }]
          chief:
            upstreams: ["{upstream}"]
            rules: [{ allow: { roles: [admin] } }]
          slow:
            upstreams: ["{upstream}"]
            rate: { requests: 2, per: 1h, by: address }
            rules: [{ allow: {} }]
          seen:
            upstreams: ["{upstream}"]
            observe: { until: 2999-01-01 }
            rules: [{ allow: { roles: [admin] } }]
          plain:
            upstreams: ["{upstream}"]
            pass-authorization-on-public: true
            rules: [{ allow: {} }]
        public:
          - reason: for this test
            lines: |
              GET /api/open
              GET /slow/open
              GET /plain/open
        """;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private GateDesk Gate => fixture.Gate;

    private Task<ProxyKit.Answer> AskAsync(string brand, string method, string target, params string[] headers) => ProxyKit.AskAsync(Gate.Desk, brand, method, target, headers);

    [Theory]
    [InlineData("nginx")]
    [InlineData("nginx-headers")]
    [InlineData("traefik")]
    [InlineData("caddy")]
    [InlineData("apisix")]
    [InlineData("envoy")]
    public async Task A_yes_carries_what_the_gate_would_send_and_names_what_it_would_take_out(string brand)
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        var yes = await AskAsync(brand, "POST", "/api/x?a=1&b=%20", "Authorization: Bearer " + token, "X-Userinfo: forged", "X_Userinfo: forged", "Cookie: theme=dark; gh.contact-centre=abc");
        Assert.Equal(200, yes.Status);
        var sent = yes.Headers["Authorization"]["Bearer ".Length..];
        Assert.NotEqual(token, sent);
        Assert.True(Jws.TryParse(sent, Limits.Default, out var jws, out _));
        using (var claims = JsonDocument.Parse(jws.Payload)) Assert.Equal("api", claims.RootElement.GetProperty("aud").GetString());
        using (var userinfo = JsonDocument.Parse(Convert.FromBase64String(yes.Headers["X-Userinfo"]))) Assert.Equal("service-account-crm-sync", userinfo.RootElement.GetProperty("preferred_username").GetString());
        Assert.Equal("theme=dark", yes.Headers["Cookie"]);
        Assert.Equal("/api/x?a=1&b=%20", yes.Headers["Gatehouse-Target"]);
        var clear = yes.Headers["Gatehouse-Clear"].Split(", ");
        foreach (var name in (string[])["X-Access-Token", "X-ID-Token", "Remote-User", "X-HTTP-Method-Override", "X-Original-URL", "X_Userinfo"]) Assert.Contains(name, clear, StringComparer.OrdinalIgnoreCase);
        foreach (var name in (string[])["Authorization", "X-Userinfo", "Host", "X-Forwarded-For", "Connection"]) Assert.DoesNotContain(name, clear, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(brand == "envoy", yes.Headers.ContainsKey("x-envoy-auth-headers-to-remove"));
        Assert.Equal("no-store", yes.Headers["Cache-Control"]);
        Assert.Equal("", yes.Body);
    }

    [Fact]
    public async Task What_the_upstream_would_be_asked_for_is_told_too()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        var yes = await AskAsync("traefik", "GET", $"/cut/a/b?x=1&key={token}", "Referer: http://other.example/?key=" + token);
        Assert.Equal((200, "/a/b?x=1"), (yes.Status, yes.Headers["Gatehouse-Target"]));
        Assert.True(yes.Headers.ContainsKey("X-Auth-Ticket"));
        Assert.DoesNotContain(token, yes.Headers["Referer"], StringComparison.Ordinal);
        Assert.Contains("Cookie", yes.Headers["Gatehouse-Clear"].Split(", "));

        // Where the upstream reads the client's own Authorization, it is in the answer: a proxy that sets it to nothing would take it out.
        Assert.Equal("Basic eDp5", (await AskAsync("nginx", "GET", "/plain/open", "Authorization: Basic eDp5")).Headers["Authorization"]);
        Assert.DoesNotContain("Authorization", (await AskAsync("nginx", "GET", "/api/open", "Authorization: Basic eDp5")).Headers.Keys);
    }

    [Fact]
    public async Task A_no_is_told_in_the_gates_own_form_and_to_nginx_in_the_two_numbers_that_it_knows()
    {
        var nobody = await AskAsync("traefik", "GET", "/api/x");
        Assert.Equal((401, "credential.missing"), (nobody.Status, nobody.Code));
        Assert.Contains("resource_metadata", nobody.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Equal("application/problem+json", nobody.Headers["Content-Type"]);

        var token = "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync();
        Assert.Equal((403, 403, "rule.denied"), Of(await AskAsync("nginx", "GET", "/chief/x", token)));
        Assert.Equal((401, 401, "credential.missing"), Of(await AskAsync("nginx", "GET", "/chief/x")));
        Assert.Equal((403, 404, "route.unknown"), Of(await AskAsync("nginx", "GET", "/nowhere")));
        Assert.Equal((403, 400, "path.ambiguous"), Of(await AskAsync("nginx", "GET", "/api/../x")));
        Assert.Equal((403, 400, "credential.in-query"), Of(await AskAsync("nginx", "GET", "/api/x?access_token=abc")));
        Assert.Equal((404, 404, "route.unknown"), Of(await AskAsync("apisix", "GET", "/nowhere")));
        static (int, int, string) Of(ProxyKit.Answer answer) => (answer.Status, answer.TrueStatus, answer.Code);
    }

    [Fact]
    public async Task Limits_count_both_doors_together_by_the_clients_own_address()
    {
        Assert.Equal(200, (await AskAsync("caddy", "GET", "/slow/open", "X-Forwarded-For: 198.51.100.9")).Status);
        Assert.Equal(200, (await AskAsync("nginx", "GET", "/slow/open", "X-Forwarded-For: 198.51.100.9")).Status);
        var over = await AskAsync("nginx", "GET", "/slow/open", "X-Forwarded-For: 198.51.100.9");
        Assert.Equal((403, 429), (over.Status, over.TrueStatus));
        Assert.InRange(int.Parse(over.Headers["Retry-After"]), 1, 3600);
        Assert.Equal(429, (await AskAsync("traefik", "GET", "/slow/open", "X-Forwarded-For: 198.51.100.9")).Status);
        Assert.Equal(200, (await AskAsync("traefik", "GET", "/slow/open", "X-Forwarded-For: 198.51.100.10")).Status);
    }

    [Fact]
    public async Task What_is_observed_passes_and_says_so_and_stands_in_the_same_ledger()
    {
        var yes = await AskAsync("traefik", "GET", "/seen/x");
        Assert.Equal((200, "credential.missing"), (yes.Status, yes.Headers["Gatehouse-Observed"]));
        Assert.DoesNotContain("Authorization", yes.Headers.Keys);
        await Gate.Desk.Part<ObservedLedger>().FlushAsync(Stop);
        var groups = (await Gate.Desk.Part<ObservedStore>().ListAsync(new ObservedQuery(Desk.Realm, "seen"), Stop)).Items;
        Assert.Contains(groups, group => group.Key is { Reason: "credential.missing", Kind: ObservedKind.Address, Name: "203.0.113.7" });
    }

    [Theory]
    [InlineData("traefik")]
    [InlineData("nginx")]
    public async Task A_script_is_told_401_and_a_navigation_where_to_sign_in(string brand)
    {
        var script = await AskAsync(brand, "GET", "/api/x", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty");
        Assert.Equal((401, 401), (script.Status, script.TrueStatus));
        Assert.DoesNotContain("Location", script.Headers.Keys);
        var person = await AskAsync(brand, "GET", "/api/x?y=1", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document");
        Assert.Equal((brand == "nginx" ? 401 : 302, 302), (person.Status, person.TrueStatus));
        Assert.Equal("/realms/contact-centre/sign-in?back=%2Fapi%2Fx%3Fy%3D1", person.Headers["Location"]);
    }

    [Theory]
    [InlineData("nginx")]
    [InlineData("traefik")]
    [InlineData("apisix")]
    [InlineData("envoy")]
    public async Task Another_sites_WebSocket_is_refused_though_the_proxy_took_Upgrade_out(string brand)
    {
        using var browser = new Browser(Gate.Desk);
        await browser.TokensAsync("alice");
        var cookie = $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}";
        string own = $"Origin: http://{Gate.Desk.Url.Authority}", key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        Assert.Equal("pass", (await AskAsync(brand, "GET", "/api/x", cookie, key, own)).Code);
        Assert.Equal("credential.cross-site", (await AskAsync(brand, "GET", "/api/x", cookie, key, "Origin: https://evil.example")).Code);
        Assert.Equal("credential.cross-site", (await AskAsync(brand, "GET", "/api/x", cookie, key)).Code);

        // Of a proxy that shows only the headers on its list, none is proof that there was none.
        Assert.Equal(brand is "apisix" or "envoy" ? "credential.cross-site" : "pass", (await AskAsync(brand, "GET", "/api/x", cookie)).Code);
        Assert.Equal("pass", (await AskAsync(brand, "GET", "/api/x", cookie, "Sec-Fetch-Site: same-origin")).Code);
        Assert.Equal("credential.cross-site", (await AskAsync(brand, "POST", "/api/x", cookie, "Origin: https://evil.example")).Code);
    }

    [Fact]
    public async Task A_shared_secret_is_never_told_to_a_proxy()
    {
        var secret = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));
        var file = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-secret-").FullName, "secret");
        await File.WriteAllTextAsync(file, secret, Stop);
        await using var gate = await GateDesk.OpenAsync($$"""
            realm: contact-centre
            legacy:
              play: { values: ["file:{{file}}"], until: 2999-01-01 }
            services:
              old: { upstreams: ["{upstream}"], accept: [token, "legacy:play"], pass-secret: true, rules: [{ allow: {} }] }
            public:
              - { reason: a test, lines: "GET /old/open" }
            """, ProxyKit.On());
        foreach (var credential in (string[])["Authorization: Bearer " + await gate.Desk.ServiceTokenAsync(), "Authorization: Bearer " + secret])
        {
            var no = await ProxyKit.AskAsync(gate.Desk, "traefik", "GET", "/old/x", credential);
            Assert.Equal((403, "forward.gate-only"), (no.Status, no.Code));
            Assert.DoesNotContain(no.Headers, one => one.Value.Contains(secret, StringComparison.Ordinal));
        }

        var open = await ProxyKit.AskAsync(gate.Desk, "traefik", "GET", "/old/open", "Authorization: Bearer " + secret);
        Assert.Equal(200, open.Status);
        Assert.DoesNotContain(open.Headers, one => one.Value.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_socket_is_refused_where_the_service_takes_none()
    {
        var token = "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync();
        Assert.Equal("forward.gate-only", (await AskAsync("nginx", "GET", "/cut/x", token, "Sec-WebSocket-Version: 13")).Code);
        Assert.Equal("pass", (await AskAsync("nginx", "GET", "/cut/x", token)).Code);
        Assert.Equal("pass", (await AskAsync("nginx", "GET", "/api/x", token, "Sec-WebSocket-Version: 13")).Code);
    }

    [Theory]
    [InlineData("apisix")]
    [InlineData("envoy")]
    public async Task A_program_that_is_no_browser_is_no_socket(string brand)
    {
        var token = "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync();
        Assert.Equal("pass", (await AskAsync(brand, "POST", "/cut/x", token)).Code);
        Assert.Equal("forward.gate-only", (await AskAsync(brand, "GET", "/cut/x", token, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")).Code);
    }

    [Fact]
    public async Task What_a_facade_answers_is_nobody_elses_in_any_spelling_and_at_any_door()
    {
        // As an APISIX' routes have it: the vendor's own sign-in, open to everybody.
        const string Open = """
            realm: contact-centre
            services:
              agent-manager:
                upstreams: ["{upstream}"]
                rules: [{ allow: {} }]
            public:
              - reason: for this test
                lines: |
                  POST /agent-manager/agent/login
                  POST /agent-manager/agent/other
            """;
        await using var gate = await GateDesk.OpenAsync(Open, options =>
        {
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), """{ "protocols": { "forwardauth": { "proxies": ["127.0.0.0/8"] } }, "facades": { "expertflow": { "realm": "elsewhere", "until": { "login": "2999-12-31" } } } }""");
            return options;
        });
        foreach (var target in (string[])["/agent-manager/agent/login", "/agent-manager/agent/%6Cogin", "/agent-manager/agent/login/", "/agent-manager/agent/login?x=1", "/agent-manager/agent/Login"])
        {
            var straight = await ProxyKit.SendAsync(gate.Desk, "POST", target, "Content-Type: application/json");
            Assert.True(straight.Body.Contains("error_detail", StringComparison.Ordinal), $"{target}: {straight.Status} {straight.Body}");
            foreach (var brand in (string[])["nginx", "traefik", "apisix", "envoy"]) Assert.Equal("forward.gate-only", (await ProxyKit.AskAsync(gate.Desk, brand, "POST", target)).Code);
        }

        Assert.Equal("forward.gate-only", (await ProxyKit.AskAsync(gate.Desk, "traefik", "GET", "/realms/contact-centre/sign-in")).Code);
        Assert.Equal("pass", (await ProxyKit.AskAsync(gate.Desk, "traefik", "POST", "/agent-manager/agent/other")).Code);
        Assert.Equal("pass", (await ProxyKit.SendAsync(gate.Desk, "POST", "/agent-manager/agent/other")).Code);
    }

    [Theory]
    [InlineData("/forward-auth/traefik", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /chief/x", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/traefik", "X-Forwarded-Method: GET", "X-Forwarded-Method: POST", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/traefik", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/traefik", "X-Forwarded-Method: GET")]
    [InlineData("/forward-auth/traefik/api/open", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/traefik?x", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/apisix", "X-Original-Method: GET", "X-Original-URI: /api/open")]
    [InlineData("/forward-auth/nginx", "X-Original-Method: GET", "X-Original-URI: /api/open", "X-Original-URI: /chief/x")]
    [InlineData("/forward-auth/nginx", "X-Original-Method: get", "X-Original-URI: /api/open")]
    [InlineData("/forward-auth/nginx", "X-Original-Method: G ET", "X-Original-URI: /api/open")]
    [InlineData("/forward-auth/nginx", "X-Original-Method: GET, POST", "X-Original-URI: /api/open")]
    [InlineData("/forward-auth/envoy")]
    [InlineData("/forward-auth")]
    [InlineData("/forward-auth/")]
    [InlineData("/forward-auth/nobody", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/Traefik", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open")]
    [InlineData("/forward-auth/traefik", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open", "X-Forwarded-Host: a.example", "X-Forwarded-Host: b.example")]
    public async Task A_description_that_is_none_is_refused(string at, params string[] headers)
    {
        var no = await ProxyKit.SendAsync(Gate.Desk, "GET", at, ["X-Forwarded-For: 203.0.113.7", .. headers]);
        Assert.Equal((403, "forward.incomplete"), (no.Status, no.Code));
    }

    [Theory]
    [InlineData("http://elsewhere.example/api/open")]
    [InlineData("//api/open")]
    [InlineData("/api/%2fopen")]
    [InlineData("/api/open#x")]
    [InlineData("/api/op en")]
    [InlineData("/api/café")]
    [InlineData("api/open")]
    [InlineData("*")]
    [InlineData("/api/..;/admin")]
    public async Task A_target_that_could_be_read_in_two_ways_is_refused(string target)
    {
        foreach (var brand in (string[])["traefik", "apisix", "nginx-headers"]) Assert.Equal("path.ambiguous", (await AskAsync(brand, "GET", target)).Code);
    }

    [Fact]
    public async Task A_clients_address_must_be_told_and_headers_have_an_end()
    {
        Assert.Equal("forward.incomplete", (await ProxyKit.SendAsync(Gate.Desk, "GET", "/forward-auth/envoy/api/open")).Code);
        Assert.Equal("forward.incomplete", (await ProxyKit.SendAsync(Gate.Desk, "GET", "/forward-auth/traefik", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /api/open")).Code);
        Assert.NotEqual(200, (await AskAsync("traefik", "GET", "/api/" + new string('a', 9000))).Status);
        Assert.NotEqual(200, (await AskAsync("traefik", "GET", "/api/open", "X-Big: " + new string('a', 60_000))).Status);
        Assert.NotEqual(200, (await AskAsync("envoy", "GET", "/api/" + new string('a', 20_000))).Status);
    }

    [Fact]
    public async Task A_method_override_changes_nothing_and_is_named_to_be_cleared()
    {
        var yes = await AskAsync("nginx", "GET", "/api/open", "X-HTTP-Method-Override: DELETE");
        Assert.Equal(200, yes.Status);
        Assert.Contains("X-HTTP-Method-Override", yes.Headers["Gatehouse-Clear"].Split(", "));
        Assert.Equal("credential.missing", (await AskAsync("nginx", "POST", "/api/open", "X-HTTP-Method-Override: GET", "X-Original-Method: GET", "X-Forwarded-Method: GET")).Code);
    }

    [Fact]
    public async Task An_address_below_the_door_never_leads_to_another_endpoint()
    {
        foreach (var target in (string[])["/forward-auth/envoy/../../health/live", "/forward-auth/../health/live", "/forward-auth/envoy/%2e%2e/%2e%2e/health/live", "/forward-auth/nginx/../../realms/contact-centre/.well-known/openid-configuration"])
            Assert.InRange((await ProxyKit.SendAsync(Gate.Desk, "GET", target, "X-Forwarded-For: 203.0.113.7")).Status, 400, 499);
    }

    [Fact]
    public async Task Nginx_may_name_the_request_in_headers_only_where_the_settings_say_so()
    {
        await using var gate = await GateDesk.OpenAsync(Access, ProxyKit.On(more: ""));
        var forged = await ProxyKit.AskAsync(gate.Desk, "nginx-headers", "GET", "/api/open");
        Assert.Equal((403, "forward.incomplete"), (forged.Status, forged.Code));

        // In the address it counts, whatever a client wrote into the headers.
        Assert.Equal("credential.missing", (await ProxyKit.AskAsync(gate.Desk, "nginx", "GET", "/api/x", "X-Original-Method: GET", "X-Original-URI: /api/open")).Code);
        Assert.Equal("pass", (await ProxyKit.AskAsync(gate.Desk, "nginx", "GET", "/api/open")).Code);
    }

    [Fact]
    public async Task Only_a_listed_proxy_may_ask_and_others_stand_in_the_audit_log()
    {
        await using var gate = await GateDesk.OpenAsync(Access, ProxyKit.On(proxies: "192.0.2.0/24"));
        foreach (var brand in ProxyKit.Brands) Assert.Equal((403, "forward.proxy"), (await ProxyKit.AskAsync(gate.Desk, brand, "GET", "/api/open")) is var no ? (no.Status, no.Code) : default);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        while (!(await gate.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, AuditTypes.GateRefusal), late.Token)).Events.Any(one => one.Event.Error == "forward.proxy" && one.Event.Details?["door"] == "forward-auth")) late.Token.ThrowIfCancellationRequested();

        // Switched off, the address is the gate's, and the gate knows no such route.
        await using var off = await GateDesk.OpenAsync(Access);
        Assert.Equal((404, "route.unknown"), (await ProxyKit.AskAsync(off.Desk, "traefik", "GET", "/api/open")) is var none ? (none.Status, none.Code) : default);
    }

    [Fact]
    public async Task A_dialogs_token_is_held_to_its_dialog_by_path_and_query_and_refused_where_the_body_would_have_to_be_read()
    {
        await using var desk = await DialogDesk.OpenAsync(options: ProxyKit.On());
        var token = "Authorization: Bearer " + await desk.StartAsync("mine");
        Assert.Equal("pass", (await ProxyKit.AskAsync(desk.Gate.Desk, "traefik", "GET", "/v1/dialog/r/mine/x", token)).Code);
        Assert.Equal("pass", (await ProxyKit.AskAsync(desk.Gate.Desk, "nginx", "GET", "/v1/media/x?dialog=mine", token)).Code);
        var unread = await ProxyKit.AskAsync(desk.Gate.Desk, "traefik", "POST", "/v1/call/hangup", token);
        Assert.Equal((403, "forward.gate-only"), (unread.Status, unread.Code));
        Assert.Contains("It takes the body, which must name the dialog.", unread.Body, StringComparison.Ordinal);
        Assert.Equal("dialog.other", (await ProxyKit.AskAsync(desk.Gate.Desk, "traefik", "GET", "/v1/dialog/r/other/x", token)).Code);

        // Misuse freezes what was issued, at this door as at the gate.
        using var late = new CancellationTokenSource(GateDesk.Patience);
        while ((await ProxyKit.AskAsync(desk.Gate.Desk, "traefik", "GET", "/v1/dialog/r/mine/x", token)).Code != "dialog.frozen") late.Token.ThrowIfCancellationRequested();
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gate = await GateDesk.OpenAsync(Access, ProxyKit.On());

        public ValueTask DisposeAsync() => Gate.DisposeAsync();
    }
}
