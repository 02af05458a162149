namespace Gatehouse.Federation.Kerberos;

/// <summary>Looks at every keytab each hour, and warns in the log: a key that runs out takes everybody's single sign-on with it.</summary>
internal sealed class KeytabAlarms(Upstreams upstreams, TimeProvider time, ILogger<KeytabAlarms> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        try
        {
            do
            {
                foreach (var (upstream, alarm) in upstreams.Alarms()) logger.LogWarning("Provider '{Alias}' of realm '{Realm}': {Alarm}", upstream.Alias, upstream.Realm, alarm);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
