using System.Data.Common;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.People.Import;
using Gatehouse.Storage;

namespace Gatehouse.SignIn.Import;

/// <summary>One import that holds its lease. To be run once.</summary>
public sealed class ImportRun
{
    private const int Servers = 3;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(5);

    private readonly Parts parts;
    private readonly Upstream upstream;
    private readonly IListsPeople lists;
    private readonly ImportWish wish;
    private readonly string? mark;
    private readonly string holder;
    private readonly AuditEvent by;
    private readonly ImportHands hands;
    private SeenPeople seen = new();
    private ImportStatus status;
    private long toldAt;

    internal ImportRun(Parts parts, Upstream upstream, IListsPeople lists, ImportWish wish, ImportStatus begun, string? mark, string holder, AuditEvent by, Func<Work, User, Task> end)
    {
        (this.parts, this.upstream, this.lists, this.wish, status, this.mark, this.holder, this.by) = (parts, upstream, lists, wish, begun, mark, holder, by);
        hands = new ImportHands(end, HoldAsync);
        toldAt = parts.Time.GetTimestamp();
    }

    internal sealed record Parts(ImportPages Pages, ImportRecords Records, Vanished Vanished, Database Database, AuditLog Audit, TimeProvider Time);

    /// <summary>How far it is.</summary>
    public ImportStatus Status => Volatile.Read(ref status);

    /// <summary>Runs to the end, whatever that is. <paramref name="told"/> hears of each page.</summary>
    public async Task<ImportStatus> GoAsync(Action<ImportStatus>? told, CancellationToken stop)
    {
        var (reached, whole) = ((string?)null, false);
        try
        {
            (reached, whole) = await ListAgainAsync(told, stop);
            Set(status with { State = status.Fault is null ? ImportState.Done : ImportState.VanishedKept });
        }
        catch (Exception wrong) when (wrong is UpstreamFault or DbException or StorageFault or OperationCanceledException)
        {
            Set(status with { State = ImportState.Interrupted, Fault = wrong is OperationCanceledException ? "It was told to stop." : wrong.Message });
        }
        catch
        {
            Set(status with { State = ImportState.Interrupted, Fault = "It failed in a way that was not foreseen; the log says how." });
            await EndAsync(reached, whole);
            throw;
        }

        await EndAsync(reached, whole);
        return status;
    }

    // However it ended: the lease goes back, so that the next one need not wait for it.
    private async Task EndAsync(string? reached, bool whole)
    {
        Set(status with { EndedAt = parts.Time.GetUtcNow() });
        if (wish.DryRun) return;
        var told = by with { Realm = upstream.Realm, Type = "ACTION", Resource = $"identity-provider/instances/{upstream.Alias}/import", Error = status.State switch { ImportState.Done => null, ImportState.Interrupted => "import_interrupted", _ => "vanished_kept" }, Details = Tell() };
        try
        {
            await parts.Database.WriteAsync(async work =>
            {
                await parts.Records.EndAsync(work, upstream, holder, status, reached, whole);
                await parts.Audit.WriteAsync(work, told);
                return true;
            }, CancellationToken.None);
        }
        catch (Exception wrong) when (wrong is DbException or StorageFault)
        {
            // The lease runs out by itself, and says then that the import was interrupted.
        }
    }

    // A server that fails on the way: the next one serves, from the beginning, since what was applied costs no more than a look. One that fails before anything came is not asked again.
    private async Task<(string Mark, bool Whole)> ListAgainAsync(Action<ImportStatus>? told, CancellationToken stop)
    {
        for (var more = Servers - 1; ; more--)
        {
            try
            {
                return await ListAsync(told, stop);
            }
            catch (UpstreamFault) when (more > 0 && status.Read > 0)
            {
                seen = new SeenPeople();
                Set(status with { Read = 0, Unchanged = 0, Skipped = 0, Unreadable = 0, Notes = [] });
            }
        }
    }

    private async Task<(string Mark, bool Whole)> ListAsync(Action<ImportStatus>? told, CancellationToken stop)
    {
        await using var listing = await lists.BeginAsync(mark, stop);
        Set(status with { Because = listing.Because });
        await foreach (var page in listing.PagesAsync(stop))
        {
            await TakeInAsync(page, stop);
            told?.Invoke(status);
        }

        if (listing.IsWhole) await LookForVanishedAsync(stop);
        return (listing.Mark, listing.IsWhole);
    }

    private async Task TakeInAsync(IReadOnlyList<Listed> page, CancellationToken stop)
    {
        var (good, notes) = (new List<Listed>(page.Count), new List<ImportNote>());
        foreach (var one in page)
        {
            var fault = !one.Readable ? "unreadable" : one.Person is not { Subject: { Length: > 0 and <= Names.Longest } subject } || !StoredText.IsSound(subject) ? "no_id" : seen.Add(subject) ? null : "same_id";
            if (fault is null) good.Add(one);
            else notes.Add(new ImportNote(StoredText.Clean(one.Name, 300), fault));
        }

        Set(status.With(new ImportStatus { Read = page.Count, Skipped = notes.Count, Unreadable = page.Count(one => !one.Readable), Notes = [.. notes] }));
        if (good.Count == 0) return;
        var (changed, unchanged) = await parts.Pages.CompareAsync(upstream, good, stop);
        Set(status with { Unchanged = status.Unchanged + unchanged });
        if (changed.Count > 0) Set(await UndoneAsync(() => parts.Pages.ApplyAsync(upstream, changed, status, hands, stop)));
        else if (!wish.DryRun && parts.Time.GetElapsedTime(toldAt) > TellEvery) await HoldAloneAsync(stop);
    }

    private async Task LookForVanishedAsync(CancellationToken stop)
    {
        var (gone, linked) = await parts.Vanished.FindAsync(upstream, seen.Contains, status.BegunAt, stop);
        Set(status with { Vanished = gone.Length });
        var rules = ImportRules.Of(upstream);
        if (gone.IsEmpty || !rules.DisablesVanished) return;
        if (status.Unreadable > 0 && !wish.AllowVanished)
        {
            Set(status with { Fault = $"{status.Unreadable} entries could not be read, and {gone.Length} linked people were not found: none was disabled, for they may be the same. See whether the service account may read all entries; --allow-vanished disables them." });
            return;
        }

        if (!wish.AllowVanished && gone.Length * 100L > linked * (long)rules.MostVanished)
        {
            Set(status with { Fault = $"{gone.Length} of {linked} linked people have vanished, more than {rules.MostVanished} % (mostVanished): none was disabled. Look whether the directory, its filter and its rights are as they should be; --allow-vanished disables them." });
            return;
        }

        Set(status with { Disabled = status.Disabled + (wish.DryRun ? gone.Length : await parts.Vanished.DisableAsync(upstream, gone, hands, status, stop)) });
    }

    // A dry run does the real thing, up to the commit.
    private static async Task<ImportStatus> UndoneAsync(Func<Task<ImportStatus>> work)
    {
        try
        {
            return await work();
        }
        catch (Undo undone)
        {
            return undone.Status;
        }
    }

    private async Task HoldAsync(Work work, ImportStatus now)
    {
        if (wish.DryRun) throw new Undo(now);
        if (!await parts.Records.TellAsync(work, upstream, holder, now)) throw new StorageFault("Another import of this provider has taken over.");
        toldAt = parts.Time.GetTimestamp();
    }

    private Task HoldAloneAsync(CancellationToken stop) => parts.Database.WriteAsync(async work =>
    {
        await HoldAsync(work, status);
        return true;
    }, stop);

    private void Set(ImportStatus now) => Volatile.Write(ref status, now);

    private Dictionary<string, string> Tell()
    {
        var all = new Dictionary<string, string>
        {
            ["mode"] = status.Delta ? "delta" : "import", ["read"] = $"{status.Read}", ["made"] = $"{status.Made}", ["changed"] = $"{status.Changed}", ["skipped"] = $"{status.Skipped}", ["disabled"] = $"{status.Disabled}", ["vanished"] = $"{status.Vanished}",
        };
        foreach (var (name, value) in by.Details ?? new Dictionary<string, string>()) all[name] = value;
        if (status.Fault is { } fault) all["cause"] = fault;
        return all;
    }

    private sealed class Undo(ImportStatus status) : Exception
    {
        public ImportStatus Status { get; } = status;
    }
}
