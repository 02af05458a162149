using System.Collections.Frozen;
using System.Collections.Immutable;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Forwarding;
using Gatehouse.Terms;

namespace Gatehouse.Gateway.Access;

/// <summary>The rules in force. A new file takes over as a whole; a bad one changes nothing. Upstreams whose service stays keep their connections.</summary>
public sealed class Rules(OutboundHttp http, VerificationCache cache, TimeProvider time, ILogger<Rules> logger) : IAsyncDisposable
{
    private readonly Lock taking = new();
    private readonly Dictionary<string, Upstream> upstreams = [];
    private volatile Ruleset now = Ruleset.Empty;

    /// <summary>The rules in force.</summary>
    public Ruleset Now => now;

    /// <summary>Findings of the file in force, and those of a newer one that was refused.</summary>
    public (IReadOnlyList<Finding> InForce, IReadOnlyList<Finding>? Refused) Findings { get; private set; } = ([], null);

    /// <summary>Reads a file's text; false and unchanged rules when it has an error.</summary>
    public bool TryTake(string text)
    {
        var (file, findings) = AccessReader.Read(text);
        if (file is not null && MissingSecret(file) is { } missing) (file, findings) = (null, [.. findings, missing]);
        lock (taking)
        {
            if (file is null)
            {
                Findings = (Findings.InForce, findings);
                return false;
            }

            now = Build(file);
            Findings = (findings, null);
            cache.Clear();
            return true;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var upstream in upstreams.Values) await upstream.DisposeAsync();
    }

    /// <summary>A ruleset without live upstreams, for <c>explain</c> and <c>test</c>.</summary>
    public static Ruleset Dry(AccessFile file) => new()
    {
        File = file, Routes = new RouteTable(file.Routes), Foreign = FrozenDictionary<string, ImmutableArray<ICredentialVerifier>>.Empty, Upstreams = FrozenDictionary<string, Upstream>.Empty, Outbound = FrozenDictionary<string, OutboundPlan>.Empty,
    };

    private Ruleset Build(AccessFile file)
    {
        var issuers = file.Issuers.ToDictionary(one => one.Key, one => one.Value);
        foreach (var service in file.Services)
        {
            if (upstreams.TryGetValue(service.Name, out var live)) live.ApplyPlan(service.Plan);
            else upstreams[service.Name] = new Upstream(service.Plan, time, logger);
        }

        foreach (var gone in upstreams.Keys.Except(file.Services.Select(service => service.Name)).ToList())
        {
            var left = upstreams[gone];
            upstreams.Remove(gone);
            _ = left.DisposeAsync().AsTask();
        }

        return new Ruleset
        {
            File = file, Routes = new RouteTable(file.Routes), Upstreams = upstreams.ToFrozenDictionary(), Outbound = file.Services.ToFrozenDictionary(service => service.Name, service => new OutboundPlan(service, file.Realm)),
            Foreign = file.Services.Where(service => !service.Accepts.Issuers.IsEmpty).ToFrozenDictionary(service => service.Name, service => service.Accepts.Issuers.Select(name => Trust(issuers[name], service, file.Realm)).ToImmutableArray()),
        };
    }

    private ICredentialVerifier Trust(ForeignIssuer issuer, Service service, string realm)
        => issuer.Introspect is { } endpoint
            ? new ForeignOpaque(new ForeignOpaqueTrust(issuer.Name, endpoint, issuer.Client!, new Secret(Environment.GetEnvironmentVariable(issuer.SecretVariable!) ?? ""), issuer.Cache), realm, http, time)
            : new ForeignJwt(new ForeignJwtTrust(issuer.Name, issuer.Issuer!, issuer.Jwks!, issuer.Audiences.IsEmpty ? [service.Audience] : issuer.Audiences, issuer.Algorithms), realm, http, time);

    private static Finding? MissingSecret(AccessFile file)
        => file.Issuers.Values.FirstOrDefault(issuer => issuer.SecretVariable is { } name && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))) is { } lacking
            ? new Finding(Severity.Error, "access.secret", lacking.Line, $"The environment variable {lacking.SecretVariable} of issuer '{lacking.Name}' is not set.")
            : null;
}
