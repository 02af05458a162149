using Gatehouse.Admin.Representations;
using Gatehouse.Audit;

namespace Gatehouse.Admin;

/// <summary>Observe mode: who would be refused, what to tell them, and when it is safe to enforce.</summary>
internal static class ObserveRoutes
{
    private const string Acknowledgement = "observe/{id}/acknowledgement";

    public static void Map(AdminRoutes admin)
    {
        admin.Get("observe", "Tells who would be refused in observe mode, what to send to whom, and whether it is safe to enforce", Right.ViewEvents, ShowAsync).Queries("service", "days", "open", "max", "after").Gives<ObserveRepresentation>();
        admin.Put(Acknowledgement, "Notes that those of a group may be refused", Right.ManageEvents, AcknowledgeAsync).Takes<NoteBody>();
        admin.Delete(Acknowledgement, "Takes back that those of a group may be refused", Right.ManageEvents, asked => ChangeAsync(asked, null, null));
    }

    /// <summary>Why they may be refused.</summary>
    private sealed record NoteBody(string Note);

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var (days, now) = (asked.Number("days", 7, 90), asked.Rooms.Time.GetUtcNow());
        if (days < 1) throw Refused.Invalid("The parameter 'days' is 1 to 90.");
        var numbers = await asked.Rooms.Observed.CountAsync(asked.Realm.Name, asked.Query("service"), days, now, asked.Stop);
        try
        {
            var page = await asked.Rooms.Observed.ListAsync(new ObservedQuery(asked.Realm.Name, asked.Query("service"), OpenOnly: asked.Flag("open") ?? false, After: asked.Query("after"), Limit: asked.Number("max", 100, 500)), asked.Stop);
            asked.Next(page.Next);
            return Answer.Ok(ObserveRepresentation.Of(numbers, page.Items, days));
        }
        catch (ArgumentException)
        {
            throw Refused.Invalid("The parameter 'after' is not a cursor that was given out.");
        }
    }

    private static async Task<Answer> AcknowledgeAsync(Asked asked)
    {
        var body = await asked.ReadAsync();
        var note = body.Text("note");
        body.Rest(asked.Ignore);
        if (string.IsNullOrWhiteSpace(note)) throw Refused.Invalid("'note' is missing: say why they may be refused.");
        return await ChangeAsync(asked, asked.Principal.Name ?? asked.Principal.Subject, note);
    }

    private static async Task<Answer> ChangeAsync(Asked asked, string? by, string? note)
    {
        var id = asked.Route("id");
        if (await asked.Rooms.Observed.FindAsync(asked.Realm.Name, id, asked.Stop) is not [{ } group] || group.Id != id) throw Refused.Missing("Group");
        await asked.ChangeAsync("UPDATE", "OBSERVED_GROUP", $"observe/{id}", work => asked.Rooms.Observed.AcknowledgeAsync(work, asked.Realm.Name, id, by, note));
        return Answer.Done;
    }
}
