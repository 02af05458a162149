using System.Collections.Frozen;
using Gatehouse.Terms;

namespace Gatehouse.Audit;

/// <summary>What to send to whom: one sentence for each group, ready to be passed on, and the hint of its reason. Names what it takes, never what was sent.</summary>
public static class ObservedAdvice
{
    // What they did, and what they have to do; {0} is what the rule takes.
    private static readonly FrozenDictionary<string, (Reason Reason, string Did, string Needs)> Words = new (Reason Reason, string Did, string Needs)[]
    {
        (Reasons.CredentialMissing, "without a credential", "it needs {0}"),
        (Reasons.CredentialKind, "with a kind of credential that does not count there", "it needs {0}"),
        (Reasons.CredentialCrossSite, "with a session cookie from a page of another site", "it must call from a page of this site, or send an access token instead"),
        (Reasons.TokenMalformed, "with something that is no token", "it needs {0}, exactly as it was issued"),
        (Reasons.TokenExpired, "with a token that has expired", "it must fetch a new one before the old one's 'expires_in' is over, and its clock must be right"),
        (Reasons.TokenEarly, "with a token that is not valid yet", "the clock of the host that issues it must be set right"),
        (Reasons.TokenSignature, "with a token whose signature is wrong", "it needs {0}, unchanged and from this realm's token endpoint"),
        (Reasons.TokenIssuer, "with a token of another issuer", "it needs {0}"),
        (Reasons.TokenAudience, "with a token for another audience", "it must request one for this service"),
        (Reasons.TokenType, "with a token that is no access token", "it must send the access token, not the ID token or refresh token"),
        (Reasons.TokenSecret, "with a shared secret that is wrong", "it needs the one that counts, or better a service account"),
        (Reasons.RuleDenied, "and lacks a right", "it needs {0}: grant that, or it will be refused"),
        (Reasons.ScopeMissing, "with a token that lacks a scope", "it must request its token with {0}"),
        (Reasons.DialogUnknown, "with the token of a dialog that is not known", "it must use the token of the dialog's newest event"),
        (Reasons.DialogOver, "with the token of a dialog that is over", "it must call during the dialog or its headroom, or the project's headroom must be longer"),
        (Reasons.DialogEnded, "after the end of the dialog", "the project must allow this after the end, or it must call before"),
        (Reasons.DialogOther, "with the token of another dialog", "it must use each dialog's own token"),
        (Reasons.DialogUnbound, "with the token of a dialog, which does not count there", "the rule must say where the dialog's id stands ('dialog:'), or it needs another credential"),
    }.ToFrozenDictionary(one => one.Reason.Code);

    /// <summary>The sentence for people.</summary>
    public static string Sentence(ObservedGroup group)
    {
        var (key, call) = (group.Key, $"{group.Method} {group.Path}");
        if (group.Method == "OPTIONS" && key.Reason == Reasons.CredentialMissing.Code) return $"{Who(key)} asks {call} before a cross-origin call, as browsers do, and sends no credential with that; a public line 'OPTIONS {group.Path}' lets it.";
        if (!Words.TryGetValue(key.Reason, out var words)) return $"{Who(key)} calls {call} and would be refused: {key.Reason}.";
        return $"{Who(key)} calls {call} {words.Did}; {string.Format(System.Globalization.CultureInfo.InvariantCulture, words.Needs, Wanted(key))}.";
    }

    /// <summary>The reason's hint; null for a reason of another version.</summary>
    public static string? Hint(ObservedGroup group) => Words.TryGetValue(group.Key.Reason, out var words) ? words.Reason.Hint : null;

    /// <summary>Who it is, in few words.</summary>
    public static string Who(ObservedKey key) => key.Kind switch
    {
        ObservedKind.Client => $"Client '{key.Name}' ({key.Agent})",
        ObservedKind.Principal => $"A signed-in {key.Name}",
        ObservedKind.Address => $"Client at {key.Name}{(key.Agent.Length == 0 ? "" : key.Agent == ObservedLedger.Several ? " (several programs)" : $" ({key.Agent})")}",
        ObservedKind.Network => $"One of many in {key.Name}",
        _ => "One of many elsewhere, too many to be told apart,",
    };

    private static string Wanted(ObservedKey key)
        => key.Missing.Length == 0 ? "a credential that counts there"
            : key.Reason is "rule.denied" or "scope.missing" ? key.Missing
            : string.Join(", or ", key.Missing.Split(" or ").Select(way => way == "session cookie" ? "the session cookie of a person who has signed in" : $"'Authorization: Bearer <{way}>'"));
}
