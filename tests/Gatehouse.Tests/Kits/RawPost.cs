using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Tests.Kits;

/// <summary>A POST over a bare socket, as a client would send it that means harm: in pieces, without an end, slowly.</summary>
public static class RawPost
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    /// <summary>Sends pieces as chunks until there are none left or the server answered; returns the status (0 when the connection ended without one), the answer as far as it came, and how much was sent until then.</summary>
    public static async Task<(int Status, string Answer, long Sent)> ChunkedAsync(Desk desk, string path, string type, IEnumerable<byte[]> pieces, bool end = true)
    {
        using var limit = new CancellationTokenSource(Longest);
        using var socket = await ConnectAsync(desk, limit.Token);
        await using var stream = new NetworkStream(socket);
        await WriteAsync(stream, $"POST {path} HTTP/1.1\r\nHost: {desk.Url.Authority}\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n", limit.Token);
        var answer = ReadAsync(stream, limit.Token);
        var sent = 0L;
        try
        {
            foreach (var piece in pieces)
            {
                if (answer.IsCompleted) break;
                await WriteAsync(stream, piece.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n", limit.Token);
                await stream.WriteAsync(piece, limit.Token);
                await WriteAsync(stream, "\r\n", limit.Token);
                sent += piece.Length;
            }

            if (end && !answer.IsCompleted) await WriteAsync(stream, "0\r\n\r\n", limit.Token);
        }
        catch (IOException)
        {
            // The server has closed: what it said is read below.
        }

        var text = await answer;
        return (StatusOf(text), text, sent);
    }

    /// <summary>Says that more will come than ever does; returns the status, 0 when the connection was closed without one.</summary>
    public static async Task<int> HalfAsync(Desk desk, string path, string type, string body, int length)
    {
        using var limit = new CancellationTokenSource(Longest);
        using var socket = await ConnectAsync(desk, limit.Token);
        await using var stream = new NetworkStream(socket);
        await WriteAsync(stream, $"POST {path} HTTP/1.1\r\nHost: {desk.Url.Authority}\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n{body}", limit.Token);
        return StatusOf(await ReadAsync(stream, limit.Token));
    }

    private static async Task<Socket> ConnectAsync(Desk desk, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(desk.Url.Host, desk.Url.Port, stop);
        return socket;
    }

    private static ValueTask WriteAsync(NetworkStream stream, string text, CancellationToken stop) => stream.WriteAsync(Encoding.Latin1.GetBytes(text), stop);

    private static int StatusOf(string answer) => answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;

    // The head and what came with it.
    private static async Task<string> ReadAsync(NetworkStream stream, CancellationToken stop)
    {
        var (text, buffer) = (new StringBuilder(), new byte[16 * 1024]);
        try
        {
            while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, stop) is > 0 and var count) text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Closed.
        }

        return text.ToString();
    }
}
