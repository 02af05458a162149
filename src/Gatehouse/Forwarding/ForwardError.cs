using Gatehouse.Terms;

namespace Gatehouse.Forwarding;

/// <summary>Every way in which forwarding fails. A closed list: <see cref="ForwardErrors.ReasonOf"/> gives what the client is told.</summary>
public enum ForwardError
{
    /// <summary>The response was forwarded to its last byte.</summary>
    None,

    /// <summary>503: the service has no address, or all are down.</summary>
    NoHealthyUpstream,

    /// <summary>503: every connection of the address was busy for the whole connect time.</summary>
    UpstreamBusy,

    /// <summary>502: no connection: refused, unreachable, or the name is unknown.</summary>
    ConnectFailed,

    /// <summary>504: the connection did not open in time.</summary>
    ConnectTimeout,

    /// <summary>502: TLS failed: an untrusted or wrongly named certificate, or no common version.</summary>
    TlsFailed,

    /// <summary>502: the upstream closed the connection before a response head.</summary>
    ConnectionLost,

    /// <summary>504: no complete response head in time.</summary>
    HeadTimeout,

    /// <summary>502: the response head breaks RFC 9112, or is too large, or could be read in two ways.</summary>
    BadResponseHead,

    /// <summary>502: the response body ended early or its chunks are broken; the client's response was aborted.</summary>
    BadResponseBody,

    /// <summary>504: the upstream stopped sending or reading in the middle of a body.</summary>
    BodyTimeout,

    /// <summary>499: the client went away, or broke its own request body.</summary>
    ClientGone,

    /// <summary>400: the request cannot be put on the wire: CONNECT, or a forbidden character in its target or a header.</summary>
    UnsendableRequest,

    /// <summary>503: the program is stopping.</summary>
    Stopped,
}

/// <summary>What <see cref="ForwardError"/> means to others.</summary>
public static class ForwardErrors
{
    /// <summary>The reason to tell the client; null for <see cref="ForwardError.None"/> and <see cref="ForwardError.ClientGone"/>, when nobody listens.</summary>
    public static Reason? ReasonOf(ForwardError error) => error switch
    {
        ForwardError.None or ForwardError.ClientGone => null,
        ForwardError.NoHealthyUpstream or ForwardError.UpstreamBusy or ForwardError.Stopped => Reasons.UpstreamUnavailable,
        ForwardError.ConnectTimeout or ForwardError.HeadTimeout or ForwardError.BodyTimeout => Reasons.UpstreamTimeout,
        ForwardError.UnsendableRequest => Reasons.RequestInvalid,
        _ => Reasons.UpstreamFailed,
    };
}

/// <summary>How one forwarding ended.</summary>
/// <param name="Error">What went wrong, if anything.</param>
/// <param name="ResponseStarted">True when the client has got a head: then nothing may be written any more. False with an error: the gate writes problem+json.</param>
/// <param name="Status">The upstream's status, 0 when there was none.</param>
/// <param name="Address">The address last tried.</param>
/// <param name="Attempts">How many connections were tried.</param>
public readonly record struct ForwardResult(ForwardError Error, bool ResponseStarted, int Status, Uri? Address, int Attempts);
