namespace Gatehouse.Clients;

/// <summary>Owns applications and their secrets. Never issues a token.</summary>
public static class ClientsRoom
{
    /// <summary>Adds the store.</summary>
    public static IServiceCollection AddClients(this IServiceCollection services) => services.AddSingleton<ClientStore>();
}
