using Gatehouse.Admin.Representations;
using Gatehouse.Audit;

namespace Gatehouse.Admin;

/// <summary>What happened in a realm, from the audit log, newest first.</summary>
internal static class EventRoutes
{
    public static void Map(AdminRoutes admin)
    {
        admin.Get("events", "Lists sign-ins, tokens and refusals", Right.ViewEvents, ListAsync).Queries("type", "client", "user", "first", "max", "after").Gives<EventRepresentation[]>();
        admin.Get("admin-events", "Lists admin changes", Right.ViewEvents, ListChangesAsync).Queries("operationTypes", "authUser", "authClient", "first", "max", "after").Gives<AdminEventRepresentation[]>();
    }

    private static async Task<Answer> ListAsync(Asked asked)
        => Answer.Ok((await ReadAsync(asked, new AuditQuery(asked.Realm.Name, asked.Query("type"), asked.Query("user"), asked.Query("client"), Changes: false))).Select(EventRepresentation.Of).ToArray());

    private static async Task<Answer> ListChangesAsync(Asked asked)
        => Answer.Ok((await ReadAsync(asked, new AuditQuery(asked.Realm.Name, asked.Query("operationTypes"), asked.Query("authUser"), asked.Query("authClient"), Changes: true))).Select(AdminEventRepresentation.Of).ToArray());

    private static async Task<IEnumerable<StoredAuditEvent>> ReadAsync(Asked asked, AuditQuery query)
    {
        var (first, max) = (asked.Number("first", 0, 400), asked.Number("max", 100, 100));
        if (asked.Query("after") is { } after && !long.TryParse(after, out _)) throw Refused.Invalid("The parameter 'after' is not a cursor that was given out.");
        var page = await asked.Rooms.Audit.ListAsync(query with { Before = asked.Query("after"), Limit = first + max }, asked.Stop);
        asked.Next(page.Next);
        return page.Events.Skip(first);
    }
}
