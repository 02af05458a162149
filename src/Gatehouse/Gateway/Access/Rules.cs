using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Forwarding;
using Gatehouse.Outbound;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;

namespace Gatehouse.Gateway.Access;

/// <summary>The rules in force. A new file takes over as a whole; a bad one changes nothing. Upstreams whose service stays keep their connections.</summary>
public sealed class Rules(OutboundHttp http, SessionCookie cookies, DialogBearer dialogs, BasicPassword basic, Issuers issuers, IOptions<GatewaySettings> settings, TimeProvider time, ILogger<Rules> logger) : IAsyncDisposable
{
    private readonly Lock taking = new();
    private readonly Dictionary<string, Upstream> upstreams = [];
    private readonly ImmutableArray<IPNetwork> houseProxies = [.. settings.Value.TrustedProxies.Select(text => Networks.TryParse(text, out var network) ? network : throw new AccessFault($"gateway:trustedProxies: '{text}' is no network."))];
    private readonly LegacyBook legacies = new(time, logger);
    private volatile Ruleset now = Ruleset.Empty;

    /// <summary>The rules in force.</summary>
    public Ruleset Now => now;

    /// <summary>Whose X-Forwarded-* counts: the proxies of the file in force, or those of the settings where it names none.</summary>
    public ImmutableArray<IPNetwork> Proxies => now.Proxies is { IsEmpty: false } named ? named : houseProxies;

    /// <summary>Findings of the file in force, and those of a newer one that was refused.</summary>
    public (IReadOnlyList<Finding> InForce, IReadOnlyList<Finding>? Refused) Findings { get; private set; } = ([], null);

    /// <summary>Reads a file's text; false and unchanged rules when it has an error.</summary>
    public bool TryTake(string text)
    {
        var (file, findings) = AccessReader.Read(text, now: time.GetUtcNow());
        if (file is not null && (ConfiguredSecret.Missing(file) ?? LegacyValues.Missing(file)) is { } missing) (file, findings) = (null, [.. findings, missing]);
        lock (taking)
        {
            if (file is null)
            {
                Findings = (Findings.InForce, findings);
                return false;
            }

            now = Build(file, legacies.Take(file));
            Findings = ([.. findings, .. LegacyLint.Now(file, time.GetUtcNow()), .. BasicLint.Now(file, issuers.IsTls)], null);
            return true;
        }
    }

    /// <summary>Looks whether the sources of shared secrets hold other values now. The rules are made anew then, with nothing remembered: a value refused a moment ago may be right now.</summary>
    public void LookAtSecrets()
    {
        lock (taking)
        {
            if (legacies.Look(now.File)) now = Build(now.File, legacies.All(now.File));
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

    private Ruleset Build(AccessFile file, ImmutableArray<SharedSecret> shared)
    {
        // One key set per issuer, however many services accept it.
        var keys = file.Issuers.Values.Where(one => one.Introspect is null).ToDictionary(one => one.Name, one => new IssuerKeys(one.Issuer!, one.Jwks, http, time));
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
            File = file, Routes = new RouteTable(file.Routes), Upstreams = upstreams.ToFrozenDictionary(), Outbound = file.Services.ToFrozenDictionary(service => service.Name, service => new OutboundPlan(service, file.Realm, file.Routes, shared, file.PassedBy(service))),
            Shared = shared,
            SecretHeaders = file.Services.Where(service => !service.Accepts.Legacy.IsEmpty).ToFrozenDictionary(service => service.Name, service => service.Accepts.Legacy.SelectMany(name => file.Legacies[name].Headers).Distinct(StringComparer.OrdinalIgnoreCase).ToImmutableArray()),
            Foreign = file.Services.Where(service => !service.Accepts.Issuers.IsEmpty).ToFrozenDictionary(service => service.Name, service => service.Accepts.Issuers.Select(name => Trust(file.Issuers[name], keys, service, file.Realm)).ToImmutableArray()),
            Cookies = cookies.Of(file.Realm),
            Dialogs = dialogs.Of(file.Realm),
            Basic = basic.Of(file.Realm),
        };
    }

    private ICredentialVerifier Trust(ForeignIssuer issuer, Dictionary<string, IssuerKeys> keys, Service service, string realm)
        => issuer.Introspect is { } endpoint
            ? new ForeignOpaque(new ForeignOpaqueTrust(endpoint, issuer.Client!, ConfiguredSecret.Of(issuer)!, issuer.Cache, issuer.SubjectPrefix, issuer.Audiences), realm, http, time)
            : new ForeignJwt(new ForeignJwtTrust(issuer.Issuer!, issuer.SubjectPrefix, issuer.Audiences.IsEmpty ? [service.Audience] : issuer.Audiences, issuer.Algorithms), realm, keys[issuer.Name], time);
}
