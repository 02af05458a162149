using Gatehouse.Protocols.OpenId;

namespace Gatehouse.Protocols.Uma;

/// <summary>Owns Keycloak's authorization services on the wire, beside the token endpoint: metadata and the protection API, by which a client registers its own resources. Never judges: Permissions does.</summary>
public static class UmaRoom
{
    /// <summary>Adds the endpoints' parts.</summary>
    public static IServiceCollection AddUma(this IServiceCollection services) => services.AddSingleton<UmaMetadata>().AddSingleton<ProtectionAdmission>().AddSingleton<ResourceSetEndpoint>();

    /// <summary>Maps the endpoints of every realm.</summary>
    public static void MapUma(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var set = services.GetRequiredService<ResourceSetEndpoint>();
        const string Path = "/realms/{realm}/authz/protection/resource_set";
        routes.MapMethods("/realms/{realm}/.well-known/uma2-configuration", ["GET"], services.GetRequiredService<UmaMetadata>().AskAsync);
        routes.MapMethods(Path, ["GET"], Exchange.OrBusy(set.FindAsync));
        routes.MapMethods(Path, ["POST"], Exchange.OrBusy(set.AddAsync));
        routes.MapMethods(Path + "/{id}", ["GET"], Exchange.OrBusy(set.ShowAsync));
        routes.MapMethods(Path + "/{id}", ["PUT"], Exchange.OrBusy(set.ChangeAsync));
        routes.MapMethods(Path + "/{id}", ["DELETE"], Exchange.OrBusy(set.RemoveAsync));
        foreach (var path in (string[])["permission", "permission/{**rest}", "uma-policy", "uma-policy/{**rest}"])
            routes.Map("/realms/{realm}/authz/protection/" + path, context => Exchange.ErrorAsync(context, new Wire.OAuth.OAuthError("not_found", "Permission tickets and policies of users are not offered here; ask for permissions with audience and permission at the token endpoint.", 404)));
    }
}
