using System.Net;
using System.Net.Sockets;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class FailureTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static readonly ForwardTimes Short = new() { ResponseHead = TimeSpan.FromMilliseconds(300), BodyIdle = TimeSpan.FromMilliseconds(300), Connect = TimeSpan.FromMilliseconds(500) };

    private static Uri Refusing()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new Uri($"http://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}");
    }

    private static RawUpstream Answering(string response, bool thenClose = true) => new(async (peer, _) =>
    {
        while (await peer.UntilAsync("\r\n\r\n") is not null)
        {
            if (response.Length > 0) await peer.SendAsync(response);
            if (thenClose) return;
        }
    });

    [Theory]
    [InlineData("", true, ForwardError.ConnectionLost, 502)]
    [InlineData("HTTP/1.1 200 OK\r\n", true, ForwardError.BadResponseHead, 502)]
    [InlineData("garbage\r\n\r\n", true, ForwardError.BadResponseHead, 502)]
    [InlineData("HTTP/1.1 200 OK\nA: b\n\n", true, ForwardError.BadResponseHead, 502)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", true, ForwardError.BadResponseHead, 502)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, ForwardError.BadResponseHead, 502)]
    [InlineData("HTTP/1.1 100 C\r\nContent-Length: 4\r\n\r\nevil", true, ForwardError.BadResponseHead, 502)]
    [InlineData("", false, ForwardError.HeadTimeout, 504)]
    [InlineData("HTTP/1.1 200 OK\r\n", false, ForwardError.HeadTimeout, 504)]
    public async Task A_failure_before_the_head_is_told_the_client(string response, bool close, ForwardError error, int status)
    {
        await using var upstream = Answering(response, close);
        await using var rig = await Rig.StartAsync([upstream.Uri], p => p with { Times = Short });
        using var answer = await rig.Client.GetAsync("/", Stop);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(error, (await rig.Results.Reader.ReadAsync(Stop)).Error);
        Assert.Equal((0, 0), (rig.Upstream.Load, rig.Upstream.Look()[0].Connections));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true, ForwardError.BadResponseBody)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false, ForwardError.BodyTimeout)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", true, ForwardError.BadResponseBody)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", false, ForwardError.BodyTimeout)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n", true, ForwardError.BadResponseBody)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n4\r\nhalf\r\nzz\r\n", true, ForwardError.BadResponseBody)]
    public async Task A_body_that_breaks_off_never_looks_complete(string response, bool close, ForwardError error)
    {
        await using var upstream = Answering(response, close);
        await using var rig = await Rig.StartAsync([upstream.Uri], p => p with { Times = Short });
        using var client = await rig.RawAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var all = await client.ToEndAsync();
        Assert.DoesNotContain("0\r\n\r\n", all, StringComparison.Ordinal);
        Assert.Equal(error, (await rig.Results.Reader.ReadAsync(Stop)).Error);
        Assert.Equal(0, rig.Upstream.Look()[0].Connections);
    }

    [Fact]
    public async Task Bytes_after_a_response_are_never_the_next_response()
    {
        await using var upstream = Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", thenClose: false);
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        for (var i = 0; i < 3; i++) Assert.Equal("ok", await rig.Client.GetStringAsync("/", Stop));
        Assert.Equal(3, upstream.Accepted);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_elsewhere_even_for_a_POST()
    {
        await using var good = Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", thenClose: false);
        await using var rig = await Rig.StartAsync([Refusing(), good.Uri]);
        for (var i = 0; i < 6; i++)
        {
            using var answer = await rig.Client.PostAsync("/", new ByteArrayContent([]), Stop);
            Assert.Equal("ok", await answer.Content.ReadAsStringAsync(Stop));
        }

        Assert.False(rig.Upstream.Look()[0].Available);
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("DELETE", 200)]
    [InlineData("POST", 502)]
    public async Task A_request_that_may_have_been_done_is_repeated_only_if_idempotent(string method, int status)
    {
        await using var upstream = new RawUpstream(async (peer, number) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            if (number > 1) await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var answer = await rig.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/"), Stop);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_resting_connection_that_the_upstream_closed_is_not_used()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        for (var i = 0; i < 20; i++)
        {
            using var answer = await rig.Client.PostAsync("/", new StringContent("x"), Stop);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadGateway);
            while (rig.Upstream.Look()[0].Connections > 0) await Task.Delay(10, Stop); // the sweep finds it
        }

        Assert.True(rig.Upstream.Look()[0].Available);
    }

    [Fact]
    public async Task No_address_and_no_route_are_told_apart()
    {
        await using var none = await Rig.StartAsync([]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await none.Client.GetAsync("/", Stop)).StatusCode);
        await using var refused = await Rig.StartAsync([Refusing()]);
        Assert.Equal(HttpStatusCode.BadGateway, (await refused.Client.GetAsync("/", Stop)).StatusCode);
        await using var unknown = await Rig.StartAsync([new Uri("http://no-such-host.invalid")]);
        Assert.Equal(HttpStatusCode.BadGateway, (await unknown.Client.GetAsync("/", Stop)).StatusCode);
    }

    [Fact]
    public async Task More_than_the_limit_wait_their_turn_and_then_hear_that_it_is_busy()
    {
        var go = new SemaphoreSlim(0);
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            while (await peer.UntilAsync("\r\n\r\n") is not null)
            {
                await go.WaitAsync();
                await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using var rig = await Rig.StartAsync([upstream.Uri], p => p with { MaxConnections = 2, Times = new ForwardTimes { Connect = TimeSpan.FromSeconds(2) } });
        var all = Enumerable.Range(0, 6).Select(_ => rig.Client.GetStringAsync("/", Stop)).ToArray();
        go.Release(6);
        Assert.All(await Task.WhenAll(all), text => Assert.Equal("ok", text));
        Assert.True(upstream.Accepted <= 2);
        var held = Enumerable.Range(0, 2).Select(_ => rig.Client.GetStringAsync("/", Stop)).ToArray();
        while (rig.Upstream.Load < 2) await Task.Yield();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.Client.GetAsync("/", Stop)).StatusCode);
        go.Release(2);
        await Task.WhenAll(held);
        Assert.Equal(0, rig.Upstream.Load);
    }

    [Fact]
    public async Task A_client_that_breaks_its_body_never_looks_complete_to_the_upstream()
    {
        var got = new TaskCompletionSource<string>();
        await using var upstream = new RawUpstream(async (peer, _) => got.SetResult(await peer.ToEndAsync()));
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using (var client = await rig.RawAsync())
        {
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            while (upstream.Accepted == 0) await Task.Yield();
            await client.SendAsync("zz\r\n");
            Assert.DoesNotContain("200", await client.ToEndAsync(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("\r\n0\r\n", await got.Task.WaitAsync(TimeSpan.FromSeconds(10), Stop), StringComparison.Ordinal);
    }
}
