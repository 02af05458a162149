using System.Collections.Concurrent;
using System.Text.Json;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Outbound;

/// <summary>
/// A foreign issuer's key set, at a given address or found by discovery (RFC 8414; OpenID Connect Discovery, 4). Fetched once for all who wait, at most once in ten seconds; renewed beside the requests
/// after ten minutes. While the issuer is down, known keys go on counting: its outage is not ours.
/// </summary>
public sealed class IssuerKeys(string issuer, Uri? address, OutboundHttp http, TimeProvider time)
{
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly Lock starting = new();
    private volatile Held? held;
    private Task? fetching;
    private long triedAt = long.MinValue;

    /// <summary>The verifier of a token's key, or null; and whether any key set was ever had. Only a token with an unknown key waits for a fetch.</summary>
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
        try
        {
            if ((address ?? await DiscoverAsync()) is not { } jwks) return;
            using var request = new HttpRequestMessage(HttpMethod.Get, jwks);
            var (status, body) = await http.SendAsync(request, CancellationToken.None);
            if ((int)status == 200 && JwkSet.TryParse(body, out var set, out _)) held = new Held(set, time.GetTimestamp());
        }
        catch (Exception wrong) when (wrong is HttpRequestException or OperationCanceledException or IOException)
        {
            // Known keys stay.
        }
    }

    private async Task<Uri?> DiscoverAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(issuer.TrimEnd('/') + "/.well-known/openid-configuration"));
        var (status, body) = await http.SendAsync(request, CancellationToken.None);
        if ((int)status != 200 || !StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _)) return null;
        using (document)
        {
            // Metadata of another issuer is a mix-up (RFC 8414, 3.3).
            var root = document.RootElement;
            if (Text(root, "issuer") != issuer) return null;
            return Uri.TryCreate(Text(root, "jwks_uri"), UriKind.Absolute, out var found) && found.Scheme is "http" or "https" && (found.Scheme == "https" || !issuer.StartsWith("https", StringComparison.OrdinalIgnoreCase)) ? found : null;
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
