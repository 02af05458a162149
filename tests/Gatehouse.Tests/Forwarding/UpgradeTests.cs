using System.Net;
using System.Net.WebSockets;
using System.Text;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.AspNetCore.Hosting;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class UpgradeTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static async Task<WebApplication> EchoAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(async c =>
        {
            if (!c.WebSockets.IsWebSocketRequest)
            {
                c.Response.StatusCode = 426;
                await c.Response.WriteAsync("no socket");
                return;
            }

            using var socket = await c.WebSockets.AcceptWebSocketAsync(c.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
            var buffer = new byte[256 * 1024];
            while (true)
            {
                var got = await socket.ReceiveAsync(new Memory<byte>(buffer), c.RequestAborted);
                if (got.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseAsync(socket.CloseStatus ?? WebSocketCloseStatus.Empty, socket.CloseStatusDescription, c.RequestAborted);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, c.RequestAborted);
            }
        });
        await app.StartAsync();
        return app;
    }

    private static async Task<(Rig Rig, TaskCompletionSource<UpgradedConnection> Upgraded)> FrontAsync(bool http2 = false)
    {
        var echo = await EchoAsync();
        var upgraded = new TaskCompletionSource<UpgradedConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        var rig = await Rig.StartAsync(
            [new Uri(echo.Urls.First())],
            request: c => new OutgoingRequest
            {
                Method = c.Request.Method, Target = "/socket", ClientAddress = "127.0.0.1", Scheme = "http", Host = "h", MayUpgrade = true, Upgraded = u => upgraded.TrySetResult(u),
            },
            protocols: http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        rig.Own(echo);
        return (rig, upgraded);
    }

    private static async Task<ClientWebSocket> ConnectAsync(Rig rig, bool http2)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("chat");
        if (http2)
        {
            socket.Options.HttpVersion = HttpVersion.Version20;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        await socket.ConnectAsync(new UriBuilder(rig.Address) { Scheme = "ws" }.Uri, new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false }), Stop);
        return socket;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WebSocket_messages_of_all_sizes_pass_both_ways_and_close_cleanly(bool http2)
    {
        var (rig, _) = await FrontAsync(http2);
        await using var owned = rig;
        using var socket = await ConnectAsync(rig, http2);
        Assert.Equal("chat", socket.SubProtocol);
        foreach (var size in new[] { 0, 1, 125, 126, 65_535, 65_536, 200_000 })
        {
            var sent = Enumerable.Range(0, size).Select(i => (byte)(i % 251)).ToArray();
            await socket.SendAsync(sent, WebSocketMessageType.Binary, true, Stop);
            var got = new MemoryStream();
            var buffer = new byte[70_000];
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), Stop);
                got.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            Assert.Equal(sent, got.ToArray());
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Stop);
        Assert.Equal("bye", socket.CloseStatusDescription);
        var result = await rig.Results.Reader.ReadAsync(Stop);
        Assert.Equal((ForwardError.None, 101), (result.Error, result.Status));
        Assert.Equal(0, rig.Upstream.Load);
        Assert.Equal(0, rig.Upstream.Look()[0].Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_gate_ends_a_WebSocket_with_a_close_frame(bool http2)
    {
        var (rig, upgraded) = await FrontAsync(http2);
        await using var owned = rig;
        using var socket = await ConnectAsync(rig, http2);
        var connection = await upgraded.Task;
        var ending = connection.EndAsync(4401, "session ended");
        var got = await socket.ReceiveAsync(new ArraySegment<byte>(new byte[100]), Stop);
        Assert.Equal(((WebSocketCloseStatus)4401, "session ended"), (got.CloseStatus!.Value, got.CloseStatusDescription));
        await socket.CloseOutputAsync((WebSocketCloseStatus)4401, "", Stop);
        await ending.WaitAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(ForwardError.None, (await rig.Results.Reader.ReadAsync(Stop)).Error);
    }

    [Fact]
    public async Task A_close_frame_waits_for_the_end_of_the_frame_under_way()
    {
        var go = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n\x82\x06" + "abc");
            await go.Task;
            await peer.SendAsync("def\x82\x02no");
            await peer.ToEndAsync();
        });
        var upgraded = new TaskCompletionSource<UpgradedConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var rig = await Rig.StartAsync([upstream.Uri], request: c => new OutgoingRequest
        {
            Method = "GET", Target = "/", ClientAddress = "127.0.0.1", Scheme = "http", Host = "h", MayUpgrade = true, Upgraded = u => upgraded.TrySetResult(u),
        });
        using var client = await rig.RawAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
        await client.UntilAsync("abc");
        var ending = (await upgraded.Task).EndAsync(1008, "x");
        go.SetResult();
        var rest = await client.ToEndAsync();
        Assert.Equal("def\x88\x03\x03\xf0x", rest);
        await ending;
    }

    [Fact]
    public async Task A_refused_upgrade_is_an_ordinary_response()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
        var answer = await client.ToEndAsync();
        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nno", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")]
    public async Task An_upgrade_that_nobody_asked_for_is_502(string request, string response)
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync(response);
            await peer.ToEndAsync();
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync(request);
        Assert.StartsWith("HTTP/1.1 502", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_are_followed_however_the_bytes_are_split()
    {
        byte[][] frames =
        [
            [0x81, 0], [0x82, 3, 1, 2, 3], [0x02, 0x83, 9, 9, 9, 9, 1, 2, 3], [0x82, 126, 0, 200, .. new byte[200]], [0x80, 127, 0, 0, 0, 0, 0, 1, 0, 0, .. new byte[65536]], [0x88, 2, 3, 0xe8],
        ];
        var all = frames.SelectMany(f => f).ToArray();
        var ends = frames.Select((_, i) => frames.Take(i + 1).Sum(f => f.Length)).ToHashSet();
        foreach (var step in new[] { 1, 2, 3, 7, 100, all.Length })
        {
            var tracker = default(FrameTracker);
            for (var at = 0; at < all.Length; at += step)
            {
                var chunk = all.AsSpan(at, Math.Min(step, all.Length - at));
                Assert.Equal(chunk.Length, tracker.Follow(chunk));
                Assert.Equal(ends.Contains(at + chunk.Length), tracker.AtBoundary);
            }

            Assert.True(tracker.CloseSeen);
        }
    }

    [Fact]
    public async Task What_has_ended_is_never_cut_by_somebody_who_comes_late()
    {
        for (var round = 0; round < 2_000; round++)
        {
            var (over, late) = (false, false);
            var connection = new UpgradedConnection(Stream.Null, webSocket: false, TimeProvider.System, () => late |= Volatile.Read(ref over));
            var ending = Task.Run(() => connection.EndAsync(4401, "session ended"), Stop);
            connection.End();
            Volatile.Write(ref over, true);
            await ending;
            Assert.False(late, "cut after its end: the request's objects may serve another request by then");
        }
    }
}
