using System.CommandLine;
using Gatehouse.Admin.Representations;
using Gatehouse.Dialogs;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse dialogs</c>.</summary>
internal static class DialogCommands
{
    private static readonly Argument<string> Name = new("PROJECT") { Description = "The project's name, as the event source sends it." };
    private static readonly Argument<string> Id = new("DIALOG") { Description = "The dialog's id." };
    private static readonly Option<string?> Headroom = new("--headroom") { Description = "How long after the end what --after allows still works: 30s, 10m, 1h.", HelpName = "TIME" };
    private static readonly Option<string?> Silence = new("--silence") { Description = "Without an event for so long a dialog counts as ended.", HelpName = "TIME" };
    private static readonly Option<string?> HardLimit = new("--hard-limit") { Description = "No dialog lives longer; at most 24h.", HelpName = "TIME" };
    private static readonly Option<string[]?> After = new("--after") { Description = "What is allowed after the end, by the name that a rule of the access file gives it ('after: recording'). May be repeated.", HelpName = "NAME" };
    private static readonly Option<string[]?> Role = new("--role") { Description = "Role that a bot's token stands for. May be repeated.", HelpName = "ROLE" };
    private static readonly Option<string[]?> VisitorRole = new("--visitor-role") { Description = "Role that a visitor's token stands for. May be repeated.", HelpName = "ROLE" };
    private static readonly Option<bool?> Freeze = new("--freeze-on-misuse") { Description = "Whether tokens freeze when one is used for another dialog.", HelpName = "true|false" };
    private static readonly Option<string?> State = new("--state") { Description = "Only those that are alive, ended or over.", HelpName = "STATE" };
    private static readonly Option<string?> Project = new("--project") { Description = "Only those of a project.", HelpName = "PROJECT" };
    private static readonly Option<bool> Rotate = new("--rotate") { Description = "Sign with a new one from now on; the one before counts beside it until the next rotation." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "dialogs", "Calls and chats, and the tokens of bots and visitors that live as long.",
        ["gatehouse dialogs project support --headroom 10m --silence 2m --after recording --role bot", "gatehouse dialogs list --state alive", "gatehouse dialogs secret support"],
        DataVerb.Make(terminal, "project", "Adds a project, or changes what is given of one.", [Name, Headroom, Silence, HardLimit, After, Role, VisitorRole, Freeze], PutAsync,
            ["gatehouse dialogs project support --headroom 10m --silence 2m --hard-limit 4h --after recording --after transcript --role bot", "gatehouse dialogs project support --freeze-on-misuse false"]),
        DataVerb.Make(terminal, "projects", "Lists the projects.", [], ProjectsAsync, ["gatehouse dialogs projects --json"]),
        DataVerb.Make(terminal, "secret", "Shows the secrets under which a project's events are signed for its bot (Standard Webhooks), the one in use first.", [Name, Rotate], SecretAsync, ["gatehouse dialogs secret support", "gatehouse dialogs secret support --rotate"]),
        DataVerb.Make(terminal, "list", "Lists the newest dialogs.", [State, Project], ListAsync, ["gatehouse dialogs list --state alive --project support"]),
        DataVerb.Make(terminal, "end", "Ends a dialog: its tokens are good for what is allowed after the end, and no more.", [Id], job => ChangeAsync(job, "DIALOG_END", shop => (realm, id, stop) => shop.Dialogs.EndAsync(realm, id, stop)), ["gatehouse dialogs end 3f6c1f3e-52a7-4b0c-9d0e-0a8f7c2b1d55"]),
        DataVerb.Make(terminal, "freeze", "Freezes the tokens of a dialog that were issued so far; the next event's works.", [Id], job => ChangeAsync(job, Audit.AuditTypes.DialogFrozen, shop => (realm, id, stop) => shop.Dialogs.FreezeAsync(realm, id, null, stop)), ["gatehouse dialogs freeze 3f6c1f3e-52a7-4b0c-9d0e-0a8f7c2b1d55"]));

    private static async Task<int> PutAsync(Job job)
    {
        var (realm, name) = (job.Realm.Name, job.Words.GetValue(Name)!);
        await job.Shop.DialogProjects.LoadAsync(job.Stop);
        var old = job.Shop.DialogProjects.Find(realm, name) ?? new DialogProject { Realm = realm, Name = name };
        var project = old with
        {
            Headroom = Time(job, Headroom, old.Headroom), Silence = Time(job, Silence, old.Silence), HardLimit = Time(job, HardLimit, old.HardLimit), After = Texts(job, After) ?? old.After, Roles = Texts(job, Role) ?? old.Roles,
            VisitorRoles = Texts(job, VisitorRole) ?? old.VisitorRoles, FreezeOnMisuse = job.Words.GetValue(Freeze) ?? old.FreezeOnMisuse,
        };
        await StoreAsync(job, project, $"dialog-projects/{name}");
        return await job.DoneAsync($"Project '{name}': tokens die {Words(project.Headroom)} after the end, {Words(project.Silence)} of silence ends a dialog, and none lives longer than {Words(project.HardLimit)}. Allowed after the end: {(project.After.IsEmpty ? "nothing" : string.Join(", ", project.After))}.", DialogProjectRepresentation.Of(project));
    }

    private static async Task<int> ProjectsAsync(Job job)
    {
        await job.Shop.DialogProjects.LoadAsync(job.Stop);
        var all = job.Shop.DialogProjects.Of(job.Realm.Name);
        if (job.Json) return await job.SayAsync(all.Select(DialogProjectRepresentation.Of).ToArray());
        job.Terminal.Table(["project", "headroom", "silence", "hard limit", "after the end", "roles"], all.Select(one => (IReadOnlyList<string?>)[one.Name, Words(one.Headroom), Words(one.Silence), Words(one.HardLimit), string.Join(", ", one.After), string.Join(", ", one.Roles)]));
        return CommandLine.Done;
    }

    private static async Task<int> SecretAsync(Job job)
    {
        var (realm, name) = (job.Realm.Name, job.Words.GetValue(Name)!);
        await job.Shop.DialogProjects.LoadAsync(job.Stop);
        var project = job.Shop.DialogProjects.Find(realm, name) ?? throw new StartRefused($"There is no dialog project '{Terminal.Printable(name)}' in realm '{realm}'.");
        if (job.Words.GetValue(Rotate))
        {
            project = project with { SecretGeneration = project.SecretGeneration + 1 };
            await StoreAsync(job, project, $"dialog-projects/{name}/rotate-secret");
        }

        var secrets = job.Shop.DialogProjects.Secrets(project);
        if (job.Json) return await job.SayAsync(new DialogSecretsRepresentation(secrets));
        foreach (var secret in secrets) await job.Terminal.Output.WriteLineAsync(secret);
        return CommandLine.Done;
    }

    private static async Task<int> ListAsync(Job job)
    {
        DialogState? state = job.Words.GetValue(State) switch { null => null, "alive" => DialogState.Alive, "ended" => DialogState.Ended, "over" => DialogState.Over, var other => throw new StartRefused($"'{Terminal.Printable(other)}' is no state; alive, ended or over.") };
        var page = await job.Shop.Dialogs.ListAsync(job.Realm.Name, job.Words.GetValue(Project), state, null, 200, job.Stop);
        var now = job.Shop.Time.GetUtcNow();
        if (job.Json) return await job.SayAsync(page.Items.Select(one => new { one.Id, one.Dialog.Project, State = StateOf(one, now), one.Dialog.StartedAt, one.Dialog.OverAt, one.Source }).ToArray());
        job.Terminal.Table(["dialog", "project", "state", "started", "over", "source"], page.Items.Select(one => (IReadOnlyList<string?>)[one.Id, one.Dialog.Project, StateOf(one, now), Say(one.Dialog.StartedAt, now), Say(one.Dialog.OverAt, now), one.Source]));
        if (page.Next is not null) await job.Terminal.Error.WriteLineAsync("More are there; the API lists them all, in pages.");
        return CommandLine.Done;
    }

    private static async Task<int> ChangeAsync(Job job, string type, Func<Workshop, Func<string, string, CancellationToken, Task<DialogChange>>> change)
    {
        var (realm, id) = (job.Realm.Name, job.Words.GetValue(Id)!);
        var made = await change(job.Shop)(realm, id, job.Stop);
        if (made.Fault != DialogFault.None) throw new StartRefused($"There is no dialog '{Terminal.Printable(id)}' in realm '{realm}'; those that are over are forgotten after a day.");
        job.Shop.Audit.Note(new Audit.AuditEvent { Realm = realm, Type = type, Resource = $"dialogs/{made.Id}", Client = "gatehouse-cli", Details = new Dictionary<string, string> { ["operator"] = Environment.UserName } });
        var now = job.Shop.Time.GetUtcNow();
        return await job.DoneAsync($"Dialog {made.Id} is {made.Dialog.StateAt(now.ToUnixTimeMilliseconds()).ToString().ToLowerInvariant()}; it is over {Say(made.Dialog.OverAt, now)}.", new { made.Id, made.Dialog.Project, made.Dialog.OverAt });
    }

    private static Task<bool> StoreAsync(Job job, DialogProject project, string resource) => job.Shop.ChangeAsync(project.Realm, "UPDATE", resource, async work =>
    {
        await job.Shop.DialogProjects.PutAsync(work, project);
        return true;
    }, job.Stop);

    private static string StateOf(StoredDialog one, DateTimeOffset now) => one.Dialog.StateAt(now.ToUnixTimeMilliseconds()).ToString().ToLowerInvariant();

    private static string Say(long ms, DateTimeOffset now) => TimeWords.Say(DateTimeOffset.FromUnixTimeMilliseconds(ms), now);

    private static string Words(TimeSpan time) => time == TimeSpan.Zero ? "at once" : TimeWords.Say(DateTimeOffset.UnixEpoch + time, DateTimeOffset.UnixEpoch)[3..];

    private static System.Collections.Immutable.ImmutableArray<string>? Texts(Job job, Option<string[]?> option) => job.Words.GetResult(option) is null ? null : [.. job.Words.GetValue(option)!];

    private static TimeSpan Time(Job job, Option<string?> option, TimeSpan otherwise)
    {
        if (job.Words.GetValue(option) is not { } text) return otherwise;
        if (text == "0") return TimeSpan.Zero;
        foreach (var (unit, one) in (ReadOnlySpan<(char, TimeSpan)>)[('s', TimeSpan.FromSeconds(1)), ('m', TimeSpan.FromMinutes(1)), ('h', TimeSpan.FromHours(1))])
            if (text.EndsWith(unit) && int.TryParse(text.AsSpan(0, text.Length - 1), System.Globalization.NumberStyles.None, null, out var number) && number < 100_000) return one * number;
        throw new StartRefused($"{option.Name}: '{Terminal.Printable(text)}' is no time; write it as 30s, 10m or 1h.");
    }
}
