using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Our session cookie, for browsers at routes that accept it. Session and rights answer from memory after the first time.</summary>
public sealed class SessionCookie(SessionStore sessions, RightsCache rights, Users users, Realms realms, Verify verify, TimeProvider time)
{
    // So that changed rights and uses are noticed; the session itself ends at once through the memory of ended ones.
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(30);

    /// <summary>The verifier of one realm's cookies.</summary>
    public ICredentialVerifier Of(string realm) => new InRealm(this, realm);

    private async Task<Verdict> ReadAsync(Credential credential, string realmName, CancellationToken stop)
    {
        if (realms.Find(realmName) is not { Enabled: true } realm) return new Verdict.Rejected(Reasons.SessionEnded);
        if (await sessions.FindByCookieAsync(realmName, credential.Value.Reveal(), stop) is not { } session) return new Verdict.Rejected(Reasons.SessionEnded);
        if (await users.FindAsync(realmName, session.User, stop) is not { Enabled: true } user) return new Verdict.Rejected(Reasons.SessionEnded);
        var held = (await rights.OfAsync(realmName, RoleHolder.User, user.Id, stop)).Only(session.OnlyRoles);
        sessions.Touch(session, realm.SessionIdle);
        var principal = new Principal
        {
            Realm = realmName, Subject = user.Id, Kind = PrincipalKind.User, Name = user.Username, Session = session.Id, Roles = held.Roles, Groups = held.Groups,
            AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, Until = session.EndsAt,
        };
        return new Verdict.Accepted(principal, time.GetUtcNow() + Believed);
    }

    private bool StillStands(Principal principal) => !verify.IsRevoked(principal);

    private async Task<bool> LivesAsync(Principal principal, CancellationToken stop)
        => await sessions.FindAsync(principal.Realm, principal.Session!, stop) is not null && await users.FindAsync(principal.Realm, principal.Subject, stop) is { Enabled: true };

    private sealed class InRealm(SessionCookie cookies, string realm) : ICredentialVerifier
    {
        // The first time it may read the database, so it leaves the connection's thread.
        public async ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop) => await Task.Run(() => cookies.ReadAsync(credential, realm, stop), stop);

        public bool StillStands(Principal principal) => cookies.StillStands(principal);

        public async ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => await Task.Run(() => cookies.LivesAsync(principal, stop), stop);
    }
}
