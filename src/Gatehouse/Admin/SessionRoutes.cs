using Gatehouse.Admin.Representations;
using Gatehouse.Tokens;

namespace Gatehouse.Admin;

/// <summary>Sessions of a realm: list, end one, end all.</summary>
internal static class SessionRoutes
{
    private const int Step = 500;

    public static void Map(AdminRoutes admin)
    {
        admin.Get("sessions", "Lists who is signed in, newest first", Right.ViewRealm, ListAsync).Queries("max", "after").Gives<SessionRepresentation[]>();
        admin.Delete("sessions/{id}", "Ends a session", Right.ManageUsers, EndAsync).Gives(204);
        admin.Post("logout-all", "Ends all sessions of the realm, and all tokens issued so far", Right.ManageRealm, EndAllAsync).Gives(204);
        admin.Post("push-revocation", "Ends all tokens issued so far; every node hears of it by itself", Right.ManageRealm, RevokeAsync).Gives(204);
    }

    /// <summary>The cursor as the store wrote it: unix milliseconds, a dot, a session id.</summary>
    public static string? Cursor(Asked asked)
    {
        if (asked.Query("after") is not { } after) return null;
        var dot = after.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && long.TryParse(after.AsSpan(0, dot), System.Globalization.NumberStyles.None, null, out _) ? after : throw Refused.Invalid("The parameter 'after' is not a cursor that was given out.");
    }

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var page = await asked.Rooms.Sessions.ListAsync(asked.Realm.Name, null, Cursor(asked), asked.Number("max", 100, 1000), asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(page.Items.Select(session => SessionRepresentation.Of(session, null)).ToArray());
    }

    private static async Task<Answer> EndAsync(Asked asked)
    {
        var session = await asked.Rooms.Sessions.FindAsync(asked.Realm.Name, asked.Route("id"), asked.Stop) ?? throw Refused.Missing("Session");
        await Beyond.RefuseUserAsync(asked, session.User);
        await asked.ChangeAsync("DELETE", "USER_SESSION", $"sessions/{session.Id}", async work => await asked.Rooms.Sessions.EndAsync(work, asked.Realm.Name, session.Id) ? true : throw Refused.Missing("Session"));
        return Answer.Done;
    }

    private static async Task<Answer> EndAllAsync(Asked asked)
    {
        // Tokens first: from here on no token of an old session is good, however long ending the sessions takes.
        await ChangeNotBeforeAsync(asked, "logout-all");
        while (true)
        {
            var page = await asked.Rooms.Sessions.ListAsync(asked.Realm.Name, null, null, Step, asked.Stop);
            var old = page.Items.Where(session => session.StartedAt <= asked.Rooms.Time.GetUtcNow()).ToList();
            if (old.Count == 0) return Answer.Done;
            await asked.Rooms.Database.WriteAsync(async work =>
            {
                foreach (var session in old) await asked.Rooms.Sessions.EndAsync(work, asked.Realm.Name, session.Id);
                return true;
            }, asked.Stop);
            if (page.Next is null) return Answer.Done;
        }
    }

    private static async Task<Answer> RevokeAsync(Asked asked)
    {
        await ChangeNotBeforeAsync(asked, "push-revocation");
        return Answer.Done;
    }

    private static Task<bool> ChangeNotBeforeAsync(Asked asked, string action)
        => asked.ChangeAsync("ACTION", "REALM", action, async work =>
        {
            await asked.Rooms.Revocations.AddAsync(work, RevocationKind.Realm, asked.Realm.Name, asked.Realm.Name);
            return await asked.Rooms.Realms.ChangeAsync(work, asked.Realm with { NotBefore = asked.Rooms.Second });
        });
}
