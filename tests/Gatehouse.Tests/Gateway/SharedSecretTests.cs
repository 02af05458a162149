using System.Net.WebSockets;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Jose;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>XiVO's shared secret at the gate, over HTTP: which values count, where, until when, what an upstream sees of them, and what guessing brings.</summary>
public sealed class SharedSecretTests(SharedSecretTests.Fixture fixture) : IClassFixture<SharedSecretTests.Fixture>
{
    private const string First = "Zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6E";
    private const string Old = "Hn2yT6rB9mKd4XvQw8LpZc5JgFs7aEu3";
    private const string Third = "Rb5kW8sJ3nVx7CtMq2yHf4LpGd6zAe9U";
    private const string Variable = "GATEHOUSE_TEST_PLAY_AUTH_TOKEN";

    private GateDesk Gate => fixture.Gate;

    [Theory]
    [InlineData("Authorization: Bearer ", First)]
    [InlineData("Authorization: bearer ", Old)]
    [InlineData("X-Auth-Token: ", First)]
    [InlineData("x-auth-token: ", Old)]
    [InlineData("X-Play: ", First)]
    public async Task Every_value_alive_counts_where_it_may_stand_and_reaches_no_upstream(string place, string value)
    {
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", place + value));
        var seen = Gate.Upstream.Last;
        Assert.DoesNotContain(seen.Headers, one => one.Value.Contains(First, StringComparison.Ordinal) || one.Value.Contains(Old, StringComparison.Ordinal));
        Assert.True(Jws.TryParse(seen.Headers["Authorization"].Replace("Bearer ", "", StringComparison.Ordinal), Gatehouse.Wire.Text.Limits.Default, out var jws, out _));
        using var claims = JsonDocument.Parse(jws.Payload);
        Assert.Equal("legacy:play", claims.RootElement.GetProperty("sub").GetString());
        Assert.Equal("legacy", claims.RootElement.GetProperty("kind").GetString());
        Assert.False(claims.RootElement.TryGetProperty("azp", out _));
        Assert.Equal(["xivo-legacy"], claims.RootElement.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!));
    }

    [Fact]
    public async Task Components_that_compare_it_themselves_are_sent_the_first_value_whatever_came()
    {
        foreach (var sent in (string[])["X-Auth-Token: " + First, "X-Auth-Token: " + Old, "Authorization: Bearer " + Old, "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync()])
        {
            Assert.Equal((200, "pass"), await AskAsync("GET", "/xivo/x", sent));
            Assert.Equal(First, Gate.Upstream.Last.Headers["X-Auth-Token"]);
            Assert.DoesNotContain(Gate.Upstream.Last.Headers, one => one.Value.Contains(Old, StringComparison.Ordinal));
            Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
        }

        Assert.Equal((200, "pass"), await AskAsync("GET", "/weaned/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync()));
        Assert.Equal(First, Gate.Upstream.Last.Headers["X-Auth-Token"]);
        Assert.Equal(401, (await AskAsync("GET", "/weaned/x", "X-Auth-Token: " + First)).Status);
    }

    [Theory]
    [InlineData("/places/x", 200, "pass", "X-Auth-Token: " + Old)]
    [InlineData("/places/x", 200, "pass", "Authorization: Bearer " + First)]
    [InlineData("/places/x?token=" + First, 401, "token.malformed")]
    [InlineData("/places/x?token=" + First, 400, "credential.conflict", "X-Auth-Token: " + First)]
    [InlineData("/places/x", 400, "credential.conflict", "X-Auth-Token: " + First, "X-Play: " + First)]
    [InlineData("/api/x", 401, "token.secret", "X-Auth-Token: wrong-wrong-wrong-wrong")]
    [InlineData("/api/x", 401, "token.secret", "X-Auth-Token: Zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6")]
    [InlineData("/api/x", 401, "token.secret", "X-Auth-Token: zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6E")]
    [InlineData("/api/x", 401, "token.secret", "X-Auth-Token: Bearer " + First)]
    [InlineData("/api/x", 401, "token.malformed", "Authorization: Bearer wrong-wrong-wrong")]
    [InlineData("/api/x", 401, "credential.missing", "X-Auth-Token: ")]
    [InlineData("/api/x", 401, "credential.missing", "X-Other: " + First)]
    [InlineData("/api/x", 401, "credential.missing", "X_Auth_Token: " + First)]
    [InlineData("/api/x", 401, "credential.kind", "Authorization: Basic " + First)]
    [InlineData("/api/x", 400, "credential.conflict", "X-Auth-Token: " + First, "Authorization: Bearer " + First)]
    [InlineData("/api/x", 400, "credential.conflict", "X-Auth-Token: " + First, "X-Play: " + First)]
    [InlineData("/api/x", 400, "credential.conflict", "X-Auth-Token: wrong", "Authorization: Bearer " + Old)]
    [InlineData("/api/x?access_token=" + First, 400, "credential.in-query", "X-Auth-Token: " + First)]
    [InlineData("/api/x?token=" + First, 401, "credential.missing")]
    [InlineData("/api/x?token=" + Old, 400, "credential.in-query", "X-Auth-Token: " + First)]
    [InlineData("/other/x?token=" + Old, 401, "credential.missing", "X-Auth-Token: x")]
    [InlineData("/api/x?token=another", 200, "pass", "X-Auth-Token: " + First)]
    [InlineData("/xivo/moved", 403, "rule.denied", "X-Auth-Token: " + First)]
    [InlineData("/xivo/both", 200, "pass", "X-Auth-Token: " + First)]
    [InlineData("/other/x", 401, "credential.missing", "X-Auth-Token: " + First)]
    [InlineData("/other/x", 401, "token.revoked", "Authorization: Bearer " + First)]
    [InlineData("/past/x", 401, "token.secret-over", "X-Gone: " + Old)]
    [InlineData("/past/x", 401, "credential.missing", "X-Auth-Token: " + First)]
    [InlineData("/past/x", 401, "token.issuer", "Authorization: Bearer " + First)]
    public async Task What_does_not_count_is_refused_with_its_reason(string path, int status, string code, params string[] headers)
    {
        var before = Gate.Upstream.All.Count;
        Assert.Equal((status, code), await AskAsync("GET", path, headers));
        Assert.Equal(before + (status == 200 ? 1 : 0), Gate.Upstream.All.Count);
    }

    [Fact]
    public async Task An_issuer_that_introspects_is_never_handed_the_secret_and_a_public_route_passes_it_to_nobody()
    {
        Assert.Equal((401, "token.revoked"), await AskAsync("GET", "/other/x", "Authorization: Bearer " + Old));
        Assert.DoesNotContain(Old, fixture.Partner.Shown);
        foreach (var header in (string[])["Authorization: Bearer " + First, "X-Auth-Token: " + First, "X-Play: " + First, "X_Play: " + Old])
        {
            Assert.Equal((200, "pass"), await AskAsync("GET", "/other/open", header));
            Assert.DoesNotContain(Gate.Upstream.Last.Headers, one => one.Value.Contains(First, StringComparison.Ordinal) || one.Value.Contains(Old, StringComparison.Ordinal));
        }

        Assert.Equal((200, "pass"), await AskAsync("GET", "/other/open", "Authorization: Bearer something-else"));
        Assert.Equal("Bearer something-else", Gate.Upstream.Last.Headers["Authorization"]);
    }

    [Theory]
    [InlineData("/other/x", "Authorization: Bearer ")]
    [InlineData("/past/x", "Authorization: Bearer ")]
    [InlineData("/other/x?token=", null)]
    [InlineData("/api/x?token=", null)]
    [InlineData("/places/x?token=", null)]
    public async Task Where_it_may_not_stand_the_right_value_is_answered_as_any_other(string path, string? header)
    {
        const string Wrong = "Kp3wX8qL5vT1nZ6rB9mD2yHcJfGs4aEu";
        var answers = new List<(int, string)>();
        foreach (var value in (string[])[First, Wrong]) answers.Add(await AskAsync("GET", header is null ? path + value : path, header is null ? [] : [header + value]));
        Assert.Equal(answers[1], answers[0]);
    }

    [Fact]
    public async Task A_token_in_the_secrets_header_is_no_token_and_one_beside_it_is_a_conflict_on_a_known_connection_too()
    {
        var token = await Gate.Desk.ServiceTokenAsync();
        Assert.Equal((401, "token.secret"), await AskAsync("GET", "/api/x", "X-Auth-Token: " + token));
        for (var i = 0; i < 3; i++) Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "Authorization: Bearer " + token));
        Assert.Equal((400, "credential.conflict"), await AskAsync("GET", "/api/x", "Authorization: Bearer " + token, "X-Auth-Token: " + First));

        // A browser's cookie comes by itself: the secret was meant.
        using var browser = new Browser(Gate.Desk);
        await browser.TokensAsync("alice");
        Assert.Equal((401, "token.secret"), await AskAsync("GET", "/api/x", $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}", "X-Auth-Token: wrong"));
        Assert.Equal((200, "pass"), await AskAsync("POST", "/api/x", $"Cookie: gh.{Desk.Realm}={browser.SessionCookie}", "X-Auth-Token: " + First));
    }

    [Fact]
    public async Task A_rotation_needs_no_restart_and_ends_the_sockets_of_the_value_that_went()
    {
        var own = new Fixture();
        await using var _ = own;
        await own.InitializeAsync();
        var gate = own.Gate;
        Assert.Equal((401, "token.secret"), await gate.AskAsync("GET", "/api/x", "X-Auth-Token: " + Third));
        Assert.Equal((401, "token.malformed"), await gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + Third));
        using var dying = await ConnectAsync(gate, Old);
        using var staying = await ConnectAsync(gate, First);

        // The new value first, the one before still alive: nobody is shut out.
        own.Write($"PLAY_AUTH_TOKEN=\"{Third}\"\r\nOLD_TOKEN={First}\r\n");
        await gate.BecomesAsync(200, "GET", "/api/x", "X-Auth-Token: " + Third);
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + Third));
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x", "X-Auth-Token: " + First));
        Assert.Equal(401, (await gate.AskAsync("GET", "/api/x", "X-Auth-Token: " + Old)).Status);
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/xivo/x", "X-Auth-Token: " + First));
        Assert.Equal(Third, gate.Upstream.Last.Headers["X-Auth-Token"]);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        var ended = await dying.ReceiveAsync(new byte[16], late.Token);
        Assert.Equal((WebSocketMessageType.Close, LiveConnections.Unauthorized), (ended.MessageType, (ushort)dying.CloseStatus!));
        await staying.SendAsync("still here"u8.ToArray(), WebSocketMessageType.Text, true, late.Token);
        Assert.Equal(WebSocketMessageType.Text, (await staying.ReceiveAsync(new byte[16], late.Token)).MessageType);

        // Away, it says nothing about what it held; there and without the variable, the secret is over.
        File.Delete(own.File);
        gate.Desk.Part<Rules>().LookAtSecrets();
        gate.Desk.Part<Rules>().LookAtSecrets();
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x", "X-Auth-Token: " + Third));
        own.Write("# nothing\n");
        await gate.BecomesAsync(401, "GET", "/api/x", "X-Auth-Token: " + Third);
        Assert.Equal((401, "token.malformed"), await gate.AskAsync("GET", "/api/x", "Authorization: Bearer " + First));
    }

    [Fact]
    public async Task Guessing_is_stopped_by_address_and_a_stuck_client_shuts_nobody_out()
    {
        const string Neighbour = "X-Forwarded-For: 2001:db8:7:7::9";
        for (var i = 0; i < 30; i++) Assert.Equal((401, "token.secret"), await AskAsync("GET", "/api/x", "X-Auth-Token: left-behind", "X-Forwarded-For: 198.51.100.4"));
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "X-Auth-Token: " + First, "X-Forwarded-For: 198.51.100.4"));

        for (var i = 0; i < 9; i++) Assert.Equal(401, (await AskAsync("GET", "/api/x", i % 2 == 0 ? $"X-Auth-Token: guess-{i}" : $"Authorization: Bearer guess-{i}", "X-Forwarded-For: 2001:db8:7:7::1")).Status);
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "X-Auth-Token: " + First, Neighbour));
        Assert.Equal((429, "rate.exceeded"), await AskAsync("GET", "/api/x", "X-Auth-Token: guess-9", "X-Forwarded-For: 2001:db8:7:7::2"));
        foreach (var sent in (string[])["X-Auth-Token: " + First, "X-Auth-Token: more", "Authorization: Bearer " + First, "Authorization: Bearer more"])
        {
            using var answer = await Gate.SendAsync("GET", "/api/x", sent, Neighbour);
            Assert.Equal(429, (int)answer.StatusCode);
            Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        }

        // Where the secret may not stand in Authorization, what stands there is no guess at it.
        for (var i = 0; i < 12; i++) Assert.Equal(401, (await AskAsync("GET", "/past/x", $"Authorization: Bearer no-guess-{i}", "X-Forwarded-For: 198.51.100.77")).Status);
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "X-Auth-Token: " + First, "X-Forwarded-For: 198.51.100.77"));

        // Tokens go on counting there, and so does the secret from elsewhere.
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync(), Neighbour));
        Assert.Equal((200, "pass"), await AskAsync("GET", "/api/x", "X-Auth-Token: " + First, "X-Forwarded-For: 2001:db8:7:8::1"));
    }

    [Fact]
    public async Task Uses_are_counted_by_who_made_them_and_the_secret_stands_in_none()
    {
        const string V6 = "X-Forwarded-For: 2001:db8:aa:bb:1:2:3:4";
        for (var i = 0; i < 3; i++) Assert.Equal((200, "pass"), await AskAsync("GET", $"/xivo/record/{i}", "X-Auth-Token: " + Old, "User-Agent: recorder/2.1", V6));
        Assert.Equal((200, "pass"), await AskAsync("POST", "/xivo/both", "Authorization: Bearer " + First, "User-Agent: " + new string('x', 300), V6.Replace("1:2:3:4", "9:9:9:9", StringComparison.Ordinal)));
        Assert.Equal((200, "pass"), await AskAsync("BREW", "/xivo/both", "X-Auth-Token: " + First, "User-Agent: brewer", V6));
        Assert.Equal((403, "rule.denied"), await AskAsync("GET", "/xivo/moved", "X-Auth-Token: " + First, "User-Agent: denied", V6));
        Assert.Equal((401, "token.secret"), await AskAsync("GET", "/xivo/x", "X-Auth-Token: wrong", "User-Agent: denied", V6));
        Assert.Equal((200, "pass"), await AskAsync("GET", "/xivo/x", "Authorization: Bearer " + await Gate.Desk.ServiceTokenAsync(), "User-Agent: moved", V6));
        await Gate.Desk.Part<LegacyLedger>().FlushAsync(default);
        var uses = (await Gate.Desk.Part<LegacyUses>().AllAsync(Desk.Realm, "play", default)).Where(use => use.Key.Address == "2001:db8:aa:bb::/64").ToList();
        Assert.Equal(
            [("brewer", true, "/xivo/both", "OTHER", 1L), ("recorder/2.1", false, "/xivo/**", "GET", 3L), (new string('x', 80), true, "/xivo/both", "POST", 1L)],
            uses.Select(use => (use.Key.Agent, use.Key.Current, use.Key.Route, use.Key.Method, use.Times)).Order());
        Assert.DoesNotContain(First[..12], JsonSerializer.Serialize(uses), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_are_audited_without_the_value()
    {
        Assert.Equal((403, "rule.denied"), await AskAsync("GET", "/xivo/moved", "X-Auth-Token: " + First));
        Assert.Equal((401, "token.secret"), await AskAsync("GET", "/xivo/moved", "X-Auth-Token: almost-" + First));
        var audit = Gate.Desk.Part<Gatehouse.Audit.AuditLog>();
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        IReadOnlyList<Gatehouse.Audit.StoredAuditEvent> events;
        while (!((events = (await audit.ListAsync(new Gatehouse.Audit.AuditQuery(Desk.Realm, "GATE_REFUSAL", Limit: 500), default)).Events).Any(one => one.Event is { User: "legacy:play", Error: "rule.denied" }) && events.Any(one => one.Event.Error == "token.secret"))) await tick.WaitForNextTickAsync(late.Token);
        Assert.DoesNotContain(First, JsonSerializer.Serialize(events), StringComparison.Ordinal);
    }

    // Each request from an address of its own, but where a test names one: wrong values are counted by address.
    private Task<(int Status, string Code)> AskAsync(string method, string path, params string[] headers)
    {
        var many = fixture.Asked++;
        return Gate.AskAsync(method, path, headers.Any(one => one.StartsWith("X-Forwarded-For", StringComparison.Ordinal)) ? headers : [.. headers, $"X-Forwarded-For: 203.0.113.{many % 250}"]);
    }

    private static async Task<ClientWebSocket> ConnectAsync(GateDesk gate, string value)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-Auth-Token", value);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        await socket.ConnectAsync(new UriBuilder(gate.Desk.Url) { Scheme = "ws", Path = "/api/live" }.Uri, late.Token);
        return socket;
    }

    /// <summary>One program for the class, beside the env file of its secret.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly string env = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-env-").FullName, "custom.env");

        public Kits.ForeignIssuer Partner { get; private set; } = null!;

        public GateDesk Gate { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Write($"XIVO_HOST=192.0.2.10\nPLAY_AUTH_TOKEN={First}\nOLD_TOKEN={Old}\n");
            Environment.SetEnvironmentVariable(Variable, Old);
            Partner = await Kits.ForeignIssuer.StartAsync();
            Gate = await GateDesk.OpenAsync($$"""
                realm: contact-centre
                trusted-proxies: [127.0.0.0/8]
                issuers:
                  partner: { introspect: "{{Partner.Url}}/introspect", client: gate, secret-env: {{Variable}} }
                legacy:
                  play:
                    values: ["file:{{env}}#PLAY_AUTH_TOKEN", "file:{{env}}#OLD_TOKEN", "env:GATEHOUSE_TEST_NOT_SET"]
                    in: [authorization, "header:X-Auth-Token", "header:X-Play"]
                    until: {{DateTime.UtcNow.AddDays(90):yyyy-MM-dd}}
                    roles: [xivo-legacy]
                  gone: { values: ["env:{{Variable}}"], in: ["header:X-Gone"], until: 2020-01-31 }
                services:
                  api: { upstreams: ["{upstream}"], accept: [token, session, "legacy:play"], identity: [jwt, userinfo, access-token], rules: [{ allow: { roles: [xivo-legacy, integration, agent] } }] }
                  xivo: { upstreams: ["{upstream}"], accept: [token, "legacy:play"], identity: none, pass-secret: true, rules: [{ path: /xivo/moved, allow: { clients: [crm-sync] } }, { path: /xivo/both, allow: { clients: [crm-sync, "legacy:play"] } }, { allow: {} }] }
                  weaned: { upstreams: ["{upstream}"], pass-secret: play, rules: [{ allow: {} }] }
                  other: { upstreams: ["{upstream}"], accept: [token, "issuer:partner"], pass-authorization-on-public: true, rules: [{ allow: {} }] }
                  places: { upstreams: ["{upstream}"], accept: [token, "legacy:play"], token-in: [authorization, "header:X-Auth-Token", "query:token"], rules: [{ allow: {} }] }
                  past: { upstreams: ["{upstream}"], accept: ["legacy:gone"], rules: [{ allow: {} }] }
                public:
                  - { reason: for this test, lines: "GET /other/open" }
                """);
        }

        public async ValueTask DisposeAsync()
        {
            await Gate.DisposeAsync();
            await Partner.DisposeAsync();
            Directory.Delete(Path.GetDirectoryName(env)!, recursive: true);
        }

        public int Asked { get; set; }

        public string File => env;

        public void Write(string text)
        {
            System.IO.File.WriteAllText(env + ".new", text);
            System.IO.File.Move(env + ".new", env, overwrite: true);
        }
    }
}
