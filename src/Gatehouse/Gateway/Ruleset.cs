using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using Gatehouse.Credentials;
using Gatehouse.Forwarding;
using Gatehouse.Gateway.Access;

namespace Gatehouse.Gateway;

/// <summary>Everything a decision needs of one access file, immutable and swapped as a whole on reload: a request is judged by one file, never by two.</summary>
public sealed class Ruleset
{
    /// <summary>The file it came from.</summary>
    public required AccessFile File { get; init; }

    /// <summary>All routes.</summary>
    public required RouteTable Routes { get; init; }

    /// <summary>Verifiers of foreign issuers that a service accepts, by service name.</summary>
    public required FrozenDictionary<string, ImmutableArray<ICredentialVerifier>> Foreign { get; init; }

    /// <summary>Shared secrets in force.</summary>
    public ImmutableArray<SharedSecret> Shared { get; init; } = [];

    /// <summary>The same question, and whether a text is a shared secret in force, whoever accepts it. Made here, so that a request without a query costs nothing.</summary>
    public Func<string, bool> OrShared(Func<string, bool> isOurs) => Shared.IsEmpty ? isOurs : Either(isOurs);

    private Func<string, bool> Either(Func<string, bool> isOurs) => text => isOurs(text) || IsShared(text);

    private bool IsShared(string text)
    {
        var secret = new Terms.Secret(text);
        foreach (var one in Shared)
            if (one.Verifier.Find(secret) is not null) return true;
        return false;
    }

    /// <summary>Headers in which a service accepts shared secrets, by service name; only services that do.</summary>
    public FrozenDictionary<string, ImmutableArray<string>> SecretHeaders { get; init; } = FrozenDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>The verifier of the realm's session cookies; null in a dry ruleset.</summary>
    public ICredentialVerifier? Cookies { get; init; }

    /// <summary>The verifier of the realm's users by name and password; null in a dry ruleset.</summary>
    public ICredentialVerifier? Basic { get; init; }

    /// <summary>The verifier of the tokens of the realm's dialogs; null in a dry ruleset.</summary>
    public ICredentialVerifier? Dialogs { get; init; }

    /// <summary>Credentials verified under this file.</summary>
    public VerificationCache Verified { get; } = new();

    /// <summary>Live upstreams by service name.</summary>
    public required FrozenDictionary<string, Upstream> Upstreams { get; init; }

    /// <summary>What is sent to each service's upstream, and what is taken away before.</summary>
    public required FrozenDictionary<string, OutboundPlan> Outbound { get; init; }

    /// <summary>Networks of trusted proxies.</summary>
    public ImmutableArray<IPNetwork> Proxies => File.TrustedProxies;

    /// <summary>A gate without an access file: everything is unknown, so everything is 404.</summary>
    public static Ruleset Empty { get; } = new()
    {
        File = new AccessFile(), Routes = new RouteTable([]), Foreign = FrozenDictionary<string, ImmutableArray<ICredentialVerifier>>.Empty,
        Upstreams = FrozenDictionary<string, Upstream>.Empty, Outbound = FrozenDictionary<string, OutboundPlan>.Empty,
    };
}
