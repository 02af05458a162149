using System.Collections.Concurrent;
using Gatehouse.Credentials;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// Credentials that were verified before. The key is the whole credential and the service, not a digest of it: nothing can collide. A hit costs a look-up, an expiry check and a revocation check.
/// Bounded by two generations: when the young one is full it becomes the old one, and the old one is forgotten.
/// </summary>
public sealed class VerificationCache
{
    private const int Most = 50_000;

    private volatile ConcurrentDictionary<(string Service, string Credential), Entry> young = new();
    private volatile ConcurrentDictionary<(string Service, string Credential), Entry> old = new();

    /// <summary>A verified credential.</summary>
    /// <param name="Principal">Who it is; null for a credential that was refused.</param>
    /// <param name="Refused">Why it was refused; null for an accepted one.</param>
    /// <param name="Verifier">Who verified it and is asked whether it still stands.</param>
    /// <param name="Until">When it must be verified anew.</param>
    public sealed record Entry(Principal? Principal, Reason? Refused, ICredentialVerifier Verifier, DateTimeOffset Until);

    /// <summary>A fresh entry; null otherwise.</summary>
    public Entry? Find(string service, string credential, DateTimeOffset now)
    {
        if (young.TryGetValue((service, credential), out var entry)) return entry.Until > now ? entry : null;
        if (!old.TryGetValue((service, credential), out entry) || entry.Until <= now) return null;
        young.TryAdd((service, credential), entry);
        return entry;
    }

    /// <summary>Keeps an entry.</summary>
    public void Keep(string service, string credential, Entry entry)
    {
        if (young.Count >= Most)
        {
            old = young;
            young = new ConcurrentDictionary<(string Service, string Credential), Entry>();
        }

        young[(service, credential)] = entry;
    }

    /// <summary>Forgets all: the access file changed.</summary>
    public void Clear()
    {
        old = new ConcurrentDictionary<(string Service, string Credential), Entry>();
        young = new ConcurrentDictionary<(string Service, string Credential), Entry>();
    }
}
