using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>A live upstream identity provider. It meets a person in one or more of three ways; what else it can do are optional abilities. It vouches, and signs nobody in. Safe for use by many at once.</summary>
public interface IUpstream
{
    /// <summary>Asks whether it could serve now: a look at its metadata, a bind; for the "test this provider" of console and command line.</summary>
    Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop);
}

/// <summary>The person's browser goes there and comes back.</summary>
public interface IRedirects : IUpstream
{
    /// <summary>Where to send the browser. What must be remembered goes into the attempt's <see cref="Attempt.Kept"/>.</summary>
    Task<(Going? Going, Finding.Unavailable? Not)> BeginAsync(Attempt attempt, Trace trace, CancellationToken stop);

    /// <summary>Judges what the browser brought back.</summary>
    Task<Finding> FinishAsync(Attempt attempt, Returned returned, Trace trace, CancellationToken stop);
}

/// <summary>It checks a user name and password that were entered here.</summary>
public interface IChecksPasswords : IUpstream
{
    /// <summary>Checks. Unknown names and wrong passwords take the same road and the same time.</summary>
    Task<Finding> CheckAsync(string username, Secret password, Trace trace, CancellationToken stop);
}

/// <summary>It judges a proof that someone holds: a ticket, a foreign token, an assertion, a certificate.</summary>
public interface IAcceptsProof : IUpstream
{
    /// <summary>What it takes: see <see cref="ProofType"/>.</summary>
    IReadOnlyList<string> ProofTypes => [];

    /// <summary>Judges a proof. <paramref name="target"/> is what it was made for: our token endpoint, a service address.</summary>
    Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop);

    /// <summary>The same, for who takes proofs of several types.</summary>
    Task<Finding> AcceptAsync(string type, Secret proof, string? target, Trace trace, CancellationToken stop) => AcceptAsync(proof, target, trace, stop);
}

/// <summary>It tells when a session there has ended (an optional ability).</summary>
public interface IEndsSessions : IUpstream
{
    /// <summary>Reads its word; null and why when it does not count.</summary>
    Task<(EndedThere? Ended, string? Fault)> ReadAsync(string token, CancellationToken stop);
}

/// <summary>Sign-ins may begin there (an optional ability): an answer comes that nobody asked for.</summary>
public interface IStartsSignIns : IUpstream
{
    /// <summary>Whether that is turned on.</summary>
    bool StartsSignIns { get; }

    /// <summary>Local path at which such a sign-in ends.</summary>
    string Target { get; }

    /// <summary>Judges what the browser brought.</summary>
    Task<Finding> FinishUnaskedAsync(Returned returned, Trace trace, CancellationToken stop);
}

/// <summary>Whoever signs out here is signed out there, by the browser (an optional ability).</summary>
public interface ISignsOut : IUpstream
{
    /// <summary>Whether that is turned on.</summary>
    bool SignsOut { get; }

    /// <summary>Where to send the browser, which comes back with the attempt's id; null when that session cannot be ended there.</summary>
    /// <param name="attempt">The way there and back.</param>
    /// <param name="hint"><see cref="UpstreamIdentity.SignOutHint"/> of the sign-in.</param>
    /// <param name="session">The session there; null when it named none.</param>
    /// <param name="stop">Cancels.</param>
    Task<Going?> LeaveAsync(Attempt attempt, string hint, string? session, CancellationToken stop);
}

/// <summary>Whoever signs out there is signed out here, by a message to our address there (an optional ability).</summary>
public interface IHearsSignOut : IUpstream
{
    /// <summary>Reads its wish; null and why when it does not count.</summary>
    Task<(AskedToEnd? Asked, string? Fault)> HearAsync(Returned returned, CancellationToken stop);
}

/// <summary>Browsers are asked for a ticket as they arrive (an optional ability): SPNEGO (RFC 4559).</summary>
public interface IAsksForTickets : IAcceptsProof
{
    /// <summary>Whether browsers at that address are asked.</summary>
    bool Asks(System.Net.IPAddress? address);

    /// <summary>Name of our service, for whoever looks for a fault.</summary>
    string ServiceName { get; }

    /// <summary>Judges what stood after "Negotiate". The answer proves us to the browser; null when there is none.</summary>
    Task<(Finding Finding, string? Answer)> JudgeAsync(Secret proof, CancellationToken stop);

    /// <summary>Why a ticket does not fit, by a stable code; null when it fits. Nobody is vouched for by this, and nothing is used up.</summary>
    Task<string?> DiagnoseAsync(Secret proof, CancellationToken stop);

    /// <summary>What somebody should see to, such as a keytab that grows old.</summary>
    IReadOnlyList<string> Alarms();
}

/// <summary>It wants to read who we are (an optional ability): SAML metadata.</summary>
public interface IPublishesMetadata : IUpstream
{
    /// <summary>The document.</summary>
    Task<byte[]> MetadataAsync(CancellationToken stop);
}

/// <summary>An upstream's wish that sessions end.</summary>
/// <param name="Subject">Subject there; null when the sessions are known by id alone.</param>
/// <param name="Sessions">Sessions there; empty for all of the subject's.</param>
/// <param name="Answer">Where the browser goes then; null when the wish came from the upstream itself, not by a browser.</param>
public sealed record AskedToEnd(string? Subject, System.Collections.Immutable.ImmutableArray<string> Sessions, Going? Answer);

/// <summary>What ended at an upstream: one session, or all of a subject.</summary>
/// <param name="Subject">Subject there.</param>
/// <param name="SessionId">Session there; null for all of the subject's.</param>
public sealed record EndedThere(string? Subject, string? SessionId);

/// <summary>Where the browser goes: an address, by GET, or by POST with these fields.</summary>
/// <param name="Address">Absolute address.</param>
/// <param name="Fields">Fields of a form; null for a redirect.</param>
public sealed record Going(Uri Address, IReadOnlyDictionary<string, string>? Fields = null);

/// <summary>What the browser brought back.</summary>
/// <param name="Query">Query parameters; repeated ones are refused before.</param>
/// <param name="Form">Form fields of a POST; empty for GET.</param>
/// <param name="RawQuery">The query exactly as received, without its question mark: signatures cover these very octets.</param>
public sealed record Returned(IReadOnlyDictionary<string, string> Query, IReadOnlyDictionary<string, string> Form, string RawQuery)
{
    /// <summary>The certificate that the browser proved to hold in the TLS handshake, in DER; empty when none.</summary>
    public IReadOnlyList<byte[]> Certificates { get; init; } = [];

    /// <summary>The certificate that a trusted proxy says it saw, and its chain (RFC 9440), in DER; empty when none.</summary>
    public IReadOnlyList<byte[]> ProxyCertificates { get; init; } = [];

    /// <summary>A parameter from wherever it came.</summary>
    public string? this[string name] => Form.TryGetValue(name, out var field) ? field : Query.GetValueOrDefault(name);
}

/// <summary>What happened on the way, hop by hop, for "test this provider". It holds no secret: whoever writes a line sees to it.</summary>
public sealed class Trace
{
    private readonly List<string> lines = [];

    /// <summary>Nobody reads along.</summary>
    public static Trace None => new();

    /// <summary>The hops so far.</summary>
    public IReadOnlyList<string> Lines => lines;

    /// <summary>Notes a hop.</summary>
    public void Add(string line)
    {
        if (lines.Count < 200) lines.Add(line);
    }
}
