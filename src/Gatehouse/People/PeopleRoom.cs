using Gatehouse.People.Import;

namespace Gatehouse.People;

/// <summary>Owns realms, users, groups and roles. Never checks a password and never issues anything.</summary>
public static class PeopleRoom
{
    /// <summary>Adds the stores; realms are loaded before anything later starts.</summary>
    public static IServiceCollection AddPeople(this IServiceCollection services)
    {
        services.AddSingleton<Realms>();
        services.AddSingleton<Users>();
        services.AddSingleton<Groups>();
        services.AddSingleton<Roles>();
        services.AddSingleton<RightsCache>();
        services.AddSingleton<UserCache>();
        services.AddSingleton<AttributeIndex>();
        services.AddSingleton<Links>();
        services.AddSingleton<Linking>();
        services.AddSingleton<ImportPages>();
        services.AddSingleton<ImportRecords>();
        services.AddSingleton<Vanished>();
        services.AddHostedService<PeopleStart>();
        services.AddHostedService<KeyRotation>();
        return services;
    }
}

/// <summary>Loads the realms before the program serves.</summary>
internal sealed class PeopleStart(Realms realms) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => realms.LoadAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
