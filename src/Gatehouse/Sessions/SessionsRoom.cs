using Gatehouse.Storage;

namespace Gatehouse.Sessions;

/// <summary>Owns who is signed in, at which extension, and the session cookie. Never asks how they proved it.</summary>
public static class SessionsRoom
{
    /// <summary>Adds the store and its background writer.</summary>
    public static IServiceCollection AddSessions(this IServiceCollection services)
    {
        services.AddSingleton<SessionStore>();
        services.AddSingleton<Seats>();
        services.AddHostedService<SessionUpkeep>();
        return services;
    }
}

/// <summary>Loads what ended lately, writes uses once a minute, and prunes in small steps.</summary>
internal sealed class SessionUpkeep(SessionStore sessions, TimeProvider time, ILogger<SessionUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await sessions.LoadEndedAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await sessions.FlushAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await sessions.FlushAsync(stoppingToken);
                    await sessions.PruneAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault)
                {
                    logger.LogWarning("Sessions could not be written: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
