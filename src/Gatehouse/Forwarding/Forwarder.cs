using System.Buffers;
using System.Runtime.CompilerServices;

namespace Gatehouse.Forwarding;

/// <summary>
/// Sends one request to an upstream and its response to the client, streaming both at once, nothing kept. The road:
/// 1 the request's shape; 2 an address; 3 a connection; 4 head (and a small body) in one send; 5 a longer body, meanwhile 6 the response's head;
/// 7 an upgrade leaves here; 8 head and body to the client; 9 the connection back to rest.
/// A failure before the first response byte is tried once more on another connection where that is safe (RFC 9110, 9.2.2): nothing was sent, or the method is idempotent
/// and no body was touched. After the client has got a head, a failure aborts its response: never a falsely complete body.
/// </summary>
public sealed class Forwarder
{
    private const int MaxAttempts = 3;

    /// <summary>Forwards. Throws for no expected failure; with an error and no response started, nothing was written to the client.</summary>
    /// <param name="context">The client's request and response.</param>
    /// <param name="upstream">Where to.</param>
    /// <param name="request">What to send.</param>
    /// <param name="stop">Ends the forwarding at once.</param>
    /// <param name="ending">Ends what never ends by itself, an event stream; all else finishes.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ForwardResult> ForwardAsync(HttpContext context, Upstream upstream, OutgoingRequest request, CancellationToken stop, CancellationToken ending = default)
    {
        // 1 The shape: framing, Expect, Upgrade.
        var shape = Exchange.ShapeOf(context, request);
        if (request.Method == "CONNECT" && shape.WebSocketKey is null) return new(ForwardError.UnsendableRequest, false, 0, null, 0);
        Station? station = null;
        for (var attempt = 1; ; attempt++)
        {
            // 2 An address, another one than last time where there is one.
            var balance = upstream.Balance;
            station = balance.Choose(station);
            if (station is null) return new(ForwardError.NoHealthyUpstream, false, 0, null, attempt - 1);
            var attempted = await AttemptAsync(context, balance.Plan, upstream.Time, station, request, shape, stop, ending);
            if (!attempted.MayRetry || attempt == MaxAttempts || context.RequestAborted.IsCancellationRequested)
                return new(attempted.Error, context.Response.HasStarted, attempted.Status, station.Uri, attempt);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<Attempt> AttemptAsync(
        HttpContext context, UpstreamPlan plan, TimeProvider time, Station station, OutgoingRequest request, Exchange.Shape shape, CancellationToken stop, CancellationToken ending)
    {
        UpstreamConnection? connection = null;
        Task? pumping = null;
        Exchange? exchange = null;
        var entered = false;
        var bodyTouched = false;
        var headIn = false;
        var sent = false;
        byte[] buffer = [];
        CancellationTokenRegistration clientGone = default;
        CancellationTokenRegistration stopped = default;
        try
        {
            // 3 A connection: a resting one, or a new one.
            await station.EnterAsync(stop.CanBeCanceled ? stop : context.RequestAborted);
            entered = true;
            connection = station.TakeResting() ?? await station.OpenAsync(stop.CanBeCanceled ? stop : context.RequestAborted);
            exchange = new Exchange(context, plan, connection, time, shape);
            clientGone = context.RequestAborted.UnsafeRegister(static c => ((UpstreamConnection)c!).Abort(CutCause.ClientGone), connection);
            if (stop.CanBeCanceled && stop != context.RequestAborted)
                stopped = stop.UnsafeRegister(static c => ((UpstreamConnection)c!).Abort(CutCause.Stopped), connection);

            // 4 The head in one send, with the body when that is small and here.
            var head = new RequestHead(ArrayPool<byte>.Shared.Rent(8 * 1024));
            head.Write(context, request, plan, station, shape);
            buffer = head.Buffer;
            if (head.Bad)
            {
                station.Discard(connection);
                connection = null;
                return new(ForwardError.UnsendableRequest);
            }

            var length = RequestBody.TryAppend(context, shape, buffer, head.Length);
            var hasMore = shape.Framing == Framing.Chunked || (shape.Framing == Framing.Length && shape.Length > 0 && length == head.Length);
            bodyTouched = length > head.Length || (hasMore && !shape.Expects);
            connection.WriteBy(exchange.In(plan.Times.BodyIdle));
            sent = true;
            await connection.SendAsync(buffer.AsMemory(0, length));

            // 5 A longer body goes beside what follows.
            if (hasMore)
            {
                connection.WriteBy(0);
                pumping = RequestBody.PumpAsync(exchange);
                bodyTouched = true;
            }
            else
            {
                exchange.RequestSent();
            }

            // 6 The response's head.
            await exchange.ReadFinalHeadAsync();
            headIn = true;
            exchange.HeadReceived();
            station.Succeeded();
            var status = connection.Head.Status;

            // 7 An upgrade.
            if (status == StatusCodes.Status101SwitchingProtocols)
                return new(await Upgrade.RunAsync(exchange, request)) { Status = status };

            // 8 Head and body to the client.
            var reusable = await ResponseBody.ForwardAsync(exchange, ending);

            // 9 The connection back to rest, when both sides are through with the request.
            if (pumping is not null) await EndPumpAsync(exchange, pumping);
            if (reusable && exchange.BodySent)
            {
                await Quiet(clientGone, stopped);
                clientGone = stopped = default;
                station.GiveBack(connection);
                connection = null;
            }

            return new(ForwardError.None) { Status = status };
        }
        catch (Exception e) when (e is ForwardException or BadHttpRequestException || Failures.IsNetwork(e))
        {
            var error = ErrorOf(e, context, connection, headIn, stop);
            var blame = error is not (ForwardError.ClientGone or ForwardError.Stopped or ForwardError.UpstreamBusy or ForwardError.UnsendableRequest);
            // A resting connection that the upstream closed in the same moment says nothing about its health.
            var stale = error == ForwardError.ConnectionLost && connection is { Reused: true };
            if (blame && !headIn && !stale) station.Failed();
            if (context.Response.HasStarted) context.Abort();
            connection?.Abort(CutCause.None);
            if (pumping is not null) await EndPumpAsync(exchange!, pumping);
            var retry = !headIn && !bodyTouched && (!sent ? error is ForwardError.ConnectFailed or ForwardError.ConnectTimeout or ForwardError.TlsFailed
                : error == ForwardError.ConnectionLost && Idempotent(request.Method) && !shape.WantsUpgrade);
            return new(error) { Status = headIn && connection is not null ? connection.Head.Status : 0, MayRetry = retry };
        }
        finally
        {
            await Quiet(clientGone, stopped);
            if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer, clearArray: false);
            if (connection is not null) station.Discard(connection);
            if (entered) station.Leave();
        }
    }

    // Disposing waits for a callback that runs: after it, no late cut can hit the connection's next user.
    private static ValueTask Quiet(CancellationTokenRegistration a, CancellationTokenRegistration b)
    {
        var first = a.DisposeAsync();
        var second = b.DisposeAsync();
        return first.IsCompletedSuccessfully && second.IsCompletedSuccessfully ? ValueTask.CompletedTask : BothAsync(first, second);
    }

    private static async ValueTask BothAsync(ValueTask a, ValueTask b)
    {
        await a;
        await b;
    }

    private static async ValueTask EndPumpAsync(Exchange exchange, Task pumping)
    {
        if (!pumping.IsCompleted)
        {
            // The upstream is through without the rest of the body.
            exchange.MayContinue?.TrySetCanceled(CancellationToken.None);
            exchange.Context.Request.BodyReader.CancelPendingRead();
            exchange.Connection.Abort(CutCause.None);
        }

        try
        {
            await pumping;
        }
        catch (ForwardException)
        {
            // The response tells its own end.
        }
    }

    private static ForwardError ErrorOf(Exception e, HttpContext context, UpstreamConnection? connection, bool headIn, CancellationToken stop)
    {
        if (context.RequestAborted.IsCancellationRequested || e is BadHttpRequestException) return ForwardError.ClientGone;
        if (stop.IsCancellationRequested) return ForwardError.Stopped;
        return connection?.Cut switch
        {
            CutCause.ClientGone => ForwardError.ClientGone,
            CutCause.Stopped => ForwardError.Stopped,
            CutCause.ReadTimeout => ForwardError.BodyTimeout,
            CutCause.WriteTimeout => headIn ? ForwardError.BodyTimeout : ForwardError.HeadTimeout,
            _ => e is ForwardException f ? f.Error : headIn ? ForwardError.BadResponseBody : connection is null ? ForwardError.ConnectFailed : ForwardError.ConnectionLost,
        };
    }

    private static bool Idempotent(string method) => method is "GET" or "HEAD" or "OPTIONS" or "PUT" or "DELETE" or "TRACE";

    private readonly record struct Attempt(ForwardError Error)
    {
        public int Status { get; init; }

        public bool MayRetry { get; init; }
    }
}
