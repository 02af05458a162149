namespace Gatehouse.Federation;

/// <summary>Owns upstream identity providers: how each is asked, what it found, attempts under way, circuit breakers, mappings. An upstream vouches; it signs nobody in: that is SignIn's. It never reads a user.</summary>
public static class FederationRoom
{
    /// <summary>Adds the room; <paramref name="publicUrl"/> is where browsers come back to.</summary>
    public static IServiceCollection AddFederation(this IServiceCollection services, IConfiguration section, string publicUrl)
    {
        services.AddOptions<FederationSettings>().Bind(section).Configure(settings => settings.PublicUrl = publicUrl);
        services.AddSingleton<Upstreams>();
        services.AddSingleton<Attempts>();
        services.AddSingleton<BrowserTests>();
        services.AddSingleton<UsedProofs>();
        services.AddHostedService<FederationStart>();
        services.AddHostedService<Kerberos.KeytabAlarms>();
        return services;
    }
}

/// <summary>Settings of the room.</summary>
public sealed class FederationSettings
{
    /// <summary>Public address; always that of <c>tokens:publicUrl</c>.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Address at which browsers are asked for a client certificate; that of <c>--certificate-port</c> when unset.</summary>
    public string? CertificateUrl { get; set; }
}

/// <summary>Reads the upstreams before the listener opens, and forgets old attempts in small steps.</summary>
internal sealed class FederationStart(Upstreams upstreams, Attempts attempts, UsedProofs used, TimeProvider time, ILogger<FederationStart> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await upstreams.LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await attempts.PruneAsync(stoppingToken);
                    await used.PruneAsync(stoppingToken);
                }
                catch (Exception wrong) when (wrong is System.Data.Common.DbException or Storage.StorageFault)
                {
                    logger.LogWarning("Old attempts and used proofs could not be pruned: {Message}", wrong.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }
}
