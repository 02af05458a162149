using Gatehouse.Credentials;
using Gatehouse.Policy;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// THE hot path: decides about one request, from memory. 1 route, 2 credential, 3 kind, 4 verify, 5 policy, dialog and limits. Asking comes before it; what the upstream is told and the forwarding come after.
/// No events, no look-ups of services, no database: what this file does not say does not happen.
/// </summary>
public sealed class Gatekeeper(Verification verification, SharedSecrets secrets, DialogBinding binding, RateLimits limits)
{
    private static readonly TimeSpan TrySoon = TimeSpan.FromSeconds(5);
    private static readonly Secret Nothing = new("");

    private readonly Func<string, bool> isOurs = verification.IsOurs;

    /// <summary>Decides. <paramref name="memo"/> is the connection's, where there is one.</summary>
    public ValueTask<Decision> DecideAsync(Ask ask, Ruleset rules, bool tls, ConnectionMemo? memo, CancellationToken stop)
    {
        // 1 Exactly one route, or nothing is known of this path.
        if (rules.Routes.Find(ask.Method, ask.Path.Value) is not { } route) return new(new Decision.Refuse(Reasons.RouteUnknown));
        var service = route.Service;
        if (route.IsPublic) return new(ask.Query.Length > 0 && QueryTokens.HasStray(ask.Query, route.Places.Queries, isOurs, onlyOurs: true) ? new Decision.Refuse(Reasons.CredentialInQuery, route) : Open(ask, route));

        // 2 One credential, or none, or a conflict. A token in the URL ends up in logs and Referer headers: it counts only where the file declares it, and is not passed on either.
        var places = route.Places;
        if (ask.Query.Length > 0 && QueryTokens.HasStray(ask.Query, places.Queries, isOurs)) return new(new Decision.Refuse(Reasons.CredentialInQuery, route));
        var accepts = service.Accepts;
        // The memo knows a request by its Authorization alone.
        if (places.IsUsual && accepts.Legacy.IsEmpty && memo?.Find(ask.Headers, service, rules, ask.At) is { } last)
            return new(last.Credential.Kind == CredentialKind.Basic && IsForeign(ask) ? new Decision.Refuse(Reasons.CredentialCrossSite, route) : Known(ask, route, last.Credential, last.Entry, rules));
        var found = Finder.Find(ask.Headers, ask.Query, places, accepts.Session ? rules.File.Realm : null, tls, accepts.Basic);
        if (!accepts.Legacy.IsEmpty) found = Finder.FindShared(found, ask.Headers, rules.SecretHeaders[service.Name]);
        if (found is not Found.One { Credential: var credential }) return new(new Decision.Refuse(found is Found.Conflict conflict ? conflict.Reason : Reasons.CredentialMissing, route));

        // 3 A kind that the service does not accept is refused before any cryptography.
        if (credential.Kind switch { CredentialKind.Bearer or CredentialKind.SharedSecret => !accepts.Token && accepts.Issuers.IsEmpty && accepts.Legacy.IsEmpty, CredentialKind.Dialog => !accepts.Dialog, CredentialKind.Basic => !accepts.Basic, _ => !accepts.Session }) return new(new Decision.Refuse(Reasons.CredentialKind, route));

        // A browser sends its cookie with whatever another site makes it send: what changes something must come from our own pages.
        if (credential.Kind == CredentialKind.SessionCookie && !IsOwn(ask)) return new(new Decision.Refuse(Reasons.CredentialCrossSite, route));

        if (credential.Kind == CredentialKind.Basic) return IsForeign(ask) ? new(new Decision.Refuse(Reasons.CredentialCrossSite, route)) : VerifyAsync(ask, route, credential with { From = ask.Address }, rules, memo, stop);

        // 4 Verified before, or verified now. Tokens of dialogs are opened each time, and shared secrets compared.
        var entry = credential.Kind == CredentialKind.Dialog ? null : rules.Verified.Find(service, credential, ask.At);
        if (entry?.Principal is null && !rules.Shared.IsEmpty && secrets.Judge(ask, service, ref credential, rules) is { } shared) return new(Known(ask, route, credential, shared, rules));
        if (entry is null) return VerifyAsync(ask, route, credential, rules, memo, stop);
        memo?.Keep(ask.Headers, service, rules, credential, entry);
        return new(Known(ask, route, credential, entry, rules));
    }

    private async ValueTask<Decision> VerifyAsync(Ask ask, Route route, Credential credential, Ruleset rules, ConnectionMemo? memo, CancellationToken stop)
    {
        var entry = secrets.AfterAll(ask, route.Service, credential, await verification.VerifyAsync(credential, route.Service, rules, stop), rules);
        // From here on nobody needs the password, so nobody has it.
        if (credential.Kind == CredentialKind.Basic) credential = credential with { Value = Nothing };
        memo?.Keep(ask.Headers, route.Service, rules, credential, entry);
        return Known(ask, route, credential, entry, rules);
    }

    private Decision Open(Ask ask, Route route)
        => route.Service.Rate is { } rate && limits.Take(route.Service.Name, null, ask.Address, rate, ask.At) is { } wait
            ? new Decision.Refuse(Reasons.RateExceeded, route, RetryAfter: wait)
            : new Decision.Pass(route, null, null, null);

    private Decision Known(Ask ask, Route route, Credential credential, VerificationCache.Entry entry, Ruleset rules)
    {
        if (entry.Principal is not { } principal) return new Decision.Refuse(entry.Refused!, route, RetryAfter: entry.Wait ?? entry.Refused!.Status switch { 503 => TrySoon, 429 => Guesses.Rest, _ => null });
        if (!entry.Verifier.StillStands(principal)) return new Decision.Refuse(Reasons.TokenRevoked, route);

        // Only somebody who is proven is told that a text in the address is a shared secret: everybody else could try values that way.
        if (ask.Query.Length > 0 && !rules.Shared.IsEmpty && QueryTokens.HasStray(ask.Query, route.Places.Queries, rules.OrShared(isOurs))) return new Decision.Refuse(Reasons.CredentialInQuery, route);

        // What was cut for a gadget counts at the gadget's own back ends, whatever the rule says, and observing lets none of it pass.
        if (principal.Gadget is not null && !principal.Audiences.Contains(route.Service.Audience)) return new Decision.Refuse(Reasons.TokenGadget, route, principal, Credential: credential, Verifier: entry.Verifier);

        // 5 May they? About this very dialog? And not too often?
        var judgement = Judge.Decide(route.Rule!, principal);
        if (!judgement.Allowed) return new Decision.Refuse(judgement.Reason!, route, principal, judgement.Missing, Credential: credential, Verifier: entry.Verifier);
        if (principal.Dialog is not null && binding.Check(ask, route, principal) is { } unbound) return new Decision.Refuse(unbound, route, principal, Credential: credential, Verifier: entry.Verifier);
        if (route.Service.Rate is { } rate && limits.Take(route.Service.Name, rate.ByAddress ? null : principal.Subject, ask.Address, rate, ask.At) is { } wait)
            return new Decision.Refuse(Reasons.RateExceeded, route, principal, RetryAfter: wait);
        return new Decision.Pass(route, principal, credential, entry.Verifier);
    }

    private static bool IsOwn(Ask ask)
    {
        if (IsSafe(ask)) return true;
        if (ask.Headers["Sec-Fetch-Site"] is [{ Length: > 0 } site]) return site is "same-origin" or "none";
        return ask.Headers.Origin is [{ } origin] && origin == $"{ask.Scheme}://{ask.Host}";
    }

    // A browser sends a password that it was given by itself, too. Programs that are no browsers say nothing of where a request comes from, and nobody can make them send it: theirs pass.
    private static bool IsForeign(Ask ask) => !IsSafe(ask) && (ask.Headers["Sec-Fetch-Site"].Count > 0 || ask.Headers.Origin.Count > 0 ? !IsOwn(ask) : ask.Headers.Referer is [{ Length: > 0 } from, ..] && !IsOf(from, ask));

    private static bool IsOf(string address, Ask ask)
    {
        var origin = $"{ask.Scheme}://{ask.Host}";
        return address.StartsWith(origin, StringComparison.OrdinalIgnoreCase) && (address.Length == origin.Length || address[origin.Length] is '/' or '?' or '#');
    }

    private static bool IsSafe(Ask ask) => ask.Method is "GET" or "HEAD" or "OPTIONS" && ask.Headers.Upgrade.Count == 0;
}
