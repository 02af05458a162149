using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Clients;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Gateway.Access;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>A shared secret in force.</summary>
/// <param name="Plan">What the access file says of it.</param>
/// <param name="Verifier">Who compares it.</param>
public sealed record SharedSecret(Legacy Plan, LegacySecret Verifier);

/// <summary>
/// Judges shared secrets, before any other verifier sees the credential: one that introspects must never be handed a secret that opens other doors. Nothing is remembered, so that a rotation counts at once.
/// </summary>
public sealed class SharedSecrets(Guesses guesses, LegacyLedger ledger)
{
    private const int LongestAgent = 80;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);

    // What somebody made up would fill the ledger.
    private static readonly FrozenSet<string> Methods = new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Notes that a request passed by a shared secret, for the weaning report: from where, with which program, for what.</summary>
    public void Used(Ask ask, Decision.Pass pass)
    {
        if (pass is not { Principal: { Kind: PrincipalKind.Legacy } principal, Verifier: LegacySecret verifier }) return;
        var agent = ObservedWho.Printable(ask.Headers.UserAgent is [{ } first, ..] ? first : "", LongestAgent);
        ledger.Note(new LegacyUseKey(principal.Realm, verifier.Name, verifier.IsCurrent(principal), ObservedWho.NetworkOf(ask.Address, 32, 64), agent, pass.Route.Service.Name, pass.Route.Template.Text, Methods.Contains(ask.Method) ? ask.Method : "OTHER"), ask.At);
    }

    /// <summary>The judgement; null when the credential is none of the file's shared secrets, and another verifier may know it.</summary>
    /// <remarks>Where a right value may not stand, the answer must not tell that it is right: it goes on as a value that nobody knows, and what is said of that is said of it.</remarks>
    public VerificationCache.Entry? Judge(Ask ask, Service service, ref Credential credential, Ruleset rules)
    {
        if (credential.Kind is not (CredentialKind.Bearer or CredentialKind.SharedSecret)) return null;
        SharedSecret? known = null;
        Principal? principal = null;
        foreach (var one in rules.Shared)
            // One value under two names counts by the name that this service accepts.
            if (one.Verifier.Find(credential.Value) is { } found && (known is null || Fits(one.Plan, service, credential))) (known, principal) = (one, found);
        if (known is not null && !Fits(known.Plan, service, credential))
        {
            credential = credential with { Value = new Secret(Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(credential.Value.Reveal())))) };
            known = null;
        }

        if (known is null || principal is null)
        {
            if (credential.Kind != CredentialKind.SharedSecret) return null;
            guesses.Note(ask.Address, credential.Value, ask.At);
            return No(guesses.IsOver(ask.Address, ask.At) ? Reasons.RateExceeded : Reasons.TokenSecret, rules.Shared[0].Verifier, ask);
        }

        if (guesses.IsOver(ask.Address, ask.At)) return No(Reasons.RateExceeded, known.Verifier, ask);
        return ask.At < known.Verifier.Until ? new VerificationCache.Entry(principal, null, known.Verifier, ask.At) : No(Reasons.TokenSecretOver, known.Verifier, ask);
    }

    /// <summary>What to say of a bearer token that no verifier took, where a shared secret might have stood: guesses are counted. Tokens that were signed by somebody are no guesses.</summary>
    public VerificationCache.Entry AfterAll(Ask ask, Service service, Credential credential, VerificationCache.Entry entry, Ruleset rules)
    {
        if (entry.Refused is null || service.Accepts.Legacy.IsEmpty || credential.Kind != CredentialKind.Bearer) return entry;
        if (!rules.Shared.Any(one => Fits(one.Plan, service, credential))) return entry;
        if (Jws.TryParse(credential.Value.Reveal(), Limits.Default, out _, out _)) return entry;
        guesses.Note(ask.Address, credential.Value, ask.At);
        return guesses.IsOver(ask.Address, ask.At) ? No(Reasons.RateExceeded, entry.Verifier, ask) : entry;
    }

    private static bool Fits(Legacy plan, Service service, Credential credential) => service.Accepts.Legacy.Contains(plan.Name) && credential.Place switch
    {
        CredentialPlace.Authorization => plan.InAuthorization,
        CredentialPlace.Header => plan.Headers.Contains(credential.Name, StringComparer.OrdinalIgnoreCase),
        _ => false,
    };

    private static VerificationCache.Entry No(Reason reason, ICredentialVerifier verifier, Ask ask) => new(null, reason, verifier, ask.At);
}
