namespace Gatehouse.Admin;

/// <summary>
/// Owns the admin API at Keycloak's addresses and in its representations, and its OpenAPI document. Never keeps data of its own, never lets anyone reach beyond their own rights, never accepts a
/// switch that is not honoured.
/// </summary>
public static class AdminRoom
{
    /// <summary>Path of the OpenAPI document.</summary>
    public const string DocumentPath = "/admin/openapi.json";

    /// <summary>Adds the door's parts.</summary>
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<Rooms>();
        services.AddSingleton<Admission>();
        return Document.Add(services);
    }

    /// <summary>Maps every admin address.</summary>
    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = new AdminRoutes(routes, "/admin/realms/{realm}/");
        RealmRoutes.Map(admin, routes);
        UserRoutes.Map(admin);
        UserAccessRoutes.Map(admin);
        GroupRoutes.Map(admin);
        RoleRoutes.Map(admin);
        RoleMappingRoutes.Map(admin);
        ClientRoutes.Map(admin);
        GadgetRoutes.Map(admin);
        AuthzRoutes.Map(admin);
        AuthzResourceRoutes.Map(admin);
        AuthzPolicyRoutes.Map(admin);
        UpstreamRoutes.Map(admin);
        ImportRoutes.Map(admin);
        SessionRoutes.Map(admin);
        DialogProjectRoutes.Map(admin);
        KeyRoutes.Map(admin);
        EventRoutes.Map(admin);
        LegacyRoutes.Map(admin);
        ObserveRoutes.Map(admin);
        routes.MapOpenApi(DocumentPath);
        routes.Map("/admin/{**rest}", (RequestDelegate)(context => AdminRoutes.GuardAsync(context, () => throw new Refused(Terms.Reasons.NotFound, "No such admin address; see /admin/openapi.json.")))).WithMetadata(new ExcludeFromDescriptionAttribute());
    }
}
