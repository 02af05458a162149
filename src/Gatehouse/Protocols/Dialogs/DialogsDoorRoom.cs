namespace Gatehouse.Protocols.Dialogs;

/// <summary>Owns the dialogs on the wire: <c>/realms/{realm}/dialogs</c>, for event sources (a voice gateway, a chat server), which come as service accounts. Never decides what a token may: the gate does.</summary>
public static class DialogsDoorRoom
{
    /// <summary>Adds the endpoints' parts.</summary>
    public static IServiceCollection AddDialogsDoor(this IServiceCollection services)
    {
        services.AddSingleton<DialogAdmission>();
        services.AddSingleton<DialogEndpoints>();
        return services;
    }

    /// <summary>Maps the endpoints of every realm.</summary>
    public static void MapDialogsDoor(this IEndpointRouteBuilder routes)
    {
        var door = routes.ServiceProvider.GetRequiredService<DialogEndpoints>();
        const string All = "/realms/{realm}/dialogs";
        string[] post = ["POST"];
        string[] get = ["GET"];
        routes.MapMethods(All, post, door.Of(door.OpenAsync));
        routes.MapMethods(All, get, door.Of(door.ListAsync));
        routes.MapMethods(All + "/{id}", get, door.Of(door.ShowAsync));
        routes.MapMethods(All + "/{id}/extend", post, door.Of(door.ExtendAsync));
        routes.MapMethods(All + "/{id}/end", post, door.Of(door.EndAsync));
        routes.MapMethods(All + "/{id}/freeze", post, door.Of(door.FreezeAsync));
        routes.MapMethods(All + "/{id}/token", post, door.Of(door.TokenAsync));
    }
}
