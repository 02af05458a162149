using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.SignIn;

/// <summary>What every endpoint begins with that a browser comes to: the realm of the address, and the session of the cookie.</summary>
public sealed class Entrance(Realms realms, SessionStore sessions, Issuers issuers, ShowFault showFault)
{
    /// <summary>The realm of the address; null after the person was told that there is none.</summary>
    public async Task<Realm?> RealmAsync(HttpContext context)
    {
        if (realms.Find((string)context.Request.RouteValues["realm"]!) is { Enabled: true } realm) return realm;
        await showFault(context, null, Reasons.NotFound, null);
        return null;
    }

    /// <summary>The browser's session in a realm; null when it has none.</summary>
    public async ValueTask<Session?> SessionAsync(HttpContext context, Realm realm)
        => Cookie.Read(context.Request.Headers, realm.Name, issuers.IsTls) is { } cookie ? await sessions.FindByCookieAsync(realm.Name, cookie, context.RequestAborted) : null;
}
