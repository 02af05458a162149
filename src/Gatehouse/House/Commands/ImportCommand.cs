using System.CommandLine;
using Gatehouse.Admin.Representations;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People.Import;
using Gatehouse.SignIn.Import;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse providers import</c> and <c>status</c>: a directory's people, all or those who changed.</summary>
internal static class ImportCommand
{
    private static readonly Option<bool> Delta = new("--delta") { Description = "Only those who changed since the last import." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Change nothing; tell what would be." };
    private static readonly Option<bool> AllowVanished = new("--allow-vanished") { Description = "With vanished=disable: disable those who have vanished, however many they are." };

    public static Verb Import(Terminal terminal, Argument<string> alias) => DataVerb.Make(terminal, "import", "Imports a directory's people: users, links and mapped rights. Broken off, it goes on when it is run again.", [alias, Delta, DryRun, AllowVanished],
        job => ImportAsync(job, ProviderCommands.Find(job)), ["gatehouse providers import site", "gatehouse providers import site --delta", "gatehouse providers import site --dry-run"]);

    public static Verb Status(Terminal terminal, Argument<string> alias) => DataVerb.Make(terminal, "status", "Shows how far a provider's import is, or how the last one ended.", [alias], job => StatusAsync(job, ProviderCommands.Find(job)), ["gatehouse providers status site"]);

    private static async Task<int> ImportAsync(Job job, Upstream one)
    {
        var wish = new ImportWish(job.Words.GetValue(Delta), job.Words.GetValue(DryRun), job.Words.GetValue(AllowVanished));
        if (!job.Shop.Import.CanList(one)) throw new StartRefused($"A provider of the kind '{one.Kind}' does not list its people; ldap and ad do.");
        var by = new AuditEvent { Realm = one.Realm, Type = "ACTION", Client = "gatehouse-cli", Details = new Dictionary<string, string> { ["operator"] = Environment.UserName } };
        var run = await job.Shop.Import.TakeAsync(one, wish, by, job.Stop) ?? throw new StartRefused($"An import of '{one.Alias}' is under way; see: gatehouse providers status {one.Alias}");
        var (began, told, gap) = (job.Shop.Time.GetTimestamp(), job.Shop.Time.GetTimestamp(), TimeSpan.FromSeconds(job.Terminal.Interactive ? 1 : 10));
        var status = await run.GoAsync(now =>
        {
            if (job.Shop.Time.GetElapsedTime(told) < gap) return;
            told = job.Shop.Time.GetTimestamp();
            job.Terminal.Error.WriteLine($"{now.Read} people, {now.Read / job.Shop.Time.GetElapsedTime(began).TotalSeconds:0} a second");
        }, job.Stop);
        if (job.Json) await job.SayAsync(ImportRepresentation.Of(one, status));
        else Tell(job, one, status);
        return status.State == ImportState.Done ? CommandLine.Done : 1;
    }

    private static async Task<int> StatusAsync(Job job, Upstream one)
    {
        var record = await job.Shop.Import.FindAsync(one, job.Stop);
        if (job.Json) return await job.SayAsync(record is null ? new ImportRepresentation { Alias = one.Alias, Status = "NEVER" } : ImportRepresentation.Of(one, record.Last));
        if (record is null) job.Terminal.Output.WriteLine($"'{one.Alias}' was never imported.");
        else
        {
            Tell(job, one, record.Last);
            if (record.WholeAt is { } whole) job.Terminal.Output.WriteLine($"  everybody was last gone over {TimeWords.Say(whole, job.Shop.Time.GetUtcNow())}");
        }

        return CommandLine.Done;
    }

    private static void Tell(Job job, Upstream one, ImportStatus status)
    {
        var output = job.Terminal.Output;
        var seconds = ((status.EndedAt ?? job.Shop.Time.GetUtcNow()) - status.BegunAt).TotalSeconds;
        output.WriteLine(status.State switch
        {
            ImportState.Running => $"The import of '{one.Alias}' is under way for {seconds:0} s.",
            ImportState.Done => $"{(status.DryRun ? "Nothing was changed. The import" : "The import")} of '{one.Alias}' took {seconds:0.0} s.",
            ImportState.Interrupted => $"The import of '{one.Alias}' broke off after {seconds:0.0} s. What was applied stays; run it again to go on.",
            _ => $"The import of '{one.Alias}' took {seconds:0.0} s, and left those who have vanished as they are.",
        });
        if (status.Fault is { } fault) output.WriteLine($"  {Terminal.Printable(fault)}");
        if (status.Because is { } because) output.WriteLine($"  Everybody was gone over: {Terminal.Printable(because)}.");
        output.WriteLine($"  read {status.Read}, made {status.Made}, changed {status.Changed}, unchanged {status.Unchanged}, skipped {status.Skipped}, disabled {status.Disabled}, vanished {status.Vanished}");
        foreach (var note in status.Notes) output.WriteLine($"  {note.Code,-12} {Terminal.Printable(note.Name)}");
    }
}
