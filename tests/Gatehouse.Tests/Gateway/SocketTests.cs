using System.Net.WebSockets;
using System.Text;
using Gatehouse.Gateway;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>WebSockets through the gate end when the right behind them ends.</summary>
public sealed class SocketTests
{
    private const string Access = """
        realm: contact-centre
        services:
          api: { upstreams: ["{upstream}"], accept: [token, session], rules: [{ allow: {} }] }
          shut: { upstreams: ["{upstream}"], upgrade: false, rules: [{ allow: {} }] }
        public:
          - { reason: for this test, lines: "GET /api/open" }
        """;

    [Fact]
    public async Task A_socket_of_a_revoked_token_is_told_4401()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var token = await gate.Desk.ServiceTokenAsync();
        using var socket = await ConnectAsync(gate, "/api/live", ("Authorization", "Bearer " + token));
        await EchoAsync(socket);
        using var form = new FormUrlEncodedContent([new("token", token), new("client_id", "crm-sync"), new("client_secret", Desk.ClientSecret)]);
        (await gate.Desk.Http.PostAsync(new Uri(gate.Desk.RealmUrl, "protocol/openid-connect/revoke"), form)).Dispose();
        await EndsWithAsync(socket, LiveConnections.Unauthorized);

        // The gate forgets it when our answer to its close frame has come.
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (gate.Desk.Part<LiveConnections>().Count > 0) await tick.WaitForNextTickAsync(late.Token);
    }

    [Fact]
    public async Task A_socket_of_a_gadget_ends_when_the_gadget_is_stopped_and_the_agents_goes_on()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var agents = await new Agents(gate.Desk).AddClientAsync("api");
        var (_, full) = await agents.SignInAsync();
        using var own = await ConnectAsync(gate, "/api/live", ("Authorization", "Bearer " + full));
        using var gadgets = await ConnectAsync(gate, "/api/live", ("Authorization", "Bearer " + await agents.GadgetTokenAsync(full, "ticker", "api")));
        await EchoAsync(gadgets);
        await gate.Desk.Part<Gatehouse.Storage.Database>().WriteAsync(async work =>
        {
            await gate.Desk.Part<GadgetStops>().StopAsync(work, Desk.Realm, "ticker");
            return true;
        }, default);
        await EndsWithAsync(gadgets, LiveConnections.Unauthorized);
        await EchoAsync(own);
    }

    [Fact]
    public async Task A_socket_of_a_cookie_ends_with_the_session_and_needs_its_own_origin()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        using var browser = new Browser(gate.Desk);
        await browser.TokensAsync("alice");
        var cookie = ("Cookie", $"gh.{Desk.Realm}={browser.SessionCookie}");
        var origin = gate.Desk.Url.GetLeftPart(UriPartial.Authority);
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, "/api/live", cookie, ("Origin", "https://evil.example")));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, "/api/live", cookie));
        using var socket = await ConnectAsync(gate, "/api/live", cookie, ("Origin", origin));
        await EchoAsync(socket);
        Assert.DoesNotContain("Cookie", gate.Upstream.Last.Headers.Keys);
        var sessions = gate.Desk.Part<Gatehouse.Sessions.SessionStore>();
        var session = (await sessions.FindByCookieAsync(Desk.Realm, browser.SessionCookie, default))!;
        await gate.Desk.Part<Gatehouse.Storage.Database>().WriteAsync(work => sessions.EndAsync(work, Desk.Realm, session.Id), default);
        await EndsWithAsync(socket, LiveConnections.Unauthorized);
    }

    // docs/guides/expertflow.md, "The socket of Agent Manager".
    [Fact]
    public async Task Agent_Managers_socket_can_be_closed_to_strangers_with_a_cookie_or_a_token_in_the_address()
    {
        await using var gate = await GateDesk.OpenAsync("""
            realm: contact-centre
            services:
              agent-manager:
                upstreams: ["{upstream}"]
                accept: [token, session]
                rules:
                  - { path: "/agent-manager/socket.io/**", token-in: [authorization, "query:access_token"], allow: {} }
                  - allow: {}
            """);
        const string Address = "/agent-manager/socket.io/?EIO=4&transport=websocket&username=alice";
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, Address));
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, Address + "&access_token=nobodys"));
        using var browser = new Browser(gate.Desk);
        await browser.TokensAsync("alice");
        var cookie = ("Cookie", $"gh.{Desk.Realm}={browser.SessionCookie}");
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, Address, cookie, ("Origin", "https://evil.example")));
        using var own = await ConnectAsync(gate, Address, cookie, ("Origin", gate.Desk.Url.GetLeftPart(UriPartial.Authority)));
        await EchoAsync(own);
        using var changed = await ConnectAsync(gate, Address + "&access_token=" + await gate.Desk.ServiceTokenAsync());
        await EchoAsync(changed);
        Assert.DoesNotContain("access_token", gate.Upstream.Last.Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_socket_is_told_to_go_elsewhere_when_the_gate_stops()
    {
        var gate = await GateDesk.OpenAsync(Access);
        using var socket = await ConnectAsync(gate, "/api/open");
        await EchoAsync(socket);
        var ending = EndsWithAsync(socket, 1001);
        await gate.DisposeAsync();
        await ending;
    }

    [Fact]
    public async Task Where_upgrades_are_off_no_socket_passes()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var token = await gate.Desk.ServiceTokenAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(gate, "/shut/live", ("Authorization", "Bearer " + token)));
        Assert.DoesNotContain("Upgrade", gate.Upstream.Last.Headers.Keys);
    }

    private static async Task<ClientWebSocket> ConnectAsync(GateDesk gate, string path, params (string Name, string Value)[] headers)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        var socket = new ClientWebSocket();
        foreach (var (name, value) in headers) socket.Options.SetRequestHeader(name, value);
        await socket.ConnectAsync(new Uri(new UriBuilder(gate.Desk.Url) { Scheme = "ws" }.Uri, path), late.Token);
        return socket;
    }

    private static async Task EchoAsync(ClientWebSocket socket)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        await socket.SendAsync(Encoding.UTF8.GetBytes("hello"), WebSocketMessageType.Text, true, late.Token);
        var buffer = new byte[64];
        var read = await socket.ReceiveAsync(buffer, late.Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, read.Count));
    }

    private static async Task EndsWithAsync(ClientWebSocket socket, int code)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        var read = await socket.ReceiveAsync(new byte[64], late.Token);
        Assert.Equal(WebSocketMessageType.Close, read.MessageType);
        Assert.Equal(code, (int)socket.CloseStatus!);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, late.Token);
    }
}
