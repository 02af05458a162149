using Gatehouse.Admin.Representations;
using Gatehouse.Dialogs;

namespace Gatehouse.Admin;

/// <summary>Projects of dialogs: how long their tokens live, what is left after the end, under which secret their events are signed.</summary>
internal static class DialogProjectRoutes
{
    private const int LongestSeconds = 86_400;

    public static void Map(AdminRoutes admin)
    {
        admin.Get("dialog-projects", "Lists the projects of dialogs", Right.ViewDialogs, asked => Task.FromResult(Answer.Ok(asked.Rooms.Dialogs.Of(asked.Realm.Name).Select(DialogProjectRepresentation.Of).ToArray()))).Gives<DialogProjectRepresentation[]>();
        admin.Get("dialog-projects/{name}", "Shows a project", Right.ViewDialogs, asked => Task.FromResult(Answer.Ok(DialogProjectRepresentation.Of(Find(asked))))).Gives<DialogProjectRepresentation>();
        admin.Put("dialog-projects/{name}", "Adds or changes a project; dialogs under way keep their times", Right.ManageDialogs, PutAsync).Takes<DialogProjectRepresentation>().Gives(204);
        admin.Delete("dialog-projects/{name}", "Deletes a project; its dialogs go on until they are over", Right.ManageDialogs, RemoveAsync).Gives(204);
        admin.Get("dialog-projects/{name}/secrets", "Shows the secrets under which events are signed, the one in use first", Right.ManageDialogs, SecretsAsync).Gives<DialogSecretsRepresentation>();
        admin.Post("dialog-projects/{name}/rotate-secret", "Signs with a new secret; the one before counts beside it until the next rotation", Right.ManageDialogs, RotateAsync).Gives<DialogSecretsRepresentation>();
    }

    private static DialogProject Find(Asked asked) => asked.Rooms.Dialogs.Find(asked.Realm.Name, asked.Route("name")) ?? throw Refused.Missing("Dialog project");

    private static async Task<Answer> PutAsync(Asked asked)
    {
        var (name, body) = (asked.Route("name"), await asked.ReadAsync());
        if (body.Text("name") is { } other && other != name) throw Refused.Unsupported("A project cannot be renamed.");
        var old = asked.Rooms.Dialogs.Find(asked.Realm.Name, name) ?? new DialogProject { Realm = asked.Realm.Name, Name = name };
        var project = old with
        {
            Headroom = Seconds("headroom", old.Headroom), Silence = Seconds("silence", old.Silence), HardLimit = Seconds("hardLimit", old.HardLimit), After = body.Texts("after") ?? old.After, Roles = body.Texts("roles") ?? old.Roles,
            VisitorRoles = body.Texts("visitorRoles") ?? old.VisitorRoles, FreezeOnMisuse = body.Flag("freezeOnMisuse") ?? old.FreezeOnMisuse,
        };
        body.Rest(asked.Ignore, "secretGeneration");
        await asked.ChangeAsync("UPDATE", "DIALOG_PROJECT", $"dialog-projects/{name}", async work =>
        {
            await asked.Rooms.Dialogs.PutAsync(work, project);
            return true;
        });
        return Answer.Done;

        TimeSpan Seconds(string member, TimeSpan otherwise) => body.Number(member, 0, LongestSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var one = Find(asked);
        await asked.ChangeAsync("DELETE", "DIALOG_PROJECT", $"dialog-projects/{one.Name}", work => asked.Rooms.Dialogs.RemoveAsync(work, asked.Realm.Name, one.Name));
        return Answer.Done;
    }

    private static Task<Answer> SecretsAsync(Asked asked) => Task.FromResult(Answer.Ok(new DialogSecretsRepresentation(asked.Rooms.Dialogs.Secrets(Find(asked)))));

    private static async Task<Answer> RotateAsync(Asked asked)
    {
        var one = Find(asked);
        var next = one with { SecretGeneration = one.SecretGeneration + 1 };
        await asked.ChangeAsync("ACTION", "DIALOG_PROJECT", $"dialog-projects/{one.Name}/rotate-secret", async work =>
        {
            await asked.Rooms.Dialogs.PutAsync(work, next);
            return true;
        });
        return Answer.Ok(new DialogSecretsRepresentation(asked.Rooms.Dialogs.Secrets(next)));
    }
}
