using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.ResourceServer;

/// <summary>
/// The issuer's key set: found by discovery, fetched once for all who wait and at most once in ten seconds, renewed beside the requests after ten minutes. A token with a key that is not known makes it look again, so that
/// a rotation is felt at once; while the issuer is away, known keys go on counting.
/// </summary>
internal sealed class IssuerKeys(TrustRules rules, Asking asking, TimeProvider time)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly Lock starting = new();
    private volatile Held? held;
    private Task? fetching;
    private long triedAt = long.MinValue;

    /// <summary>The verifier of a token's key; and whether any key set was ever had.</summary>
    public async ValueTask<(JoseVerifier? Key, bool Known)> FindAsync(string? keyId, string algorithm, CancellationToken stop)
    {
        if (held is { } now && now.Find(keyId, algorithm) is { } verifier)
        {
            if (time.GetElapsedTime(now.At) > Fresh) _ = Fetch();
            return (verifier, true);
        }

        await Fetch().WaitAsync(stop);
        return (held?.Find(keyId, algorithm), held is not null);
    }

    // Not the request's own token: whoever asked first may leave, the others still wait.
    private Task Fetch()
    {
        lock (starting)
        {
            if (fetching is { IsCompleted: false }) return fetching;
            if (triedAt != long.MinValue && time.GetElapsedTime(triedAt) < Calm) return Task.CompletedTask;
            triedAt = time.GetTimestamp();
            return fetching = Task.Run(FetchAsync);
        }
    }

    private async Task FetchAsync()
    {
        if ((rules.Keys ?? await DiscoverAsync()) is { } address && await asking.GetAsync(address) is { } body && JwkSet.TryParse(body, out var set, out _)) held = new Held(set, time.GetTimestamp());
    }

    private async Task<Uri?> DiscoverAsync()
    {
        if (await asking.GetAsync(new Uri(rules.Issuer.TrimEnd('/') + "/.well-known/openid-configuration")) is not { } body || !StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return null;
        using (document)
        {
            // Metadata of another issuer is a mix-up (RFC 8414, 3.3).
            if (Text(document.RootElement, "issuer") != rules.Issuer) return null;
            return Uri.TryCreate(Text(document.RootElement, "jwks_uri"), UriKind.Absolute, out var found) && (found.Scheme == "https" || (found.Scheme == "http" && rules.Issuer.StartsWith("http:", StringComparison.Ordinal))) ? found : null;
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private sealed class Held(JwkSet set, long at)
    {
        private readonly ConcurrentDictionary<Jwk, JoseVerifier> verifiers = new(ReferenceEqualityComparer.Instance);

        public long At => at;

        public JoseVerifier? Find(string? keyId, string algorithm) => set.Find(keyId, algorithm) is { } key ? verifiers.GetOrAdd(key, static one => new JoseVerifier(one)) : null;
    }
}
