using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Forwarding;

/// <summary>An upgraded connection: bytes both ways until either side ends. A WebSocket over HTTP/2 (RFC 8441) becomes one over HTTP/1.1 on the way.</summary>
internal static class Upgrade
{
    private const int BufferSize = 16 * 1024;

    /// <summary>Answers the client and carries bytes both ways.</summary>
    /// <exception cref="ForwardException">The upstream agreed to something else than was asked.</exception>
    public static async ValueTask<ForwardError> RunAsync(Exchange exchange, OutgoingRequest request)
    {
        var (context, connection) = (exchange.Context, exchange.Connection);
        var agreed = HeaderOf(connection, "Upgrade") ?? "";
        var asked = exchange.Framed.Upgrade ?? "websocket";
        if (!asked.Split(',').Any(a => a.Trim().Equals(agreed, StringComparison.OrdinalIgnoreCase))) throw new ForwardException(ForwardError.BadResponseHead);
        if (exchange.Framed.WebSocketKey is { } key && HeaderOf(connection, "Sec-WebSocket-Accept") != AcceptOf(key)) throw new ForwardException(ForwardError.BadResponseHead);

        ResponseHeaders.Copy(connection, context.Response, bodiless: true);
        context.Response.ContentLength = null;
        connection.Take(connection.Head.Length);
        await using var client = await AcceptAsync(context, agreed);

        // Never disposed: it holds no timer, and may be asked to end a moment after everything has.
        var over = new CancellationTokenSource();
        var upgraded = new UpgradedConnection(client, agreed.Equals("websocket", StringComparison.OrdinalIgnoreCase), exchange.Time, () =>
        {
            connection.Abort(CutCause.Stopped);
            context.Abort();
            // Last, and on another thread: what it wakes may end the whole request, and with it what the lines above still need.
            _ = over.CancelAsync();
        });
        try
        {
            request.Upgraded?.Invoke(upgraded);
            var up = UpAsync(exchange, client, over.Token);
            await DownAsync(exchange, upgraded);
            await over.CancelAsync(); // the upstream has ended: what the client still says has no listener
            await up;
        }
        finally
        {
            upgraded.End();
        }

        return connection.Cut == CutCause.ReadTimeout ? ForwardError.BodyTimeout : ForwardError.None;
    }

    private static async ValueTask<Stream> AcceptAsync(HttpContext context, string agreed)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
            context.Response.Headers.Remove("Sec-WebSocket-Accept");
            return await connect.AcceptAsync();
        }

        context.Response.Headers.Upgrade = agreed;
        return await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    private static async Task DownAsync(Exchange exchange, UpgradedConnection upgraded)
    {
        var connection = exchange.Connection;
        try
        {
            while (true)
            {
                if (connection.UnreadLength > 0) await upgraded.ToClientAsync(connection.Unread);
                connection.Take(connection.UnreadLength);
                if (!connection.ReadBy(exchange.In(exchange.Plan.Times.UpgradeIdle))) return;
                var count = await connection.FillAsync();
                if (count == 0) return;
                connection.Filled(count);
            }
        }
        catch (Exception e) when (Failures.IsNetwork(e))
        {
            // Cut by us or by the upstream: over either way.
        }
    }

    private static async Task UpAsync(Exchange exchange, Stream client, CancellationToken over)
    {
        var connection = exchange.Connection;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                var count = await client.ReadAsync(buffer, over);
                if (count == 0) break;
                if (!connection.ReadBy(exchange.In(exchange.Plan.Times.UpgradeIdle))) return;
                await connection.SendAsync(buffer.AsMemory(0, count));
            }

            await connection.FinishSendingAsync(); // the client has ended; the upstream may still have something to say
        }
        catch (Exception e) when (Failures.IsNetwork(e) || e is BadHttpRequestException)
        {
            connection.Abort(CutCause.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string? HeaderOf(UpstreamConnection connection, string wanted)
    {
        for (var i = 0; i < connection.Head.Count; i++)
        {
            var (name, value) = connection.HeaderText(i);
            if (name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) return value;
        }

        return null;
    }

    // RFC 6455, 4.2.2: SHA-1 as a fingerprint of the protocol, not as security.
    private static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
