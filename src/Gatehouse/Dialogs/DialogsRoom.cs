using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>Owns calls and chats as identity sees them, and the tokens that live exactly as long. Never carries a byte of the conversation, and never asks the database on a request at the gate.</summary>
public static class DialogsRoom
{
    /// <summary>Adds projects, dialogs and their tokens.</summary>
    public static IServiceCollection AddDialogs(this IServiceCollection services)
    {
        services.AddSingleton<DialogProjects>();
        services.AddSingleton<DialogStore>();
        services.AddSingleton<LiveDialogs>();
        services.AddSingleton<DialogTokens>();
        services.AddSingleton<DialogWork>();
        services.AddSingleton<DialogEvents>();
        services.AddHostedService<DialogUpkeep>();
        return services;
    }
}

/// <summary>Loads what is alive before serving, and forgets what is over, in small steps.</summary>
internal sealed class DialogUpkeep(DialogProjects projects, DialogStore store, LiveDialogs live, DialogTokens tokens, TimeProvider time, ILogger<DialogUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await projects.LoadAsync(cancellationToken);
        await store.LoadAsync(live, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                live.Prune();
                tokens.Prune();
                try
                {
                    await store.PruneAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault)
                {
                    logger.LogWarning("Old dialogs could not be pruned: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
