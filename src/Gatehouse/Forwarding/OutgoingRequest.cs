using System.Collections.Immutable;

namespace Gatehouse.Forwarding;

/// <summary>A header line that the gate adds.</summary>
/// <param name="Name">A token (RFC 9110, 5.6.2).</param>
/// <param name="Value">Without control characters: a line break here makes the request <see cref="ForwardError.UnsendableRequest"/>.</param>
public readonly record struct HeaderLine(string Name, string Value);

/// <summary>What is to be sent to the upstream, decided to the last detail. Body and remaining headers come from the client's request.</summary>
public sealed class OutgoingRequest
{
    /// <summary>The method. Of a WebSocket over HTTP/2 (RFC 8441) the forwarder makes a GET itself.</summary>
    public required string Method { get; init; }

    /// <summary>Path and query exactly as they go on the wire: canonical, encoded, with a leading slash. Never decoded again.</summary>
    public required string Target { get; init; }

    /// <summary>Lines added by the gate, after the client's.</summary>
    public ImmutableArray<HeaderLine> Added { get; init; } = [];

    /// <summary>Names removed from the client's request: identity headers, credential headers. Hop-by-hop and forwarding headers always are.</summary>
    public RemovedNames Remove { get; init; } = RemovedNames.Standard;

    /// <summary>Cookies removed from the client's request, such as the session's.</summary>
    public ImmutableArray<string> RemoveCookies { get; init; } = [];

    /// <summary>Whether a WebSocket or another Upgrade may be forwarded; else the Upgrade header is dropped.</summary>
    public bool MayUpgrade { get; init; }

    /// <summary>Bytes that the body may have; more ends in 413. Null for any number: the body is streamed, not kept.</summary>
    public long? MaxBody { get; init; }

    /// <summary>Told once when the connection is upgraded, before the first byte passes. It lives until <see cref="Forwarder.ForwardAsync"/> returns.</summary>
    public Action<UpgradedConnection>? Upgraded { get; init; }

    /// <summary>The client's address as text, for <c>X-Forwarded-For</c>.</summary>
    public required string ClientAddress { get; init; }

    /// <summary>The client's scheme, <c>http</c> or <c>https</c>, for <c>X-Forwarded-Proto</c>.</summary>
    public required string Scheme { get; init; }

    /// <summary>The host that the client asked for, for <c>X-Forwarded-Host</c>, and for <c>Host</c> where the plan passes it.</summary>
    public required string Host { get; init; }

    /// <summary>What remains of the client's cookies, in one line; empty when nothing does.</summary>
    public string CookieOf(IHeaderDictionary headers)
    {
        var cookies = headers.Cookie;
        if (cookies.Count == 0) return "";
        // HTTP/2 may split cookies over lines; HTTP/1.1 wants one line (RFC 9113, 8.2.3).
        var joined = cookies.Count == 1 ? cookies[0] ?? "" : string.Join("; ", cookies.ToArray());
        if (RemoveCookies.IsDefaultOrEmpty) return joined;
        var kept = joined.Split(';').Where(pair => !RemoveCookies.Contains(pair.Split('=', 2)[0].Trim(), StringComparer.OrdinalIgnoreCase));
        return string.Join(';', kept).Trim();
    }
}
