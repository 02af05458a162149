using System.Net;
using System.Text;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class BehaviourTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>An upstream that answers every request with these bytes and hands the request heads out.</summary>
    private static RawUpstream Canned(string response, List<string>? heads = null, bool close = false) => new(async (peer, _) =>
    {
        while (await peer.UntilAsync("\r\n\r\n") is { } head)
        {
            lock (heads ?? []) heads?.Add(head);
            await peer.SendAsync(response);
            if (close) return;
        }
    });

    private static OutgoingRequest With(HttpContext c, Func<OutgoingRequest, OutgoingRequest>? change = null)
    {
        var plain = Rig.Plain(c);
        return change is null ? plain : change(plain);
    }

    [Fact]
    public async Task Only_what_may_pass_reaches_the_upstream()
    {
        List<string> heads = [];
        await using var upstream = Canned("HTTP/1.1 204 No\r\n\r\n", heads);
        await using var rig = await Rig.StartAsync([upstream.Uri], request: c => new OutgoingRequest
        {
            Method = "GET", Target = "/x?y", ClientAddress = "192.0.2.7", Scheme = "https", Host = "shop.example",
            Remove = RemovedNames.Of("X-Userinfo", "Authorization"), RemoveCookies = ["sid"], Added = [new("X-Userinfo", "ours")],
        });
        using var client = await rig.RawAsync();
        await client.SendAsync(
            "GET /other HTTP/1.1\r\nHost: a\r\nX-Userinfo: evil\r\nx_userinfo: evil\r\nX.Userinfo: evil\r\nAuthorization: evil\r\nConnection: X-Hop, X-Else\r\nX-Hop: evil\r\nX-Forwarded-For: evil\r\n"
            + "X-Forwarded-Host: evil\r\nForwarded: for=evil\r\nX-Original-URL: /evil\r\nX_Original_URL: /evil\r\nX-HTTP-Method-Override: EVIL\r\nKeep-Alive: evil\r\nTE: trailers, gzip\r\nUpgrade: evil\r\nProxy-Authorization: evil\r\n"
            + "Cookie: a=1; sid=evil; b=2\r\nX-Good: yes\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        var head = Assert.Single(heads);
        Assert.DoesNotContain("evil", head, StringComparison.OrdinalIgnoreCase);
        string[] lines = head.Split("\r\n");
        Assert.Equal("GET /x?y HTTP/1.1", lines[0]);
        Assert.Equal($"Host: {upstream.Uri.Authority}", lines[1]);
        Assert.Equivalent(
            new[] { "Cookie: a=1; b=2", "X-Good: yes", "Connection: TE", "TE: trailers", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example", "X-Userinfo: ours" },
            lines[2..^2], strict: true);
    }

    [Fact]
    public async Task Host_and_Forwarded_go_along_where_the_plan_says_so()
    {
        List<string> heads = [];
        await using var upstream = Canned("HTTP/1.1 204 No\r\n\r\n", heads);
        await using var rig = await Rig.StartAsync([upstream.Uri], p => p with { PassHost = true, SendForwarded = true }, c => new OutgoingRequest
        {
            Method = "GET", Target = "/", ClientAddress = "2001:db8::1", Scheme = "https", Host = "shop.example",
        });
        await rig.Client.GetAsync("/", Stop);
        Assert.Contains("\r\nHost: shop.example\r\n", heads[0], StringComparison.Ordinal);
        Assert.Contains("\r\nForwarded: for=\"[2001:db8::1]\";proto=https;host=\"shop.example\"\r\n", heads[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a b", "v")]
    [InlineData("/a\r\nX: y", "v")]
    [InlineData("a", "v")]
    [InlineData("/é", "v")]
    [InlineData("/", "v\r\nX: y")]
    [InlineData("/", "v\ny")]
    [InlineData("/", "v\0y")]
    public async Task What_could_break_out_of_its_line_is_not_sent(string target, string value)
    {
        List<string> heads = [];
        await using var upstream = Canned("HTTP/1.1 204 No\r\n\r\n", heads);
        await using var rig = await Rig.StartAsync([upstream.Uri], request: c => new OutgoingRequest
        {
            Method = "GET", Target = target, ClientAddress = "a", Scheme = "http", Host = "h", Added = [new("X-A", value)],
        });
        var answer = await rig.Client.GetAsync("/", Stop);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(ForwardError.UnsendableRequest, (await rig.Results.Reader.ReadAsync(Stop)).Error);
        Assert.Empty(heads);
    }

    [Fact]
    public async Task The_hops_own_headers_do_not_reach_the_client()
    {
        await using var upstream = Canned(
            "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: evil\r\nKeep-Alive: timeout=5\r\nAlt-Svc: evil\r\nUpgrade: evil\r\nProxy-Connection: evil\r\nX-Name: caf\u00e9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok");
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var head = await client.UntilAsync("\r\n\r\n");
        Assert.NotNull(head);
        Assert.DoesNotContain("evil", head, StringComparison.Ordinal);
        Assert.Contains("X-Name: caf\u00e9\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", head, StringComparison.Ordinal);
        Assert.NotNull(await client.UntilAsync("ok"));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "Content-Length: 500")]
    [InlineData("GET", "HTTP/1.1 304 Not\r\nETag: \"a\"\r\nContent-Length: 500\r\n\r\n", "ETag: \"a\"")]
    [InlineData("GET", "HTTP/1.1 204 No\r\nX-A: b\r\n\r\n", "X-A: b")]
    [InlineData("GET", "HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n", "X-A: b")]
    public async Task Responses_without_a_body_end_at_their_head_and_the_connection_is_reused(string method, string response, string expected)
    {
        await using var upstream = Canned(response);
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Contains(expected, await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        }

        Assert.Equal(1, upstream.Accepted);
    }

    [Fact]
    public async Task Trailers_pass_both_ways_but_none_that_could_lie()
    {
        var got = new TaskCompletionSource<string>();
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            got.SetResult((await peer.UntilAsync("0\r\n"))! + await peer.UntilAsync("\r\n\r\n"));
            await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nSet-Cookie: evil\r\nContent-Length: 9\r\n\r\n");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Check: 1\r\nX-Forwarded-For: evil\r\n\r\n");
        await client.UntilAsync("\r\n\r\n");
        Assert.Equal("3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n", await client.UntilAsync("0\r\n") + await client.UntilAsync("\r\n\r\n"));
        Assert.Equal("5\r\nhello\r\n0\r\nX-Check: 1\r\n\r\n", await got.Task);
    }

    [Fact]
    public async Task The_response_may_begin_and_go_on_before_the_request_has_ended()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 3; i++)
            {
                await peer.UntilAsync($"m{i}");
                await peer.SendAsync($"2\r\nr{i}\r\n");
            }

            await peer.UntilAsync("0\r\n\r\n");
            await peer.SendAsync("0\r\n\r\n");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        Assert.Contains("200 OK", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"2\r\nm{i}\r\n");
            Assert.NotNull(await client.UntilAsync($"r{i}"));
        }

        await client.SendAsync("0\r\n\r\n");
        Assert.NotNull(await client.UntilAsync("0\r\n\r\n"));
        Assert.Equal(ForwardError.None, (await rig.Results.Reader.ReadAsync(Stop)).Error);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Events_are_passed_on_at_once(HttpProtocols protocols)
    {
        var next = new SemaphoreSlim(0);
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"); // to the end of the stream
            for (var i = 0; i < 3; i++)
            {
                await next.WaitAsync();
                await peer.SendAsync($"data: {i}\n\n");
            }
        });
        await using var rig = await Rig.StartAsync([upstream.Uri], protocols: protocols);
        using var message = new HttpRequestMessage(HttpMethod.Get, "/");
        if (protocols == HttpProtocols.Http2) (message.Version, message.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        using var response = await rig.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Stop));
        for (var i = 0; i < 3; i++)
        {
            next.Release();
            Assert.Equal($"data: {i}", await reader.ReadLineAsync(Stop));
            await reader.ReadLineAsync(Stop);
        }

        Assert.Null(await reader.ReadLineAsync(Stop));
    }

    [Fact]
    public async Task Continue_comes_from_the_upstream_and_a_refusal_saves_the_body()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            var head = await peer.UntilAsync("\r\n\r\n");
            Assert.Contains("Expect: 100-continue", head, StringComparison.Ordinal);
            if (head!.StartsWith("POST /no", StringComparison.Ordinal))
            {
                await peer.SendAsync("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
                await peer.ToEndAsync();
                return;
            }

            await peer.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await peer.UntilAsync("hello");
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using (var client = await rig.RawAsync())
        {
            await client.SendAsync("POST /yes HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 100", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            await client.SendAsync("hello");
            Assert.StartsWith("HTTP/1.1 200", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        }

        using (var client = await rig.RawAsync())
        {
            await client.SendAsync("POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 401", await client.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_early_refusal_of_a_long_body_reaches_the_client()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            await peer.SendAsync("HTTP/1.1 413 Large\r\nContent-Length: 3\r\n\r\nbig");
            await peer.ToEndAsync();
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using var client = await rig.RawAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome");
        Assert.StartsWith("HTTP/1.1 413", await client.UntilAsync("\r\n\r\nbig"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http2_in_is_http1_out_with_body_and_trailers()
    {
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            var head = await peer.UntilAsync("\r\n\r\n");
            var body = await peer.UntilAsync(new string('x', 300_000));
            var cookie = head!.Contains("\r\nCookie: a=1; b=2\r\n", StringComparison.Ordinal);
            await peer.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{cookie,5}\r\n0\r\nX-Sum: 9\r\n\r\n");
        });
        await using var rig = await Rig.StartAsync([upstream.Uri], protocols: HttpProtocols.Http2);
        using var message = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent(new string('x', 300_000)), Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.Add("Cookie", "a=1; b=2");
        using var response = await rig.Client.SendAsync(message, Stop);
        Assert.Equal(" True", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal("9", response.TrailingHeaders.GetValues("X-Sum").Single());
    }

    [Fact]
    public async Task A_client_that_leaves_takes_its_upstream_connection_along()
    {
        var gone = new TaskCompletionSource<string>();
        await using var upstream = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            gone.SetResult(await peer.ToEndAsync());
        });
        await using var rig = await Rig.StartAsync([upstream.Uri]);
        using (var client = await rig.RawAsync())
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            while (upstream.Accepted == 0) await Task.Yield();
            client.Socket.Close(0);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(ForwardError.ClientGone, (await rig.Results.Reader.ReadAsync(Stop)).Error);
        Assert.True(rig.Upstream.Look()[0].Available);
    }
}
