using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Forwarding;

/// <summary>One request and its response on one upstream connection.</summary>
internal sealed class Exchange(HttpContext context, UpstreamPlan plan, UpstreamConnection connection, TimeProvider time, Exchange.Shape shape)
{
    private const int MaxInterim = 16;

    private volatile bool _headReceived;
    private volatile bool _bodySent;

    /// <summary>How the request is framed, found once from what the client sent.</summary>
    /// <param name="Framing">Of the body.</param>
    /// <param name="Length">Content-Length, when it is framed so.</param>
    /// <param name="Expects">The client waits for 100 Continue.</param>
    /// <param name="Upgrade">The Upgrade header to forward.</param>
    /// <param name="WebSocketKey">Of a WebSocket over HTTP/2: the key made for the upstream.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Shape(Framing Framing, long Length, bool Expects, string? Upgrade, string? WebSocketKey)
    {
        /// <summary>Something was asked to be upgraded.</summary>
        public bool WantsUpgrade => Upgrade is not null || WebSocketKey is not null;
    }

    /// <summary>The client's request.</summary>
    public HttpContext Context => context;

    /// <summary>The connection.</summary>
    public UpstreamConnection Connection => connection;

    /// <summary>The plan.</summary>
    public UpstreamPlan Plan => plan;

    /// <summary>The framing.</summary>
    public Shape Framed => shape;

    /// <summary>The upstream said 100, or the client need not wait for it.</summary>
    public TaskCompletionSource? MayContinue { get; } = shape.Expects ? new(TaskCreationOptions.RunContinuationsAsynchronously) : null;

    /// <summary>The whole request body is with the upstream.</summary>
    public bool BodySent => _bodySent;

    /// <summary>When the upstream must have sent its next bytes.</summary>
    public long In(TimeSpan span) => time.After(time.GetTimestamp(), span);

    /// <summary>Waits no longer than this while the client sends nothing.</summary>
    public TimeProvider Time => time;

    /// <summary>The request is out: from now the response head has its time.</summary>
    public void RequestSent()
    {
        connection.WriteBy(In(plan.Times.ResponseHead));
        _bodySent = true;
        if (_headReceived) connection.WriteBy(0);
    }

    /// <summary>The response head is in: its time no longer runs.</summary>
    public void HeadReceived()
    {
        _headReceived = true;
        if (_bodySent) connection.WriteBy(0);
    }

    /// <summary>Reads heads until the final one, or 101 to a request for an upgrade. One state machine, pooled: every request waits here.</summary>
    /// <exception cref="ForwardException">The connection ended or a head is bad.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadFinalHeadAsync()
    {
        var head = connection.Head;
        for (var interim = 0; interim < MaxInterim;)
        {
            var parsed = connection.UnreadLength == 0 ? Parsed.NeedMore : head.Read(connection.Unread.Span);
            if (parsed == Parsed.Bad) break;
            if (parsed == Parsed.NeedMore)
            {
                var count = await connection.FillAsync();
                if (count == 0) throw new ForwardException(connection.UnreadLength == 0 ? ForwardError.ConnectionLost : ForwardError.BadResponseHead);
                connection.Filled(count);
                continue;
            }

            if (head.Status == StatusCodes.Status101SwitchingProtocols && !shape.WantsUpgrade) break;
            if (head.Status is >= 200 or StatusCodes.Status101SwitchingProtocols) return;
            if (head.ContentLength > 0 || head.Chunked) break;
            // 100 lets the body go; 102, 103 and unknown ones have no way to the client through Kestrel and may be dropped (RFC 9110, 15.2).
            if (head.Status == StatusCodes.Status100Continue) MayContinue?.TrySetResult();
            connection.Take(head.Length);
            connection.Compact();
            head.Reset();
            interim++;
        }

        throw new ForwardException(ForwardError.BadResponseHead);
    }

    /// <summary>Finds the framing of a request.</summary>
    public static Shape ShapeOf(HttpContext context, OutgoingRequest request)
    {
        var incoming = context.Request;
        if (request.MayUpgrade)
        {
            if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" })
                return new Shape(Framing.None, 0, false, null, Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)));
            if (incoming.Headers.Upgrade is { Count: 1 } upgrade && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
                return new Shape(Framing.None, 0, false, upgrade[0], null);
        }

        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return new Shape(incoming.ContentLength == 0 ? Framing.Length : Framing.None, 0, false, null, null);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = request.MaxBody;
        var expects = incoming.Headers.Expect is { Count: 1 } expect && "100-continue".Equals(expect[0], StringComparison.OrdinalIgnoreCase);
        return incoming.ContentLength is { } length
            ? new Shape(Framing.Length, length, expects && length > 0, null, null)
            : new Shape(Framing.Chunked, 0, expects, null, null);
    }
}
