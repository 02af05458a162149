using System.Net;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Outbound;
using Xunit;

namespace Gatehouse.Tests.Outbound;

/// <summary>What we ask of providers, over connections that the other side closes whenever it likes.</summary>
public sealed class OutboundHttpTests
{
    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_safe_request_whose_connection_was_closed_before_any_answer_is_sent_again_and_no_other(bool byReset)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var ended = new CancellationTokenSource();
        var serving = ServeAsync(listener, byReset, ended.Token);
        using var http = new OutboundHttp();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/keys";

        // Twice on one connection, whose second answer never comes: asked again on another, headers and all.
        for (var i = 0; i < 2; i++)
        {
            using var get = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { { "X-Asked", $"{i}" } } };
            var (status, body) = await http.SendAsync(get, default);
            Assert.Equal((HttpStatusCode.OK, $"GET {i}"), (status, Encoding.ASCII.GetString(body)));
        }

        using var post = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent("code=once"), Headers = { { "X-Asked", "2" } } };
        await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(post, default));
        await ended.CancelAsync();
        Assert.Equal(["GET 0", "GET 1", "GET 1", "POST 2"], await serving);
    }

    [Fact]
    public async Task A_server_that_only_ever_closes_is_asked_twice_and_no_more()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = 0;
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                if (await ReadAsync(socket, default) is not null) asked++;
                socket.LingerState = new LingerOption(true, 0);
            }
        });
        using var http = new OutboundHttp();
        using var get = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.SendAsync(get, default));
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
        Assert.InRange(asked, 1, 2);
    }

    // Answers one request of a connection, as HTTP/1.0 does, and takes the next one's head before it closes.
    private static async Task<List<string>> ServeAsync(TcpListener listener, bool byReset, CancellationToken stop)
    {
        var heard = new List<string>();
        try
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync(stop);
                if (await ReadAsync(socket, stop) is not { } first) continue;
                heard.Add(first);
                await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 200 OK\r\nContent-Length: {first.Length}\r\n\r\n{first}"), stop);
                if (await ReadAsync(socket, stop) is not { } second) continue;
                heard.Add(second);
                if (byReset) socket.LingerState = new LingerOption(true, 0);
            }
        }
        catch (OperationCanceledException)
        {
            return heard;
        }
    }

    private static async Task<string?> ReadAsync(Socket socket, CancellationToken stop)
    {
        var (buffer, length) = (new byte[8192], 0);
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), stop);
            if (read == 0) return null;
            var text = Encoding.ASCII.GetString(buffer, 0, length += read);
            if (text.Contains("\r\n\r\n", StringComparison.Ordinal)) return $"{text[..text.IndexOf(' ')]} {text[(text.IndexOf("X-Asked: ", StringComparison.Ordinal) + 9)..][..1]}";
        }
    }
}
