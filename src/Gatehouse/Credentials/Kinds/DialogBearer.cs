using Gatehouse.Dialogs;
using Gatehouse.Terms;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Tokens of dialogs: opened and judged from memory, each time anew. That costs less than remembering a million of them, and what has ended is felt at once.</summary>
public sealed class DialogBearer(DialogTokens tokens, LiveDialogs live, DialogProjects projects)
{
    /// <summary>The verifier of one realm's dialogs.</summary>
    public ICredentialVerifier Of(string realm) => new InRealm(this, realm);

    /// <summary>Who holds a token, or why nobody does.</summary>
    public Reason? Check(string realm, Credential credential, out Principal? principal)
    {
        principal = null;
        if (!tokens.TryOpen(realm, credential.Value.Reveal(), out var token)) return Reasons.TokenMalformed;
        if (ReasonOf(live.Judge(realm, token.Key, token.IssuedAt, token.StartedAt)) is { } refused) return refused;
        principal = new Principal
        {
            Realm = realm, Subject = "dialog:" + token.Id, Kind = token.Visitor ? PrincipalKind.Visitor : PrincipalKind.Bot, Name = token.Project, Dialog = token.Id,
            DialogStartedAt = DateTimeOffset.FromUnixTimeMilliseconds(token.StartedAt), IssuedAt = DateTimeOffset.FromUnixTimeMilliseconds(token.IssuedAt), Roles = projects.RolesOf(realm, token.Project, token.Visitor),
            Until = DateTimeOffset.FromUnixTimeMilliseconds(token.HardUntil),
        };
        return null;
    }

    // Ended is no refusal yet: the route says whether it is for after the end.
    private static Reason? ReasonOf(DialogStanding standing) => standing switch
    {
        DialogStanding.Over => Reasons.DialogOver,
        DialogStanding.Frozen => Reasons.DialogFrozen,
        DialogStanding.Unknown => Reasons.DialogUnknown,
        _ => null,
    };

    private bool StillStands(Principal principal)
        => DialogKey.TryParse(principal.Dialog, out var key) && ReasonOf(live.Judge(principal.Realm, key, principal.IssuedAt!.Value.ToUnixTimeMilliseconds(), principal.DialogStartedAt!.Value.ToUnixTimeMilliseconds())) is null;

    private sealed class InRealm(DialogBearer kind, string realm) : ICredentialVerifier
    {
        public ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
        {
            var refused = kind.Check(realm, credential, out var principal);
            return ValueTask.FromResult<Verdict>(refused is null ? new Verdict.Accepted(principal!) : new Verdict.Rejected(refused));
        }

        public bool StillStands(Principal principal) => kind.StillStands(principal);

        public ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => ValueTask.FromResult(StillStands(principal));
    }
}
