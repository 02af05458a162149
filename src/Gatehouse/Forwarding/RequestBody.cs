using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Forwarding;

/// <summary>Carries the request body to the upstream: one buffer, one send per read, nothing kept.</summary>
internal static class RequestBody
{
    private const int SendBuffer = 64 * 1024;

    // Room in front of the data for a chunk's size line, and behind it for its line end.
    private const int SizeLine = 10;

    /// <summary>
    /// Adds a body that has arrived whole and is small to the head's buffer, so that both go in one send.
    /// </summary>
    /// <returns>The new length; the old one when the body is not here, or does not fit.</returns>
    public static int TryAppend(HttpContext context, in Exchange.Shape shape, byte[] buffer, int length)
    {
        if (shape.Framing != Framing.Length || shape.Expects || shape.Length > buffer.Length - length) return length;
        var reader = context.Request.BodyReader;
        if (!reader.TryRead(out var read)) return length;
        if (read.Buffer.Length < shape.Length)
        {
            reader.AdvanceTo(read.Buffer.Start); // seen, not consumed
            return length;
        }

        read.Buffer.CopyTo(buffer.AsSpan(length));
        reader.AdvanceTo(read.Buffer.End);
        return length + (int)shape.Length;
    }

    /// <summary>Carries it to the end. Ends quietly when the upstream stops reading: its answer may already be on the way.</summary>
    /// <exception cref="ForwardException">The client broke its body: the upstream connection is cut, never ended as if whole.</exception>
    public static async Task PumpAsync(Exchange exchange)
    {
        var connection = exchange.Connection;
        var reader = exchange.Context.Request.BodyReader;
        var chunked = exchange.Framed.Framing == Framing.Chunked;
        var buffer = ArrayPool<byte>.Shared.Rent(SendBuffer);
        try
        {
            if (exchange.MayContinue is { } may && !await MayAsync(exchange, may.Task)) return;
            while (true)
            {
                ReadResult read;
                try
                {
                    read = await reader.ReadAsync();
                }
                catch (Exception e) when (Failures.IsNetwork(e) || e is BadHttpRequestException)
                {
                    connection.Abort(CutCause.ClientGone);
                    throw new ForwardException(ForwardError.ClientGone, e);
                }

                if (read.IsCanceled) return;
                var rest = read.Buffer;
                while (!rest.IsEmpty)
                {
                    var take = rest.Slice(0, Math.Min(rest.Length, SendBuffer - (2 * SizeLine)));
                    await SendAsync(exchange, Frame(buffer, take, chunked));
                    rest = rest.Slice(take.End);
                }

                reader.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted) continue;
                if (chunked) await SendAsync(exchange, LastChunk(exchange.Context));
                exchange.RequestSent();
                return;
            }
        }
        catch (Exception e) when (Failures.IsNetwork(e))
        {
            // The upstream stopped reading. It may have answered first; whoever reads the response finds out.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Kestrel sends 100 to the client when its body is first read: that is held back until the upstream wants it, or has been silent for a while.
    private static async ValueTask<bool> MayAsync(Exchange exchange, Task may)
    {
        try
        {
            await may.WaitAsync(exchange.Plan.Times.Continue, exchange.Time);
            return true;
        }
        catch (TimeoutException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false; // answered without wanting the body
        }
    }

    private static async ValueTask SendAsync(Exchange exchange, ReadOnlyMemory<byte> bytes)
    {
        exchange.Connection.WriteBy(exchange.In(exchange.Plan.Times.BodyIdle));
        await exchange.Connection.SendAsync(bytes);
        exchange.Connection.WriteBy(0); // a slow client is Kestrel's business (MinRequestBodyDataRate)
    }

    private static ReadOnlyMemory<byte> Frame(byte[] buffer, in ReadOnlySequence<byte> data, bool chunked)
    {
        var length = (int)data.Length;
        if (!chunked)
        {
            if (data.IsSingleSegment) return data.First;
            data.CopyTo(buffer);
            return buffer.AsMemory(0, length);
        }

        Span<byte> size = stackalloc byte[SizeLine];
        length.TryFormat(size, out var digits, "x", CultureInfo.InvariantCulture);
        var start = SizeLine - digits - 2;
        size[..digits].CopyTo(buffer.AsSpan(start));
        "\r\n"u8.CopyTo(buffer.AsSpan(start + digits));
        data.CopyTo(buffer.AsSpan(SizeLine));
        "\r\n"u8.CopyTo(buffer.AsSpan(SizeLine + length));
        return buffer.AsMemory(start, digits + 2 + length + 2);
    }

    private static ReadOnlyMemory<byte> LastChunk(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestTrailersFeature>() is not { Available: true, Trailers: { Count: > 0 } trailers }) return "0\r\n\r\n"u8.ToArray();
        var text = new StringBuilder("0\r\n");
        foreach (var (name, values) in trailers)
        {
            if (!Trailer.MayPass(name)) continue;
            foreach (var value in values)
            {
                if (value is not null && !value.AsSpan().ContainsAny('\r', '\n', '\0')) text.Append(name).Append(": ").Append(value).Append("\r\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.Append("\r\n").ToString());
    }
}
