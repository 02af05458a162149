using Gatehouse.Audit;
using Gatehouse.Credentials;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// Credentials that were verified before, under one access file: a new file begins with an empty memory, so that a verification under way cannot carry over what the new file does not trust.
/// The key is the whole credential with its kind and the service, not a digest of it: nothing can collide, and a cookie's value sent as a token is not the cookie. Refused ones are kept apart, few and short:
/// strangers cannot push the good ones out.
/// </summary>
public sealed class VerificationCache
{
    private const int MostAccepted = 50_000;
    private const int MostRefused = 4_096;
    private const int LongestRefused = 4 * 1024;

    private readonly Generations<(string Service, CredentialKind Kind, string Value), Entry> accepted = new(MostAccepted);
    private readonly Generations<(string Service, CredentialKind Kind, string Value), Entry> refused = new(MostRefused);

    /// <summary>A judged credential.</summary>
    /// <param name="Principal">Who it is; null for a credential that was refused.</param>
    /// <param name="Refused">Why it was refused; null for an accepted one.</param>
    /// <param name="Verifier">Who verified it and is asked whether it still stands.</param>
    /// <param name="Until">When it must be verified anew.</param>
    public sealed record Entry(Principal? Principal, Reason? Refused, ICredentialVerifier Verifier, DateTimeOffset Until)
    {
        /// <summary>Asked before it is used again: false where it must be verified anew. Null where its end alone counts.</summary>
        public Func<bool>? IsCurrent { get; init; }

        /// <summary>After what time a refused one may be tried again; null for what the refusal says by itself.</summary>
        public TimeSpan? Wait { get; init; }
    }

    /// <summary>A fresh entry; null otherwise.</summary>
    public Entry? Find(Service service, Credential credential, DateTimeOffset now)
    {
        var key = (service.Name, credential.Kind, credential.Value.Reveal());
        var entry = accepted.Find(key) ?? (key.Item3.Length <= LongestRefused ? refused.Find(key) : null);
        return entry?.Until > now ? entry : null;
    }

    /// <summary>Keeps an entry.</summary>
    public void Keep(Service service, Credential credential, Entry entry)
    {
        var key = (service.Name, credential.Kind, credential.Value.Reveal());
        if (entry.Principal is not null) accepted.Keep(key, entry);
        else if (key.Item3.Length <= LongestRefused) refused.Keep(key, entry);
    }
}
