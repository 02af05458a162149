namespace Gatehouse.Clients;

/// <summary>Owns applications and their secrets, and who still uses a secret that many share. Never issues a token.</summary>
public static class ClientsRoom
{
    /// <summary>Adds the stores, and the ledger of shared secrets with its background writer.</summary>
    public static IServiceCollection AddClients(this IServiceCollection services)
        => services.AddSingleton<ClientStore>().AddSingleton<Resources.ResourceServers>().AddSingleton<LegacyUses>().AddSingleton<LegacyLedger>().AddHostedService<LegacyWriter>();
}
