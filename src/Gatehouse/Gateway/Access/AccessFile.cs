using System.Collections.Immutable;
using System.Net;

namespace Gatehouse.Gateway.Access;

/// <summary>A foreign issuer whose tokens may count.</summary>
public sealed record ForeignIssuer
{
    /// <summary>Name in the access file.</summary>
    public required string Name { get; init; }

    /// <summary>Line in the access file.</summary>
    public int Line { get; init; }

    /// <summary>The <c>iss</c> of its JWTs; null for opaque tokens.</summary>
    public string? Issuer { get; init; }

    /// <summary>Address of its key set; null to find it by discovery at the issuer.</summary>
    public Uri? Jwks { get; init; }

    /// <summary>One of these audiences must be named; empty: the service's own.</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>Accepted algorithms.</summary>
    public ImmutableArray<string> Algorithms { get; init; } = ["RS256", "ES256", "PS256"];

    /// <summary>Introspection endpoint (RFC 7662) for opaque tokens.</summary>
    public Uri? Introspect { get; init; }

    /// <summary>Client id for introspection.</summary>
    public string? Client { get; init; }

    /// <summary>Environment variable that holds the client secret; a secret never stands in the access file.</summary>
    public string? SecretVariable { get; init; }

    /// <summary>File that holds the client secret, where no variable does.</summary>
    public string? SecretFile { get; init; }

    /// <summary>What is put before its subjects, so that none can pass for one of ours: the name and a colon, or nothing where the file says <c>subjects: raw</c>.</summary>
    public string SubjectPrefix { get; init; } = "";

    /// <summary>How long an introspection answer is believed.</summary>
    public TimeSpan Cache { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>A whole access file, read and judged.</summary>
public sealed record AccessFile
{
    /// <summary>Realm whose tokens and sessions count.</summary>
    public string Realm { get; init; } = "";

    /// <summary>Networks of proxies whose X-Forwarded-* counts.</summary>
    public ImmutableArray<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Foreign issuers by name.</summary>
    public ImmutableDictionary<string, ForeignIssuer> Issuers { get; init; } = ImmutableDictionary<string, ForeignIssuer>.Empty;

    /// <summary>Whether the whole realm is observed only; null when it is not.</summary>
    public Observation? Observation { get; init; }

    /// <summary>Clients of the realm that pass although a rule would refuse them.</summary>
    public ImmutableDictionary<string, Observation> ObservedClients { get; init; } = ImmutableDictionary<string, Observation>.Empty;

    /// <summary>Shared secrets by name.</summary>
    public ImmutableDictionary<string, Legacy> Legacies { get; init; } = ImmutableDictionary<string, Legacy>.Empty;

    /// <summary>Services.</summary>
    public ImmutableArray<Service> Services { get; init; } = [];

    /// <summary>All routes, rules and public lines.</summary>
    public ImmutableArray<Route> Routes { get; init; } = [];

    /// <summary>The shared secret that a service's upstream is sent; null for none, or where it is not clear which.</summary>
    public Legacy? PassedBy(Service service)
    {
        var name = service.PassSecret != "true" ? service.PassSecret : service.Accepts.Legacy is [var first, ..] ? first : Legacies.Count == 1 ? Legacies.Keys.Single() : null;
        return name is null ? null : Legacies.GetValueOrDefault(name);
    }
}

/// <summary>How grave a finding is.</summary>
public enum Severity
{
    /// <summary>The file does not load.</summary>
    Error,

    /// <summary>It loads, and someone should look.</summary>
    Warning,

    /// <summary>Worth knowing.</summary>
    Note,
}

/// <summary>Something that reading or linting found.</summary>
/// <param name="Severity">How grave.</param>
/// <param name="Code">Stable code.</param>
/// <param name="Line">Line in the file, from 1.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
public sealed record Finding(Severity Severity, string Code, int Line, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"line {Line}: {Severity.ToString().ToLowerInvariant()} {Code}: {Message}";
}
