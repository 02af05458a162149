using Gatehouse.Storage;

namespace Gatehouse.Clients;

/// <summary>Writes the ledger of shared secrets in small batches, prunes it, and writes the rest at shutdown.</summary>
internal sealed class LegacyWriter(LegacyLedger ledger, LegacyUses store, TimeProvider time, ILogger<LegacyWriter> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Idle = TimeSpan.FromHours(1);
    private static readonly TimeSpan Keep = TimeSpan.FromDays(90);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ledger.FlushAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var pruned = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await ledger.FlushAsync(stoppingToken);
                    if (time.GetElapsedTime(pruned) < PruneEvery) continue;
                    pruned = time.GetTimestamp();
                    ledger.Forget(time.GetUtcNow() - Idle);
                    while (await store.PruneAsync(time.GetUtcNow() - Keep, stoppingToken))
                    {
                        // One small step after another, so that no write waits long.
                    }
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault or StorageBusy)
                {
                    logger.LogWarning("Uses of shared secrets could not be written, trying again: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
