using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.SignIn;

/// <summary>What every endpoint begins with that a browser comes to: the realm of the address, and the session of the cookie.</summary>
public sealed class Entrance(Realms realms, SessionStore sessions, Interactions interactions, Issuers issuers, ShowFault showFault)
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

    /// <summary>What the browser comes back with from a sign-in that was begun at this door, whose addresses to come back to begin with <paramref name="path"/>: only the session that finished it may go on with it, and only once. Null for anybody else.</summary>
    public async Task<FinishedSignIn?> ReturnedAsync(HttpContext context, Realm realm, string path)
    {
        var interaction = await interactions.TakeAsync(realm.Name, context.Request.Query["i"].ToString(), context.RequestAborted);
        return interaction is { Payload: { } payload, Session: { } finished } && interaction.ResumePath.StartsWith(path, StringComparison.Ordinal) && await SessionAsync(context, realm) is { } session && session.Id == finished ? new FinishedSignIn(interaction, payload, session) : null;
    }
}

/// <summary>A sign-in that its own browser came back from.</summary>
/// <param name="Interaction">What was asked for.</param>
/// <param name="Payload">The door's own words of it.</param>
/// <param name="Session">The session that finished it.</param>
public sealed record FinishedSignIn(Interaction Interaction, string Payload, Session Session)
{
    /// <summary>Whether the person proved themselves since it began.</summary>
    public bool IsFresh => Session.AuthenticatedAt >= Interaction.BegunAt;
}
