using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using System.Reflection;
using Gatehouse.Audit;
using Gatehouse.Gateway;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;
using Rules = Gatehouse.Gateway.Access.Rules;

namespace Gatehouse.Tests.Gateway;

/// <summary>Observe mode over HTTP: the whole check runs and what would be refused passes, but for what never may; from the day that is set, the rules count.</summary>
public sealed class ObserveTests(ObserveTests.Fixture fixture) : IClassFixture<ObserveTests.Fixture>
{
    private const string Header = "Gatehouse-Observed";

    private static string Access(string issuer) => $$$"""
        realm: contact-centre
        observe: { until: 2999-01-01 }
        observe-clients:
          crm-sync: { until: 2999-01-01, note: their release is late }
          gone: { until: 2020-01-01 }
        issuers:
          partner: { issuer: "{{{issuer}}}", jwks: "{{{issuer}}}/keys", audience: api, algorithms: [ES256] }
        services:
          api:
            upstreams: ["{upstream}"]
            accept: [token, session, "issuer:partner"]
            identity: [jwt, userinfo, access-token]
            rules:
              - allow: { roles: [supervisor] }
              - { path: "/api/strict/**", observe: off, allow: { roles: [supervisor] } }
              - { path: "/api/over/**", observe: { until: 2020-01-01 }, allow: { roles: [supervisor] } }
              - { path: "/api/quiet/**", observe: { until: 2999-01-01, tell: false }, allow: { scopes: [calls.write] } }
          off:
            upstreams: ["{upstream}"]
            observe: off
            rules:
              - allow: { roles: [supervisor] }
              - { path: "/off/but/**", observe: { until: 2999-01-01T00:00:00+01:00 }, allow: { roles: [supervisor] } }
          ended: { upstreams: ["{upstream}"], accept: [token, "issuer:partner"], observe: { until: 2020-01-01 }, rules: [{ allow: { roles: [supervisor] } }] }
          slow: { upstreams: ["{upstream}"], rate: { requests: 2, per: 1h, by: address }, rules: [{ allow: {} }] }
          seen:
            upstreams: ["{upstream}"]
            accept: [token, "issuer:partner", session]
            rules:
              - { path: "/seen/{call}", allow: { roles: [supervisor] } }
              - { path: "/seen/fine/**", methods: [GET], allow: { roles: [integration] } }
          proper: { upstreams: ["{upstream}"], rules: [{ allow: {} }] }
          own: { upstreams: ["{upstream}"], identity: [userinfo], pass-authorization-on-observe: true, pass-authorization-on-public: false, rules: [{ allow: {} }] }
          closed: { upstreams: ["{upstream}"], identity: [userinfo], pass-authorization-on-public: true, rules: [{ allow: {} }] }
        public:
          - { reason: for this test, lines: "GET /api/open" }
        """;

    private GateDesk Gate => fixture.Gate;

    [Fact]
    public async Task What_would_be_refused_passes_and_the_developer_sees_why()
    {
        var partner = fixture.Issuer;
        (string Code, string[] Headers)[] asks =
        [
            ("credential.missing", []),
            ("token.malformed", ["Authorization: Bearer nonsense and more"]),
            ("credential.kind", ["Authorization: Basic dXNlcjpwYXNz"]),
            ("token.expired", ["Authorization: Bearer " + partner.Token("k1", partner.Claims(life: -120))]),
            ("token.audience", ["Authorization: Bearer " + partner.Token("k1", partner.Claims(audience: "another"))]),
            ("token.signature", ["Authorization: Bearer " + partner.Token("k1", partner.Claims())[..^4] + "AAAA"]),
            ("rule.denied", ["Authorization: Bearer " + partner.Token("k1", partner.Claims())]),
        ];
        foreach (var (code, headers) in asks)
        {
            using var answer = await Gate.SendAsync("POST", "/api/x", headers);
            Assert.Equal(200, (int)answer.StatusCode);
            Assert.Equal([code], answer.Headers.GetValues(Header));

            // The same request where observing is over, which needs no new file, and where it never was.
            using var refused = await Gate.SendAsync("POST", "/api/over/x", headers);
            Assert.Equal(code, await GateDesk.CodeOfAsync(refused));
            Assert.InRange((int)refused.StatusCode, 401, 403);
            Assert.False(refused.Headers.Contains(Header));
            Assert.Equal(code, (await Gate.AskAsync("POST", "/api/strict/x", headers)).Code);
        }
    }

    [Fact]
    public async Task The_narrowest_setting_wins_and_a_proper_request_shows_no_mark()
    {
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/off/x"));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/off/but/x"));
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/ended/x"));
        using var quiet = await Gate.SendAsync("GET", "/api/quiet/x");
        Assert.Equal(200, (int)quiet.StatusCode);
        Assert.False(quiet.Headers.Contains(Header));
        using var proper = await Gate.SendAsync("GET", "/proper/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync());
        Assert.False(proper.Headers.Contains(Header));
        using var open = await Gate.SendAsync("GET", "/api/open");
        Assert.False(open.Headers.Contains(Header));
    }

    [Fact]
    public async Task A_client_in_observe_mode_passes_where_the_rule_would_refuse_it_and_only_when_proven()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        using (var answer = await Gate.SendAsync("GET", "/ended/x", "Authorization: Bearer " + token)) Assert.Equal(["rule.denied"], answer.Headers.GetValues(Header));
        Assert.Equal((401, "token.signature"), await Gate.AskAsync("GET", "/ended/x", "Authorization: Bearer " + token[..^4] + "AAAA"));

        // What was taken out stays out, and a foreign issuer cannot name one of our clients.
        Assert.Equal((403, "rule.denied"), await Gate.AskAsync("GET", "/off/x", "Authorization: Bearer " + token));
        var claims = new { iss = fixture.Issuer.Url, sub = "x", aud = "api", azp = "crm-sync", client_id = "crm-sync", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600 };
        Assert.Equal((403, "rule.denied"), await Gate.AskAsync("GET", "/ended/x", "Authorization: Bearer " + fixture.Issuer.Token("k1", claims)));
    }

    [Fact]
    public async Task The_upstream_learns_of_nobody_who_was_not_proven_and_of_whoever_was()
    {
        string[] forged = ["X-Userinfo: forged", "X_Access_Token: forged", "Remote-User: forged", "X-Forwarded-User: forged", "Gatehouse-Observed: forged"];
        foreach (var wrong in (string[][])[[], ["Authorization: Bearer forged"], ["Authorization: Basic Zm9yZ2Vk"], ["Authorization: Bearer " + fixture.Issuer.Token("k1", fixture.Issuer.Claims(life: -120))]])
        {
            Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", [.. wrong, .. forged]));
            Assert.DoesNotContain(Gate.Upstream.Last.Headers, one => one.Value.Contains("forged", StringComparison.Ordinal) && one.Key != Header);
            Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
            Assert.DoesNotContain("X-Userinfo", Gate.Upstream.Last.Headers.Keys);
        }

        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", ["Authorization: Bearer " + token, .. forged]));
        Assert.Equal(token, Gate.Upstream.Last.Headers["X-Access-Token"]);
        Assert.StartsWith("Bearer ey", Gate.Upstream.Last.Headers["Authorization"], StringComparison.Ordinal);
        Assert.NotEqual("Bearer " + token, Gate.Upstream.Last.Headers["Authorization"]);
    }

    [Fact]
    public async Task The_clients_own_authorization_passes_where_the_service_says_so_and_never_one_of_ours()
    {
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/own/x", "Authorization: Basic dXNlcjpwYXNz"));
        Assert.Equal("Basic dXNlcjpwYXNz", Gate.Upstream.Last.Headers["Authorization"]);
        var token = await Gate.Desk.ServiceTokenAsync();
        foreach (var ours in (string[])[token, token[..^4] + "AAAA"])
        {
            Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/own/x", "Authorization: Bearer " + ours));
            Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
        }

        // What passes on public routes does not pass on observed ones.
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/closed/x", "Authorization: Basic dXNlcjpwYXNz"));
        Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
    }

    [Fact]
    public async Task What_is_never_observed_is_refused_all_the_same()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal(404, (await Gate.AskAsync("GET", "/nowhere")).Status);
        Assert.Equal(400, await Gate.RawAsync("GET", "/api/a/../b"));
        Assert.Equal(400, await Gate.RawAsync("GET", "/api/x", "Authorization: Bearer " + token, "Authorization: Bearer " + token));
        Assert.Equal((400, "credential.in-query"), await Gate.AskAsync("GET", "/api/x?access_token=" + token));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/slow/x"));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/slow/x", "Authorization: Bearer nonsense"));
        Assert.Equal((429, "rate.exceeded"), await Gate.AskAsync("GET", "/slow/x"));

        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
        using var form = new FormUrlEncodedContent([new("token", token), new("client_id", "crm-sync"), new("client_secret", Desk.ClientSecret)]);
        (await Gate.Desk.Http.PostAsync(new Uri(Gate.Desk.RealmUrl, "protocol/openid-connect/revoke"), form)).Dispose();
        Assert.Equal((401, "token.revoked"), await Gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
    }

    [Fact]
    public async Task The_cookie_of_an_ended_session_is_refused_and_one_that_another_site_sends_names_nobody()
    {
        using var browser = new Browser(Gate.Desk);
        await browser.TokensAsync("alice");
        var cookie = $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}; theme=dark";
        using (var denied = await Gate.SendAsync("GET", "/api/x", cookie)) Assert.Equal(["rule.denied"], denied.Headers.GetValues(Header));
        Assert.Contains("X-Userinfo", Gate.Upstream.Last.Headers.Keys);
        using (var crossed = await Gate.SendAsync("POST", "/api/x", cookie, "Origin: https://evil.example")) Assert.Equal(["credential.cross-site"], crossed.Headers.GetValues(Header));
        Assert.DoesNotContain("X-Userinfo", Gate.Upstream.Last.Headers.Keys);
        Assert.Equal("theme=dark", Gate.Upstream.Last.Headers["Cookie"]);

        var sessions = Gate.Desk.Part<Gatehouse.Sessions.SessionStore>();
        var session = (await sessions.FindByCookieAsync(Desk.Realm, browser.SessionCookie, default))!;
        await Gate.Desk.Part<Database>().WriteAsync(work => sessions.EndAsync(work, Desk.Realm, session.Id), default);
        Assert.Equal((401, "token.revoked"), await Gate.AskAsync("GET", "/api/x", cookie));
        Assert.Equal((401, "session.ended"), await Gate.AskAsync("GET", "/api/x", $"Cookie: gh.{Desk.Realm}=never-given"));
    }

    [Fact]
    public void Every_reason_to_refuse_is_decided_about_once()
    {
        // Answers of identity's endpoints, of facades that renew tokens, of the administration and of the gadgets' proxy: the gate never gives them.
        string[] elsewhere = ["admin.denied", "admin.beyond", "resource.builtin", "gadget.token", "gadget.target", "gadget.address", "gadget.credential", "gadget.forged", "token.door"];
        var all = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (Reason)field.GetValue(null)!).ToList();
        foreach (var reason in all.Where(one => one.Status is 401 or 403 && !elsewhere.Contains(one.Code)))
            Assert.True(Observing.Passing.Contains(reason.Code) != Observing.Never.ContainsKey(reason.Code), $"{reason.Code} must stand in exactly one of Observing.Passing and Observing.Never.");
        foreach (var code in Observing.Passing)
        {
            var group = new ObservedGroup("", new ObservedKey("r", "s", "GET /s", code, "access token", ObservedKind.Address, "203.0.113.7", ""), "GET", "/s", 1, default, default, null);
            Assert.True(ObservedAdvice.Hint(group) is not null, $"{code} passes where it is observed, and ObservedAdvice has no sentence for it.");
            Assert.StartsWith("Client at 203.0.113.7 calls GET /s ", ObservedAdvice.Sentence(group), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(all, one => Observing.Passing.Contains(one.Code) && (one.Status >= 404 || Observing.Never.ContainsKey(one.Code)));
    }

    [Fact]
    public async Task It_counts()
    {
        var seen = 0L;
        using var listener = new MeterListener { InstrumentPublished = static (instrument, listening) => { if (instrument.Name == "gate.observed") listening.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, one, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag is { Key: "reason", Value: "scope.missing" }) Interlocked.Add(ref seen, one);
        });
        listener.Start();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/quiet/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync()));
        Assert.Equal(1, Interlocked.Read(ref seen));
    }

    [Fact]
    public async Task Observing_ends_at_its_instant_without_a_new_file_and_takes_observed_sockets_along()
    {
        await using var gate = await GateDesk.OpenAsync("realm: contact-centre\nservices:\n  api: { upstreams: [\"{upstream}\"], rules: [{ allow: {} }] }\n");
        Assert.Equal((401, "credential.missing"), await gate.AskAsync("GET", "/api/x"));
        var text = await File.ReadAllTextAsync(gate.AccessFile, TestContext.Current.CancellationToken);
        var end = DateTimeOffset.UtcNow.AddSeconds(3);
        Assert.True(gate.Desk.Part<Rules>().TryTake($"observe: {{ until: {end:yyyy-MM-dd'T'HH:mm:ss}Z }}\n" + text));
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x"));
        using var socket = new ClientWebSocket();
        using var late = new CancellationTokenSource(GateDesk.Patience);
        await socket.ConnectAsync(new UriBuilder(gate.Desk.Url) { Scheme = "ws", Path = "/api/live" }.Uri, late.Token);
        var end1 = await socket.ReceiveAsync(new byte[16], late.Token);
        Assert.Equal(LiveConnections.Unauthorized, (ushort)end1.CloseStatus!.Value);
        await gate.BecomesAsync(401, "GET", "/api/x");
        Assert.True(DateTimeOffset.UtcNow >= end.AddSeconds(-1));
    }

    [Fact]
    public async Task The_ledger_names_who_and_why_and_holds_no_hostile_text_and_no_path()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        using var browser = new Browser(Gate.Desk);
        await browser.TokensAsync("alice");
        await Gate.AskAsync("POST", "/seen/4711", "User-Agent: python-requests/2.31");
        await Gate.AskAsync("POST", "/seen/4712", "User-Agent: python-requests/2.31");
        await Gate.AskAsync("OPTIONS", "/seen/4711", "User-Agent: a-browser");
        await Gate.RawAsync("GET", "/seen/4711", "User-Agent: <script>\u00e2\u0080\u00ae\u00c2\u009b31m\t" + new string('x', 5_000));
        await Gate.AskAsync("GET", "/seen/4711", "Authorization: Bearer " + token);
        await Gate.AskAsync("GET", "/seen/4711", $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}");
        await Gate.AskAsync("GET", "/seen/fine/1", "Authorization: Bearer " + token);
        var issuer = fixture.Issuer;
        await Gate.AskAsync("GET", "/seen/4711", "Authorization: Bearer " + issuer.Token("k1", new { iss = issuer.Url, sub = "x", aud = "api", azp = "crm-sync", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600 }));
        await Gate.Desk.Part<ObservedLedger>().FlushAsync(TestContext.Current.CancellationToken);

        var store = Gate.Desk.Part<ObservedStore>();
        var groups = (await store.ListAsync(new ObservedQuery(Desk.Realm, "seen"), TestContext.Current.CancellationToken)).Items;
        var plain = groups.Single(one => one.Key.Agent == "python-requests/2.31");
        Assert.Equal(("any method /seen/{call}", "credential.missing", "access token or token of partner or session cookie", ObservedKind.Address, "127.0.0.1"), (plain.Key.Rule, plain.Key.Reason, plain.Key.Missing, plain.Key.Kind, plain.Key.Name));
        Assert.Equal((2, "POST", "/seen/{call}"), (plain.Times, plain.Method, plain.Path));
        Assert.Equal("a public line for OPTIONS", groups.Single(one => one.Method == "OPTIONS").Key.Missing);
        var hostile = groups.Single(one => one.Key.Agent.Contains("script", StringComparison.Ordinal)).Key.Agent;
        Assert.Equal(80, hostile.Length);
        Assert.All(hostile, one => Assert.InRange(one, ' ', '~'));
        var client = groups.Single(one => one.Key.Name == "crm-sync").Key;
        Assert.Equal(("rule.denied", "the role supervisor", ObservedKind.Client, "service"), (client.Reason, client.Missing, client.Kind, client.Agent));
        Assert.Single(groups, one => one.Key.Name == $"crm-sync of {issuer.Url}");
        Assert.Single(groups, one => one.Key is { Kind: ObservedKind.Principal, Name: "user" });
        Assert.DoesNotContain(groups, one => one.ToString().Contains("4711", StringComparison.Ordinal));

        var numbers = await store.CountAsync(Desk.Realm, "seen", 7, DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        var fine = numbers.Single(one => one.Rule == "GET /seen/fine/**");
        Assert.Equal((1, 0), (fine.Day, fine.DayRefused));
        Assert.Equal((7, 7), (numbers[1].Day, numbers[1].DayRefused));
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public ForeignIssuer Issuer { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Issuer = await ForeignIssuer.StartAsync();
            Gate = await GateDesk.OpenAsync(Access(Issuer.Url));
        }

        public async ValueTask DisposeAsync()
        {
            await Gate.DisposeAsync();
            await Issuer.DisposeAsync();
        }
    }
}
