using Gatehouse.Storage;
using Microsoft.Extensions.Options;

namespace Gatehouse.Keys;

/// <summary>Owns the root key, sealing, keyed hashes and signing keys. Never lets a private key leave in the clear, and signs nothing itself: Tokens does.</summary>
public static class KeysRoom
{
    /// <summary>Adds keys; the root key is checked against the database before anything later starts.</summary>
    public static IServiceCollection AddKeys(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<KeysSettings>().Bind(section)
            .Validate(settings => settings.AnnounceFor >= TimeSpan.Zero && settings.RetireAfter >= TimeSpan.FromMinutes(1), "keys:announceFor must not be negative, keys:retireAfter at least one minute.")
            .ValidateOnStart();
        services.AddSingleton(provider => RootKey.Load(provider.GetRequiredService<IOptions<KeysSettings>>().Value, provider.GetRequiredService<IOptions<StorageSettings>>().Value.Folder));
        services.AddSingleton(provider => new Sealer(provider.GetRequiredService<RootKey>()));
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<SamlKeys>();
        services.AddHostedService<KeysStart>();
        return services;
    }
}

/// <summary>Where the root key is, and how signing keys live.</summary>
public sealed class KeysSettings
{
    /// <summary>File of the root key; empty means <c>root.key</c> in the data folder.</summary>
    public string? File { get; set; }

    /// <summary>Environment variable that holds the root key (64 hex digits) instead of a file.</summary>
    public string? Variable { get; set; }

    /// <summary>Command and arguments that print the root key (64 hex digits) instead of a file.</summary>
    public IList<string> Command { get; set; } = [];

    /// <summary>How long a new signing key is published before it signs: as long as others keep our key set.</summary>
    public TimeSpan AnnounceFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a key stays published after it stopped signing: at least the longest token's life.</summary>
    public TimeSpan RetireAfter { get; set; } = TimeSpan.FromDays(1);
}

/// <summary>Checks the root key and loads the signing keys before the program serves.</summary>
internal sealed class KeysStart(RootKey root, Database database, SigningKeys keys, SamlKeys samlKeys) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RootCheck.AssertAsync(root, database, cancellationToken);
        await keys.LoadAsync(cancellationToken);
        await samlKeys.LoadAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
