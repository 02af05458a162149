using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// Asks the verifiers of a service in their order: 1 ours, which no stranger ever gets to see; 2 foreign issuers of JWTs, each by its exact <c>iss</c>; 3 those that introspect, until one knows the token.
/// An issuer that cannot be reached is no refusal, and is remembered only while no other accepts.
/// </summary>
public sealed class Verification(OwnJwt own, TimeProvider time)
{
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BelievedFor = TimeSpan.FromMinutes(5);

    /// <summary>Verifies and remembers. The entry of an issuer that cannot be reached is not remembered, nor is any of a dialog's token: what has ended is felt at once.</summary>
    public async ValueTask<VerificationCache.Entry> VerifyAsync(Credential credential, Service service, Ruleset rules, CancellationToken stop)
    {
        if (credential.Kind == CredentialKind.Dialog)
        {
            var judged = await rules.Dialogs!.VerifyAsync(credential, stop);
            return judged is Verdict.Accepted { Principal: var holder }
                ? new VerificationCache.Entry(holder, null, rules.Dialogs, holder.Until) : new VerificationCache.Entry(null, ((Verdict.Rejected)judged).Reason, rules.Dialogs, default);
        }

        if (credential.Kind == CredentialKind.Basic) return await PasswordAsync(credential, rules, stop);
        var (verdict, verifier) = credential.Kind == CredentialKind.SessionCookie ? (await rules.Cookies!.VerifyAsync(credential, stop), rules.Cookies) : await BearerAsync(credential, service, rules, stop);
        var now = time.GetUtcNow();
        switch (verdict)
        {
            case Verdict.Accepted { Principal: var principal, Believed: var believed }:
                // Verified anew now and then: a foreign issuer may have taken a key away.
                var until = Earliest(principal.Until, believed ?? (ReferenceEquals(verifier, own) ? principal.Until : now + BelievedFor));
                var entry = new VerificationCache.Entry(principal, null, verifier, until);
                rules.Verified.Keep(service, credential, entry);
                return entry;
            case Verdict.Unavailable unavailable:
                return new VerificationCache.Entry(null, unavailable.Reason, verifier, now);
            default:
                // Remembered for a moment, so that a stuck client costs no cryptography; a session may be started any time, so not for cookies.
                var reason = ((Verdict.Rejected)verdict).Reason;
                var refused = new VerificationCache.Entry(null, reason, verifier, now + RefusedFor);
                if (credential.Kind == CredentialKind.Bearer && reason.Code != Reasons.TokenEarly.Code) rules.Verified.Keep(service, credential, refused);
                return refused;
        }
    }

    /// <summary>Whether a text is a token or secret of ours, genuine or not.</summary>
    public bool IsOurs(string text) => own.IsOurs(text);

    // Remembered by its verifier alone, under a keyed hash: a password is no key of any memory of ours.
    private static async ValueTask<VerificationCache.Entry> PasswordAsync(Credential credential, Ruleset rules, CancellationToken stop)
        => await rules.Basic!.VerifyAsync(credential, stop) switch
        {
            Verdict.Accepted accepted => new VerificationCache.Entry(accepted.Principal, null, rules.Basic, accepted.Believed!.Value) { IsCurrent = accepted.IsCurrent },
            Verdict.Rejected rejected => new VerificationCache.Entry(null, rejected.Reason, rules.Basic, default) { Wait = rejected.Wait },
            var verdict => new VerificationCache.Entry(null, ((Verdict.Unavailable)verdict).Reason, rules.Basic, default),
        };

    private async ValueTask<(Verdict Verdict, ICredentialVerifier Verifier)> BearerAsync(Credential credential, Service service, Ruleset rules, CancellationToken stop)
    {
        // 1 Ours, of whichever realm: an issuer that introspects must never be handed a token that it could use here.
        if (own.IsOurs(credential))
        {
            if (!service.Accepts.Token) return (new Verdict.Rejected(Reasons.CredentialKind), own);
            var ours = await own.VerifyAsync(credential, stop);
            return (ours is Verdict.Accepted { Principal.Realm: var realm } && realm != rules.File.Realm ? new Verdict.Rejected(Reasons.TokenIssuer) : ours, own);
        }

        (Verdict Verdict, ICredentialVerifier Verifier) last = (service.Accepts.Token ? await own.VerifyAsync(credential, stop) : new Verdict.Rejected(Reasons.TokenIssuer), own);
        if (!rules.Foreign.TryGetValue(service.Name, out var foreign)) return last;

        // 2 JWTs by their issuer.
        foreach (var one in foreign)
        {
            if (one is not ForeignJwt) continue;
            var verdict = await one.VerifyAsync(credential, stop);
            if (verdict is Verdict.Rejected { Reason: var not } && ReferenceEquals(not, Reasons.TokenIssuer)) continue;
            return (verdict, one);
        }

        // 3 By introspection. "Inactive" of one says nothing about the next.
        foreach (var one in foreign)
        {
            if (one is not ForeignOpaque) continue;
            var verdict = await one.VerifyAsync(credential, stop);
            if (verdict is Verdict.Accepted) return (verdict, one);
            if (last.Verdict is not Verdict.Unavailable) last = (verdict, one);
        }

        return last;
    }

    private static DateTimeOffset Earliest(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
