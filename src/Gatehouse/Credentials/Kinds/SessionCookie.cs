using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.Credentials.Kinds;

/// <summary>Our session cookie, for browsers at routes that accept it. Session and rights answer from memory after the first time.</summary>
public sealed class SessionCookie(SessionStore sessions, RightsCache rights, Users users, Realms realms, TimeProvider time)
{
    /// <summary>Verifies a cookie of a realm. The first time it may read the database, so it leaves the connection's thread.</summary>
    public async ValueTask<Verdict> VerifyAsync(Credential credential, string realmName, CancellationToken stop)
        => await Task.Run(() => ReadAsync(credential, realmName, stop), stop);

    private async Task<Verdict> ReadAsync(Credential credential, string realmName, CancellationToken stop)
    {
        if (realms.Find(realmName) is not { Enabled: true } realm) return new Verdict.Rejected(Reasons.SessionEnded);
        if (await sessions.FindByCookieAsync(realmName, credential.Value.Reveal(), stop) is not { } session) return new Verdict.Rejected(Reasons.SessionEnded);
        if (await users.FindAsync(realmName, session.User, stop) is not { Enabled: true } user) return new Verdict.Rejected(Reasons.SessionEnded);
        var held = await rights.OfAsync(realmName, RoleHolder.User, user.Id, stop);
        var soon = time.GetUtcNow().AddSeconds(30);
        sessions.Touch(session, realm.SessionIdle);
        return new Verdict.Accepted(new Principal
        {
            Realm = realmName, Subject = user.Id, Kind = PrincipalKind.User, Name = user.Username, Session = session.Id, Roles = held.Roles, Groups = held.Groups,
            AuthenticatedAt = session.AuthenticatedAt, Level = session.Level,
            // Short, so that changed rights and uses are noticed; the session itself ends at once through the memory of ended ones.
            Until = session.EndsAt < soon ? session.EndsAt : soon,
        });
    }
}
