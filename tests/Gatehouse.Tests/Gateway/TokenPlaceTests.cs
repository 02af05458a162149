using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>Tokens in a header of the vendor's and in the address: where the file declares them, and nowhere else; they go no further than the gate.</summary>
public sealed class TokenPlaceTests(TokenPlaceTests.Fixture fixture) : IClassFixture<TokenPlaceTests.Fixture>
{
    private const string Access = """
        realm: contact-centre
        services:
          xuc:
            upstreams: ["{upstream}"]
            token-in: [authorization, "header:X-Auth-Token"]
            errors: { form: error-message, codes: { token.expired: TokenExpired, "token.*": InvalidToken, credential.missing: BearerNotFound } }
            rules:
              - { path: /xuc/cti, token-in: ["query:token"], allow: {} }
              - { path: /xuc/post, methods: [POST], allow: {} }
              - { path: /xuc/either, token-in: [authorization, "header:X-Auth-Token", "query:token"], allow: {} }
              - { path: /xuc/x, allow: {} }
          swap: { upstreams: ["{upstream}"], token-in: [authorization, "query:token"], identity: ["query:token", "header:X-Swapped"], rules: [{ allow: {} }] }
          plain: { upstreams: ["{upstream}"], rules: [{ allow: {} }] }
        public:
          - { reason: for this test, lines: "GET /xuc/open" }
        """;

    private GateDesk Gate => fixture.Gate;

    private Task<string> TokenAsync() => Gate.Desk.ServiceTokenAsync();

    [Fact]
    public async Task A_token_counts_at_its_declared_places_and_stays_at_the_gate()
    {
        var token = await TokenAsync();
        foreach (var (path, header) in ((string, string)[])[("/xuc/x?a=1", "X-Auth-Token: " + token), ("/xuc/x?a=1", "Authorization: Bearer " + token), ("/xuc/either?a=1&token=" + token, "X-Other: 1"), ("/xuc/either?a=1", "x-auth-token: " + token)])
        {
            Assert.Equal((200, "pass"), await Gate.AskAsync("GET", path, header, "Referer: https://desk.example/?token=" + token + "&page=2"));
            var seen = Gate.Upstream.Last;
            Assert.EndsWith("?a=1", seen.Target, StringComparison.Ordinal);
            Assert.DoesNotContain("X-Auth-Token", seen.Headers.Keys);
            Assert.Equal("https://desk.example/?page=2", seen.Headers["Referer"]);
            Assert.DoesNotContain(token, JsonSerializer.Serialize(seen), StringComparison.Ordinal);
            Assert.StartsWith("Bearer eyJ", seen.Headers["Authorization"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_in_the_address_where_none_is_declared_is_refused_and_another_apis_is_not()
    {
        var token = await TokenAsync();
        var bearer = "Authorization: Bearer " + token;
        foreach (var path in (string[])["/xuc/x?token=" + token, "/plain/x?token=" + token, "/plain/x?Token=" + token, "/plain/x?t%6Fken=" + token, "/plain/x?access_token=x", "/xuc/either?access_token=x", "/xuc/cti?TOKEN=" + token, "/plain/x?token=gtrefresh_abc"])
            Assert.Equal(400, (await Gate.AskAsync("GET", path, bearer)).Status);
        Assert.Equal((400, "credential.in-query"), await Gate.AskAsync("GET", "/plain/x?token=" + token));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/plain/x?token=reset-4711&access=1", bearer));
        Assert.Equal("/plain/x?token=reset-4711&access=1", Gate.Upstream.Last.Target);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/plain/x?token=eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2Vsc2V3aGVyZSJ9.x", bearer));

        // On a public route too, where nobody looks at credentials: the upstream would write it down.
        Assert.Equal(400, (await Gate.AskAsync("GET", "/xuc/open?token=" + token)).Status);
        Assert.Equal(400, (await Gate.AskAsync("GET", "/xuc/open?access_token=" + token)).Status);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/xuc/open?access_token=theirs&token=theirs"));

        // Nor does the vendor's header count where it is not declared; it is taken out all the same.
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/plain/x", "X-Auth-Token: " + token));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/plain/x", bearer, "X-Auth-Token: " + token));
        Assert.DoesNotContain("X-Auth-Token", Gate.Upstream.Last.Headers.Keys);
    }

    [Fact]
    public async Task Two_at_once_are_a_conflict_and_a_remembered_header_hides_none()
    {
        var token = await TokenAsync();
        var bearer = "Authorization: Bearer " + token;
        Assert.Equal(200, (await Gate.AskAsync("GET", "/xuc/either", bearer)).Status);
        foreach (var headers in (string[][])[[bearer, "X-Auth-Token: " + token], [bearer, "X-Auth-Token: other"]])
            Assert.Equal("credential.conflict", (await ErrorAsync(400, "/xuc/x", headers)).Error);
        Assert.Equal("credential.conflict", (await ErrorAsync(400, "/xuc/either?token=" + token, bearer)).Error);
        Assert.Equal("credential.conflict", (await ErrorAsync(400, "/xuc/either?token=a&token=b")).Error);
        Assert.Equal("credential.kind", (await ErrorAsync(401, "/xuc/cti", bearer)).Error);
    }

    [Fact]
    public async Task Refusals_have_the_services_own_form_and_codes()
    {
        Assert.Equal("BearerNotFound", (await ErrorAsync(401, "/xuc/x")).Error);
        var (error, message) = await ErrorAsync(401, "/xuc/x", "X-Auth-Token: nonsense");
        Assert.Equal("InvalidToken", error);
        Assert.Contains("cannot be read", message, StringComparison.Ordinal);
        Assert.Equal("BearerNotFound", (await ErrorAsync(401, "/xuc/either?token=")).Error);
        Assert.Equal("route.unknown", (await ErrorAsync(404, "/xuc/nothing")).Error);
        Assert.Equal((404, "route.unknown"), await Gate.AskAsync("GET", "/xucx/nothing"));
        Assert.Equal((401, "credential.missing"), await Gate.AskAsync("GET", "/plain/x"));
    }

    [Fact]
    public async Task The_upstream_is_given_our_token_where_it_expects_one()
    {
        var token = await TokenAsync();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/swap/x?token=" + token));
        var seen = Gate.Upstream.Last;
        Assert.DoesNotContain("Authorization", seen.Headers.Keys);
        var swapped = seen.Headers["X-Swapped"];
        Assert.Equal("/swap/x?token=" + swapped, seen.Target);
        Assert.NotEqual(token, swapped);
        using var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(swapped.Split('.')[1]));
        Assert.Equal("swap", claims.RootElement.GetProperty("aud").GetString());

        // What a client sends at the upstream's own place is not believed.
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/swap/x?a=1", "Authorization: Bearer " + token, "X-Swapped: forged"));
        Assert.StartsWith("/swap/x?a=1&token=eyJ", Gate.Upstream.Last.Target, StringComparison.Ordinal);
        Assert.StartsWith("eyJ", Gate.Upstream.Last.Headers["X-Swapped"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_by_query_token_is_swapped_at_the_edge_and_ends_with_its_session()
    {
        using var browser = new Browser(Gate.Desk);
        var token = (await browser.TokensAsync("alice")).Access;
        Assert.Equal(401, await RawStatusAsync("/swap/cti?token=eyJhbGciOiJub25lIn0.e30.x"));
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://{Gate.Desk.Url.Authority}/swap/cti?token={token}"), late.Token);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, late.Token);
        var buffer = new byte[64];
        Assert.Equal(5, (await socket.ReceiveAsync(buffer, late.Token)).Count);
        var target = Gate.Upstream.All.Last(seen => seen.Target.StartsWith("/swap/cti", StringComparison.Ordinal)).Target;
        Assert.StartsWith("/swap/cti?token=eyJ", target, StringComparison.Ordinal);
        Assert.DoesNotContain(token, target, StringComparison.Ordinal);

        var sessions = Gate.Desk.Part<Gatehouse.Sessions.SessionStore>();
        Assert.Null(Gate.Desk.Part<Verify>().Check(token, null, out var principal));
        await Gate.Desk.Part<Database>().WriteAsync(work => sessions.EndAsync(work, Desk.Realm, principal!.Session!), default);
        WebSocketReceiveResult read;
        while ((read = await socket.ReceiveAsync(buffer, late.Token)).MessageType != WebSocketMessageType.Close) { }
        Assert.Equal(LiveConnections.Unauthorized, (ushort)read.CloseStatus!);
    }

    [Fact]
    public async Task Nothing_that_is_written_down_holds_the_token()
    {
        var token = await TokenAsync();
        await Gate.AskAsync("GET", "/plain/leak?token=" + token);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            var page = await Gate.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, AuditTypes.GateRefusal), late.Token);
            if (page.Events.Any(one => one.Event.Details?["path"] == "/plain/leak"))
            {
                Assert.DoesNotContain(token, JsonSerializer.Serialize(page), StringComparison.Ordinal);
                return;
            }

            await tick.WaitForNextTickAsync(late.Token);
        }
    }

    [Theory]
    [InlineData("token-in: []", "service.token-in")]
    [InlineData("token-in: [cookie]", "service.token-in")]
    [InlineData("token-in: ['header:Cookie']", "service.token-in")]
    [InlineData("token-in: ['header:Authorization']", "service.token-in")]
    [InlineData("token-in: ['header:']", "service.token-in")]
    [InlineData("token-in: ['query:a&b']", "service.token-in")]
    [InlineData("token-in: ['header:X Auth']", "service.token-in")]
    [InlineData("token-in: { a: b }", "access.form")]
    [InlineData("identity: ['query:']", "service.identity")]
    [InlineData("errors: { form: xml }", "service.errors")]
    [InlineData("errors: { form: error-message, codes: { token.expird: X } }", "service.errors")]
    [InlineData("errors: { form: error-message, codes: { token.expired: '' } }", "service.errors")]
    [InlineData("errors: { form: error-message, kodes: {} }", "access.unknown-key")]
    public void What_is_no_place_or_form_is_an_error(string line, string code)
        => Assert.Contains(AccessReader.Read($"realm: r\nservices:\n  a: {{ upstreams: [http://127.0.0.1:1], {line}, rules: [ {{ allow: {{}} }} ] }}\n").Findings, finding => finding.Code == code);

    [Fact]
    public void A_whole_service_that_takes_tokens_from_addresses_is_told_so()
    {
        (AccessFile? File, IReadOnlyList<Finding> Findings) Read(string service, string rule) => AccessReader.Read($"realm: r\nservices:\n  a: {{ upstreams: [http://127.0.0.1:1], {service} rules: [ {{ {rule} allow: {{}} }} ] }}\n");
        Assert.Contains(Read("token-in: ['query:token'],", "").Findings, finding => finding is { Code: "token-in.query", Severity: Severity.Note });
        Assert.Empty(Read("", "token-in: ['query:token'],").Findings);
    }

    private async Task<(string Error, string Message)> ErrorAsync(int status, string path, params string[] headers)
    {
        using var answer = await Gate.SendAsync("GET", path, headers);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{answer.StatusCode} {text}");
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        using var body = JsonDocument.Parse(text);
        return (body.RootElement.GetProperty("error").GetString()!, body.RootElement.GetProperty("message").GetString()!);
    }

    private async Task<int> RawStatusAsync(string path)
    {
        using var answer = await Gate.SendAsync("GET", path, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==");
        return (int)answer.StatusCode;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gate = await GateDesk.OpenAsync(Access);

        public ValueTask DisposeAsync() => Gate.DisposeAsync();
    }
}
