using System.Collections.Immutable;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Keys;

/// <summary>One signing key in memory. Times are unix milliseconds.</summary>
internal sealed record RingKey(string Realm, string Algorithm, Jwk Jwk, JoseSigner Signer, JoseVerifier Verifier, long CreatedAt, long UseFrom, long RetireAfter);

/// <summary>All signing keys of one moment, immutable; which one signs follows from the clock alone, so that all nodes change over together.</summary>
internal sealed class Ring
{
    private readonly ImmutableDictionary<(string Realm, string Algorithm), ImmutableArray<RingKey>> lines;

    public Ring(ImmutableArray<RingKey> keys)
    {
        Keys = keys;
        lines = keys.GroupBy(key => (key.Realm, key.Algorithm)).ToImmutableDictionary(line => line.Key, line => line.OrderByDescending(key => key.UseFrom).ThenBy(key => key.Jwk.Kid, StringComparer.Ordinal).ToImmutableArray());
    }

    public ImmutableArray<RingKey> Keys { get; }

    public JoseSigner? Signer(string realm, string algorithm, long now)
    {
        if (!lines.TryGetValue((realm, algorithm), out var line)) return null;
        foreach (var key in line)
            if (key.UseFrom <= now) return key.Signer;
        // The first key of a realm, made by a node whose clock is ahead of ours: there is no other.
        return line[^1].Signer;
    }

    public JoseVerifier? Verifier(string realm, string? keyId, string algorithm, long now)
    {
        if (!lines.TryGetValue((realm, algorithm), out var line)) return null;
        foreach (var key in line)
            if (key.Jwk.Kid == keyId) return StateOf(key, now) == "retired" ? null : key.Verifier;
        return null;
    }

    public JwkSet Published(string realm, long now)
        => new([.. Keys.Where(key => key.Realm == realm && StateOf(key, now) != "retired").OrderByDescending(key => key.UseFrom).Select(key => key.Jwk)]);

    public string StateOf(RingKey key, long now)
    {
        if (key.UseFrom > now) return "announced";
        var next = lines[(key.Realm, key.Algorithm)].LastOrDefault(other => other.UseFrom > key.UseFrom && other.UseFrom <= now);
        if (next is null) return "active";
        return next.UseFrom + key.RetireAfter > now ? "retiring" : "retired";
    }
}
