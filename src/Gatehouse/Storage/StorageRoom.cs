using Microsoft.Extensions.Options;

namespace Gatehouse.Storage;

/// <summary>Owns connections, transactions, migrations and the change feed. Never knows what the tables mean: each room keeps its own SQL.</summary>
public static class StorageRoom
{
    /// <summary>Adds the database; migrations run before anything that is added later starts.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<StorageSettings>().Bind(section).Validate(settings => settings.Folder.Length > 0, "storage:folder must name a folder.").ValidateOnStart();
        services.AddSingleton(provider => Database.Open(provider.GetRequiredService<IOptions<StorageSettings>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILogger<Database>>()));
        services.AddSingleton(provider => provider.GetRequiredService<Database>().Feed);
        services.AddHostedService<StorageStart>();
        return services;
    }
}

/// <summary>Where the data is kept.</summary>
public sealed class StorageSettings
{
    /// <summary>Data folder, always from <c>--data</c>; made readable by its owner only.</summary>
    public string Folder { get; set; } = "./data";

    /// <summary><c>sqlite:FILE</c>, <c>postgres://user@host/database</c>, or Npgsql's form (<c>Host=…;Database=…</c>); empty means <c>gatehouse.db</c> in <see cref="Folder"/>.</summary>
    public string? Connection { get; set; }
}

/// <summary>Migrates and starts the feed before the other rooms start.</summary>
internal sealed class StorageStart(Database database, ILogger<Database> log) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Migrations.ApplyAsync(database, log, cancellationToken);
        await database.Feed.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => database.Feed.StopAsync();
}
