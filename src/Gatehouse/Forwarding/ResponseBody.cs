using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gatehouse.Forwarding;

/// <summary>Carries a response head and body to the client. What was read is flushed before the next wait, so events of a stream are never held back.</summary>
internal static class ResponseBody
{
    private const int LargeBuffer = 64 * 1024;

    /// <summary>Carries all of it; an event stream until <paramref name="ending"/>, since it never ends by itself and its client comes back by itself.</summary>
    /// <returns>Whether the connection may serve again.</returns>
    /// <exception cref="ForwardException">The body ended early or is broken, or the client went away.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<bool> ForwardAsync(Exchange exchange, CancellationToken ending)
    {
        var (context, connection) = (exchange.Context, exchange.Connection);
        var head = connection.Head;
        var bodiless = HttpMethods.IsHead(context.Request.Method) || head.Status is 204 or 205 or 304;
        ResponseHeaders.Copy(connection, context.Response, bodiless);
        connection.Take(head.Length);
        exchange.MayContinue?.TrySetCanceled(CancellationToken.None);
        if (bodiless)
        {
            // A 205 with a body is against RFC 9110, 15.3.6: what may follow is not looked at.
            return !head.Close && !(head.Status == 205 && (head.Chunked || head.ContentLength != 0));
        }

        using var ended = ending.CanBeCanceled && context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true
            ? ending.UnsafeRegister(static c => ((UpstreamConnection)c!).Abort(CutCause.Stopped), connection) : default;
        if (head.Chunked)
        {
            await ChunksAsync(exchange);
            return !head.Close;
        }

        if (head.ContentLength >= 0)
        {
            if (head.ContentLength <= connection.UnreadLength)
            {
                // Most answers of an API: all of it came with the head and goes out with the head.
                var whole = connection.Unread[..(int)head.ContentLength];
                if (!whole.IsEmpty) Alive(await context.Response.BodyWriter.WriteAsync(whole));
                connection.Take(whole.Length);
                return !head.Close;
            }

            await LengthAsync(exchange, head.ContentLength);
            return !head.Close;
        }

        await ToEndAsync(exchange);
        return false;
    }

    private static async ValueTask LengthAsync(Exchange exchange, long left)
    {
        var (connection, output) = (exchange.Connection, exchange.Context.Response.BodyWriter);
        if (connection.UnreadLength > 0)
        {
            var first = connection.Unread;
            Alive(await output.WriteAsync(first));
            connection.Take(first.Length);
            left -= first.Length;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(left, LargeBuffer));
        try
        {
            var started = exchange.Context.Response.HasStarted;
            while (left > 0)
            {
                var reading = connection.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
                if (!started && !reading.IsCompleted) Alive(await output.FlushAsync());
                started = true;
                var count = await WaitAsync(exchange, reading);
                if (count == 0) throw new ForwardException(ForwardError.BadResponseBody);
                left -= count;
                Alive(await output.WriteAsync(buffer.AsMemory(0, count)));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask ToEndAsync(Exchange exchange)
    {
        var (connection, output) = (exchange.Connection, exchange.Context.Response.BodyWriter);
        while (true)
        {
            if (connection.UnreadLength > 0) Alive(await output.WriteAsync(connection.Unread));
            connection.Take(connection.UnreadLength);
            var reading = connection.FillAsync();
            if (!exchange.Context.Response.HasStarted && !reading.IsCompleted) Alive(await output.FlushAsync());
            var count = await WaitAsync(exchange, reading);
            if (count == 0) return;
            connection.Filled(count);
        }
    }

    private static async ValueTask ChunksAsync(Exchange exchange)
    {
        var (context, connection, output) = (exchange.Context, exchange.Connection, exchange.Context.Response.BodyWriter);
        connection.Chunks.Reset();
        var chunks = new ClientChunks(context);
        await context.Response.StartAsync();
        var unflushed = true; // the head
        while (true)
        {
            while (connection.UnreadLength > 0)
            {
                var parsed = Step(connection, output, chunks, ref unflushed);
                if (parsed == Parsed.Bad) throw new ForwardException(ForwardError.BadResponseBody);
                if (parsed != Parsed.Done) continue;
                chunks.End(output, connection.Chunks.Trailers);
                return; // the response's end takes what is unflushed along
            }

            var reading = connection.FillAsync();
            if (unflushed && !reading.IsCompleted)
            {
                Alive(await output.FlushAsync());
                unflushed = false;
            }

            var count = await WaitAsync(exchange, reading);
            if (count == 0) throw new ForwardException(ForwardError.BadResponseBody);
            connection.Filled(count);
            // Back-pressure also when the upstream is always faster than the client.
            if (unflushed) Alive(await output.FlushAsync());
            unflushed = false;
        }
    }

    private static Parsed Step(UpstreamConnection connection, PipeWriter output, in ClientChunks chunks, ref bool unflushed)
    {
        var parsed = connection.Chunks.Read(connection.Unread.Span, out var used, out var data);
        if (!data.IsEmpty)
        {
            chunks.Write(output, data);
            unflushed = true;
        }

        connection.Take(used);
        return parsed;
    }

    // The limit runs only while we wait for the upstream: a slow client is Kestrel's business (MinResponseDataRate).
    private static ValueTask<int> WaitAsync(Exchange exchange, ValueTask<int> reading) =>
        reading.IsCompleted ? reading : SlowlyAsync(exchange, reading);

    private static async ValueTask<int> SlowlyAsync(Exchange exchange, ValueTask<int> reading)
    {
        exchange.Connection.ReadBy(exchange.In(exchange.Plan.Times.BodyIdle));
        var count = await reading;
        exchange.Connection.ReadBy(0);
        return count;
    }

    private static void Alive(FlushResult flushed)
    {
        if (flushed.IsCompleted) throw new ForwardException(ForwardError.ClientGone);
    }
}
