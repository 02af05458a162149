using System.Collections.Frozen;
using Gatehouse.Audit;
using Gatehouse.Credentials;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Gateway;

/// <summary>What the gate did with a request that it would have refused.</summary>
/// <param name="Reason">Why it would have been refused.</param>
/// <param name="Under">By what it passed.</param>
/// <param name="PassAuthorization">Whether the client's own Authorization goes to the upstream.</param>
public sealed record Observed(Reason Reason, Observation Under, bool PassAuthorization);

/// <summary>
/// Turns a refusal into a pass where the route, or the client that is proven to ask, is observed. The check itself knows nothing of it: it has run in full. Identity goes to the upstream only where it was proven, and limits count as always.
/// </summary>
public sealed class Observing(RateLimits limits, Verify verify, Issuers issuers, ObservedLedger ledger)
{
    /// <summary>What an observed route lets pass. A closed list: a reason that is not in it is refused, observed or not.</summary>
    public static readonly FrozenSet<string> Passing = ((Reason[])[
        Reasons.CredentialMissing, Reasons.CredentialKind, Reasons.CredentialCrossSite,
        Reasons.TokenMalformed, Reasons.TokenExpired, Reasons.TokenEarly, Reasons.TokenSignature, Reasons.TokenIssuer, Reasons.TokenAudience, Reasons.TokenType, Reasons.TokenSecret,
        Reasons.RuleDenied, Reasons.ScopeMissing, Reasons.DialogUnknown, Reasons.DialogOver, Reasons.DialogEnded, Reasons.DialogOther, Reasons.DialogUnbound,
    ]).Select(reason => reason.Code).ToFrozenSet();

    /// <summary>What is never observed, and why. Not asked by the program, which goes by <see cref="Passing"/>: it stands here so that each reason is decided about once, and a test holds that it is.</summary>
    public static readonly FrozenDictionary<string, string> Never = new Dictionary<Reason, string>
    {
        [Reasons.RouteUnknown] = "what is not listed is never forwarded",
        [Reasons.PathAmbiguous] = "what could be read in two ways is forwarded to nobody",
        [Reasons.CredentialConflict] = "which of two credentials an upstream would believe is anybody's guess",
        [Reasons.ForwardProxy] = "who is no proxy describes what it likes",
        [Reasons.ForwardIncomplete] = "what is not described cannot be judged",
        [Reasons.ForwardGateOnly] = "nobody has looked at what the rule asks for",
        [Reasons.CredentialUnreadable] = "what could be read in two ways is forwarded to nobody",
        [Reasons.CredentialPassword] = "whoever guesses passwords must not profit",
        [Reasons.CredentialThrottled] = "whoever guesses passwords must not profit",
        [Reasons.CredentialInQuery] = "a token in a URL is known to others",
        [Reasons.TokenRevoked] = "somebody took it back: whoever stole it must not profit",
        [Reasons.TokenGadget] = "it was cut for other back ends: whoever took it here must not profit",
        [Reasons.TokenSecretOver] = "its last day is its end: whoever sets one means it",
        [Reasons.SessionEnded] = "somebody signed out: whoever kept the cookie must not profit",
        [Reasons.DialogFrozen] = "it was used for another dialog: whoever stole it must not profit",
        [Reasons.DialogUnreadable] = "what could be read in two ways is forwarded to nobody",
        [Reasons.RateExceeded] = "limits protect the upstream, not the data",
        [Reasons.VerifierUnavailable] = "says nothing about the credential",
    }.ToFrozenDictionary(one => one.Key.Code, one => one.Value);

    /// <summary>The pass that the refusal becomes, or another refusal for too many requests; null where it stays as it is.</summary>
    public Decision? Instead(Decision.Refuse refuse, Ask ask, Ruleset rules)
    {
        if (refuse.Route is not { Rule: not null } route || !Passing.Contains(refuse.Reason.Code)) return null;
        if (Under(route, refuse.Principal, ask.At, rules) is not { } under) return null;

        // Who is not proven as a whole is nobody: without its verifier a connection could not be ended with its right, and a dialog's token proves nothing about a request that is not bound to its dialog.
        var proven = refuse is { Principal: { Dialog: null }, Credential: not null, Verifier: not null } ? refuse : null;
        if (route.Service.Rate is { } rate && limits.Take(route.Service.Name, rate.ByAddress ? null : proven?.Principal!.Subject, ask.Address, rate, ask.At) is { } wait)
            return new Decision.Refuse(Reasons.RateExceeded, route, refuse.Principal, RetryAfter: wait);
        ledger.Refused(ObservedWho.Of(ask, route, refuse, under, rules.File.Realm, IsOfRealm(refuse.Principal, rules)));
        var observed = new Observed(refuse.Reason, under, proven is null && route.Service.PassAuthorizationOnObserve && !IsOurs(ask));
        return new Decision.Pass(route, proven?.Principal, proven?.Credential, proven?.Verifier, observed);
    }

    /// <summary>Counts a request that passes properly, where it is observed: without these the refused ones are no number.</summary>
    public void Count(Decision.Pass pass, Ask ask, Ruleset rules)
    {
        if (pass is { Observed: null, Route: { IsPublic: false } route } && Under(route, pass.Principal, ask.At, rules) is { } under) ledger.Passed(rules.File.Realm, route.Service.Name, route.Describe(), ask.At, under.Until);
    }

    /// <summary>By what a request of this route and principal is observed at this moment; null when it is not.</summary>
    public Observation? Under(Route route, Principal? principal, DateTimeOffset now, Ruleset rules)
    {
        if (route.Observation is { } here && (here.IsOff || here.IsInForce(now))) return here.IsOff ? null : here;
        if (rules.File.ObservedClients.IsEmpty || principal?.Client is not { } client || !rules.File.ObservedClients.TryGetValue(client, out var observed) || !observed.IsInForce(now)) return null;

        // A foreign issuer names its clients as it likes: one of ours is proven by us alone.
        return IsOfRealm(principal, rules) ? observed : null;
    }

    private bool IsOfRealm(Principal? principal, Ruleset rules) => principal is not null && (principal.Issuer is null || issuers.RealmOf(principal.Issuer) == rules.File.Realm);

    // A credential of this program, if not good enough here, is still none of the upstream's business.
    private bool IsOurs(Ask ask) => Finder.HeaderOf(ask.Headers) is { } header && verify.IsOurs(header[(header.LastIndexOf(' ') + 1)..]);
}
