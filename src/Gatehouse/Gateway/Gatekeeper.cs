using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.Policy;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>
/// THE hot path: decides about one request, from memory. 1 route, 2 credential, 3 kind, 4 verify, 5 policy and limits. Asking comes before it; what the upstream is told and the forwarding come after.
/// No events, no look-ups of services, no database: what this file does not say does not happen.
/// </summary>
public sealed class Gatekeeper(OwnJwt own, SessionCookie cookies, VerificationCache cache, RateLimits limits)
{
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(5);

    /// <summary>Decides.</summary>
    public async ValueTask<Decision> DecideAsync(Ask ask, Ruleset rules, bool tls, CancellationToken stop)
    {
        // 1 Exactly one route, or nothing is known of this path.
        if (rules.Routes.Find(ask.Method, ask.Path.Value) is not { } route) return new Decision.Refuse(Reasons.RouteUnknown);
        if (route.IsPublic)
            return route.Service.Rate is { } open && limits.Take(route.Service.Name, AddressOf(ask), open, ask.At) is { } later ? new Decision.Refuse(Reasons.RateExceeded, route, RetryAfter: later) : new Decision.Pass(route, null, null);

        // 2 One credential, or none, or a conflict. 3 A kind that the service does not accept is refused before any cryptography.
        var accepts = route.Service.Accepts;
        var found = Finder.Find(ask.Headers, accepts.Session ? rules.File.Realm : null, tls);
        if (found is not Found.One { Credential: var credential }) return new Decision.Refuse(found is Found.Conflict conflict ? conflict.Reason : Reasons.CredentialMissing, route);
        if (credential.Kind == CredentialKind.Bearer ? !accepts.Token && accepts.Issuers.IsEmpty : !accepts.Session) return new Decision.Refuse(Reasons.CredentialKind, route);

        // A browser sends its cookie with whatever another site makes it send: what changes something must come from our own pages.
        if (credential.Kind == CredentialKind.SessionCookie && !IsOwn(ask)) return new Decision.Refuse(Reasons.CredentialCrossSite, route);

        // 4 Verified before, or verified now.
        var (principal, refused) = await VerifyAsync(credential, route.Service, rules, ask.At, stop);
        if (principal is null) return new Decision.Refuse(refused!, route);

        // 5 May they? And not too often?
        var judgement = Judge.Decide(route.Rule!, principal);
        if (!judgement.Allowed) return new Decision.Refuse(judgement.Reason!, route, principal, judgement.Missing);
        if (route.Service.Rate is { } rate && limits.Take(route.Service.Name, rate.ByAddress ? AddressOf(ask) : principal.Subject, rate, ask.At) is { } wait)
            return new Decision.Refuse(Reasons.RateExceeded, route, principal, RetryAfter: wait);
        return new Decision.Pass(route, principal, credential);
    }

    private ValueTask<(Principal? Principal, Reason? Refused)> VerifyAsync(Credential credential, Service service, Ruleset rules, DateTimeOffset now, CancellationToken stop)
    {
        var known = cache.Find(service.Name, credential.Value.Reveal(), now);
        if (known is null) return VerifyNowAsync(credential, service, rules, now, stop);
        if (known.Principal is null) return ValueTask.FromResult<(Principal?, Reason?)>((null, known.Refused));
        return ValueTask.FromResult<(Principal?, Reason?)>(known.Verifier.StillStands(known.Principal) ? (known.Principal, null) : (null, Reasons.TokenRevoked));
    }

    private async ValueTask<(Principal? Principal, Reason? Refused)> VerifyNowAsync(Credential credential, Service service, Ruleset rules, DateTimeOffset now, CancellationToken stop)
    {
        Verdict verdict = new Verdict.Rejected(Reasons.TokenIssuer);
        ICredentialVerifier verifier = own;
        if (credential.Kind == CredentialKind.SessionCookie) verdict = await cookies.VerifyAsync(credential, rules.File.Realm, stop);
        else
        {
            if (service.Accepts.Token) verdict = await own.VerifyAsync(credential, stop);
            if (verdict is Verdict.Accepted { Principal.Realm: var realm } && realm != rules.File.Realm) verdict = new Verdict.Rejected(Reasons.TokenIssuer);
            if (verdict is Verdict.Rejected { Reason: var why } && (ReferenceEquals(why, Reasons.TokenIssuer) || ReferenceEquals(why, Reasons.TokenMalformed)) && rules.Foreign.TryGetValue(service.Name, out var foreign))
            {
                foreach (var one in foreign)
                {
                    var next = await one.VerifyAsync(credential, stop);
                    if (next is Verdict.Rejected { Reason: var not } && (ReferenceEquals(not, Reasons.TokenIssuer) || ReferenceEquals(not, Reasons.TokenMalformed))) continue;
                    (verdict, verifier) = (next, one);
                    break;
                }
            }
        }

        switch (verdict)
        {
            case Verdict.Accepted { Principal: var principal }:
                cache.Keep(service.Name, credential.Value.Reveal(), new VerificationCache.Entry(principal, null, verifier, principal.Until));
                return (principal, null);
            case Verdict.Unavailable unavailable:
                return (null, unavailable.Reason);
            default:
                // Remembered for a moment, so that a stuck client costs no cryptography; a session may be started any time, so not for cookies.
                var reason = ((Verdict.Rejected)verdict).Reason;
                if (credential.Kind == CredentialKind.Bearer && reason.Code != Reasons.TokenEarly.Code) cache.Keep(service.Name, credential.Value.Reveal(), new VerificationCache.Entry(null, reason, verifier, now + RefusedFor));
                return (null, reason);
        }
    }

    private static string AddressOf(Ask ask) => ask.Address?.ToString() ?? "local";

    private static bool IsOwn(Ask ask)
    {
        if (ask.Method is "GET" or "HEAD" or "OPTIONS" && ask.Headers.Upgrade.Count == 0) return true;
        if (ask.Headers["Sec-Fetch-Site"] is [{ Length: > 0 } site]) return site is "same-origin" or "none";
        return ask.Headers.Origin is [{ } origin] && origin == $"{ask.Scheme}://{ask.Host}";
    }
}
