using Gatehouse.Admin.Representations;
using Gatehouse.Audit;
using Gatehouse.SignIn.Import;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>The import of an identity provider's people: begun here, run in the background, looked at as often as one likes.</summary>
internal static class ImportRoutes
{
    private const string Path = "identity-provider/instances/{alias}/import";

    public static void Map(AdminRoutes admin)
    {
        admin.Post(Path, "Begins an import of an identity provider's people", Right.ManageUpstreams, BeginAsync).Takes<WishBody>().Gives<ImportRepresentation>(202);
        admin.Get(Path, "Shows how far an import is, or how the last one ended", Right.ViewUpstreams, ShowAsync).Gives<ImportRepresentation>();
    }

    /// <summary>What to do; all false for a whole import.</summary>
    private sealed record WishBody(bool? Delta, bool? DryRun, bool? AllowVanished);

    private static async Task<Answer> BeginAsync(Asked asked)
    {
        var one = UpstreamRoutes.Find(asked);
        var body = await asked.ReadAsync();
        var wish = new ImportWish(body.Flag("delta") ?? false, body.Flag("dryRun") ?? false, body.Flag("allowVanished") ?? false);
        body.Rest(asked.Ignore);
        if (wish.DryRun) throw Refused.Unsupported("A dry run tells its findings at its end: run gatehouse providers import --dry-run.");
        // An import makes users and gives them rights: the mapping was checked against its author's, the users are new.
        asked.Need(Right.ManageUsers);
        if (!asked.Rooms.Import.CanList(one)) throw Refused.Unsupported($"A provider of the kind '{one.Kind}' does not list its people.");
        var by = new AuditEvent { Realm = one.Realm, Type = "ACTION", User = asked.Principal.Subject, Client = asked.Principal.Client, Session = asked.Principal.Session };
        if (await asked.Rooms.Import.TakeAsync(one, wish, by, asked.Stop) is not { } run) throw new Refused(Reasons.Conflict, "An import of this provider is under way.");
        var begun = run.Status;
        asked.Rooms.Turns.Start(run);
        return new Answer(202, ImportRepresentation.Of(one, begun));
    }

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var one = UpstreamRoutes.Find(asked);
        return Answer.Ok(await asked.Rooms.Import.FindAsync(one, asked.Stop) is { } record ? ImportRepresentation.Of(one, record.Last) : new ImportRepresentation { Alias = one.Alias, Status = "NEVER" });
    }
}
