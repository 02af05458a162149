using Microsoft.Extensions.Options;

namespace Gatehouse.Audit;

/// <summary>Writes noted events in batches, prunes old ones in small steps, and writes the rest at shutdown.</summary>
internal sealed class AuditWriter(AuditLog log, IOptions<AuditSettings> settings, TimeProvider time, ILogger<AuditWriter> logger) : BackgroundService
{
    // Real time, not a rule: long enough for a busy moment's events to share one commit, short enough to lose next to nothing with the power.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await log.FlushAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pruned = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(stoppingToken);
                await Task.Delay(Gather, TimeProvider.System, stoppingToken);
                await log.FlushAsync(stoppingToken);
                if (time.GetElapsedTime(pruned) < PruneEvery) continue;
                pruned = time.GetTimestamp();
                while (await log.PruneAsync(time.GetUtcNow() - settings.Value.Keep, stoppingToken) == 1000)
                {
                    // One small step after another, so that no write waits long.
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception wrong)
            {
                // They are kept and tried again; a writer that ended would lose every later event.
                logger.LogWarning("Audit events could not be written, trying again: {Message}", wrong.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    // Until something is noted, or it is time to prune what transactions wrote.
    private async Task WaitAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(log.WaitAsync(patience.Token).AsTask(), Task.Delay(PruneEvery, time, patience.Token));
        await patience.CancelAsync();
        stop.ThrowIfCancellationRequested();
    }
}
