using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Forwarding;

/// <summary>One address of a service.</summary>
/// <param name="Uri">Scheme (<c>http</c> or <c>https</c>), host and port; path, query and user part do not count.</param>
/// <param name="Weight">Its share among the addresses, 1 to 100.</param>
public sealed record UpstreamAddress(Uri Uri, int Weight = 1);

/// <summary>How requests are spread over the addresses.</summary>
public enum BalanceKind
{
    /// <summary>One after the other, by weight.</summary>
    RoundRobin,

    /// <summary>The address with the fewest requests under way for its weight.</summary>
    LeastRequests,
}

/// <summary>How long to wait for what. Zero or less means: wait for ever.</summary>
public sealed record ForwardTimes
{
    /// <summary>To open a connection, name look-up and TLS included; also to wait for a free one.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From the request's last byte to the response's complete head.</summary>
    public TimeSpan ResponseHead { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two reads from, or writes to, the upstream while a body is under way.</summary>
    public TimeSpan BodyIdle { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Without a byte in either direction after an Upgrade. WebSocket peers ping far more often.</summary>
    public TimeSpan UpgradeIdle { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long to wait for <c>100 Continue</c> before the body is sent without it (RFC 9110, 10.1.1).</summary>
    public TimeSpan Continue { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an unused connection is kept; an upstream's own <c>Keep-Alive: timeout</c> shortens it.</summary>
    public TimeSpan PoolIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long any connection is reused, so that changed names in DNS are noticed.</summary>
    public TimeSpan PoolLifetime { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>How the health of the addresses is learnt.</summary>
public sealed record HealthPlan
{
    /// <summary>Path and query asked by the active check, or null for no active check.</summary>
    public string? Path { get; init; }

    /// <summary>Time between two active checks of one address.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one active check may take.</summary>
    public TimeSpan TimeOut { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Active checks failed in a row until the address counts as down.</summary>
    public int UnhealthyAfter { get; init; } = 2;

    /// <summary>Active checks passed in a row until it counts as up again.</summary>
    public int HealthyAfter { get; init; } = 2;

    /// <summary>Requests in a row without a response head until the address is put in quarantine; 0 for never.</summary>
    public int FailuresToQuarantine { get; init; } = 3;

    /// <summary>How long a quarantine lasts.</summary>
    public TimeSpan Quarantine { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>All that is configured about one service behind the gate. A value: the access file builds it, <see cref="Upstream"/> lives by it.</summary>
public sealed record UpstreamPlan
{
    /// <summary>The service's name, for logs and metrics.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is. Empty means that every request is answered 503.</summary>
    public required ImmutableArray<UpstreamAddress> Addresses { get; init; }

    /// <summary>How requests are spread.</summary>
    public BalanceKind Balance { get; init; }

    /// <summary>Time-outs.</summary>
    public ForwardTimes Times { get; init; } = new();

    /// <summary>Health checks.</summary>
    public HealthPlan Health { get; init; } = new();

    /// <summary>Requests (and upgraded connections) at once per address; more wait up to <see cref="ForwardTimes.Connect"/>.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>True: the upstream sees the client's Host. False: that of its own address.</summary>
    public bool PassHost { get; init; }

    /// <summary>True: an RFC 7239 <c>Forwarded</c> header is sent besides <c>X-Forwarded-*</c>.</summary>
    public bool SendForwarded { get; init; }

    /// <summary>Private roots that an https address may be issued by; empty means the system's roots.</summary>
    public ImmutableArray<X509Certificate2> TrustedRoots { get; init; } = [];
}
