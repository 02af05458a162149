namespace Gatehouse.Storage;

/// <summary>Writes a ledger that is counted up in memory: in small batches, pruned now and then, the rest at shutdown. What cannot be written is kept and tried again.</summary>
internal abstract class LedgerWriter(string what, TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);
    private static readonly TimeSpan Keep = TimeSpan.FromDays(90);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Writes what was counted since the last time.</summary>
    protected abstract Task FlushAsync(CancellationToken stop);

    /// <summary>Forgets in memory what was not seen since an instant.</summary>
    protected abstract void Forget(DateTimeOffset since);

    /// <summary>Deletes some of what was last seen before an instant; true when there may be more.</summary>
    protected abstract Task<bool> PruneAsync(DateTimeOffset before, CancellationToken stop);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var pruned = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await FlushAsync(stoppingToken);
                    if (time.GetElapsedTime(pruned) < PruneEvery) continue;
                    pruned = time.GetTimestamp();
                    Forget(time.GetUtcNow() - Idle);
                    while (await PruneAsync(time.GetUtcNow() - Keep, stoppingToken))
                    {
                        // One small step after another, so that no write waits long.
                    }
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault or StorageBusy)
                {
                    logger.LogWarning("{What} could not be written, trying again: {Message}", what, wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
