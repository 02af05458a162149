using Gatehouse.Audit;
using Gatehouse.Sessions;
using Gatehouse.Storage;

namespace Gatehouse.SignIn;

/// <summary>Ends sessions: one place for pages, protocols and administrators; audited as LOGOUT. Tokens of the session die with it on every node.</summary>
public sealed class SignOut(Database database, SessionStore sessions, AuditLog audit)
{
    /// <summary>Ends a session.</summary>
    public Task EndAsync(Session session, string? clientId, string? address, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            if (await sessions.EndAsync(work, session.Realm, session.Id))
                await audit.WriteAsync(work, new AuditEvent { Realm = session.Realm, Type = "LOGOUT", Client = clientId, User = session.User, Session = session.Id, Address = address });
            return true;
        }, stop);
}
