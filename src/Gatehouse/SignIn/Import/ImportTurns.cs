using System.Collections.Concurrent;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People.Import;
using Gatehouse.Storage;

namespace Gatehouse.SignIn.Import;

/// <summary>Runs imports that nobody waits for: those that are due (<see cref="ImportRules"/>), on whichever node takes the lease first, and those that an administrator began.</summary>
public sealed class ImportTurns(PeopleImport import, Upstreams upstreams, TimeProvider time, ILogger<ImportTurns> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<ImportRun, Task> running = new();
    private readonly CancellationTokenSource ending = new();

    /// <summary>Runs an import in the background.</summary>
    public void Start(ImportRun run)
    {
        running[run] = Task.CompletedTask;
        // It may have ended already, and taken itself out.
        running.TryUpdate(run, Task.Run(() => RunAsync(run), CancellationToken.None), Task.CompletedTask);
    }

    /// <summary>Waits for all that run now.</summary>
    internal Task SettledAsync() => Task.WhenAll(running.Values);

    /// <summary>Looks once at all upstreams, and begins what is due.</summary>
    internal async Task TurnAsync(CancellationToken stop)
    {
        foreach (var upstream in upstreams.All)
        {
            try
            {
                await LookAsync(upstream, stop);
            }
            catch (ArgumentException wrong)
            {
                // A file that its settings name is gone, say: the others' turns come all the same.
                log.LogWarning("The provider {Alias} of {Realm} cannot be imported: {Message}", upstream.Alias, upstream.Realm, wrong.Message);
            }
        }
    }

    private async Task LookAsync(Upstream upstream, CancellationToken stop)
    {
        var rules = ImportRules.Of(upstream);
        if (!upstream.Enabled || rules is { SyncEvery: null, ImportEvery: null } || !import.CanList(upstream) || WishOf(rules, await import.FindAsync(upstream, stop)) is not { } wish) return;
        if (await import.TakeAsync(upstream, wish, new AuditEvent { Realm = upstream.Realm, Type = "ACTION", Details = new Dictionary<string, string> { ["reason"] = "The time set for it has come." } }, stop) is { } run) Start(run);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await base.StopAsync(cancellationToken);
        await SettledAsync();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        ending.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await TurnAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault or StorageBusy)
                {
                    log.LogWarning("Imports could not be begun, trying again soon: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    // A whole one when it is due, or none went through yet; else changes. After one that broke off, soon again.
    private ImportWish? WishOf(ImportRules rules, ImportRecord? record)
    {
        var now = time.GetUtcNow();
        if (record is null) return new ImportWish();
        var since = now - record.BegunAt;
        if (record.Last.State == ImportState.Running) return null;
        var patience = record.Last.State == ImportState.Interrupted ? Again : TimeSpan.Zero;
        if (since < patience) return null;
        var whole = record.WholeAt is null || (rules.ImportEvery is { } each && now - record.WholeAt >= each);
        if (whole && since >= Shorter(Again, rules.ImportEvery ?? rules.SyncEvery)) return new ImportWish();
        return rules.SyncEvery is { } every && (since >= every || record.Last.State == ImportState.Interrupted) ? new ImportWish(Delta: true) : null;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan? b) => b is { } other && other < a ? other : a;

    private async Task RunAsync(ImportRun run)
    {
        try
        {
            var status = await run.GoAsync(null, ending.Token);
            if (status.Fault is { } fault) log.LogWarning("An import did not go through: {Fault}", fault);
        }
        catch (Exception wrong)
        {
            // Nobody waits for it: it must not end in silence.
            log.LogError(wrong, "An import failed");
        }
        finally
        {
            running.TryRemove(run, out _);
        }
    }
}
