namespace Gatehouse.Protocols.Cas;

/// <summary>Owns the CAS protocol towards applications, versions 1 to 3, at the addresses of Keycloak's CAS extension: we are their CAS server. Never asks a person anything: SignIn does. Towards CAS servers we are Federation's.</summary>
public static class CasRoom
{
    /// <summary>Adds the endpoints' parts.</summary>
    public static IServiceCollection AddCas(this IServiceCollection services)
    {
        services.AddSingleton<Tickets>();
        services.AddSingleton<LoginEndpoint>();
        services.AddSingleton<ValidateEndpoint>();
        services.AddHostedService<EndedSessions>();
        return services;
    }

    /// <summary>Maps the endpoints of every realm.</summary>
    public static void MapCas(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var (login, validate) = (services.GetRequiredService<LoginEndpoint>(), services.GetRequiredService<ValidateEndpoint>());
        const string Protocol = "/realms/{realm}/protocol/cas";
        string[] get = ["GET"];
        routes.MapMethods(Protocol + "/login", get, login.AskAsync);
        routes.MapMethods(Protocol + "/resume", get, login.ResumeAsync);
        routes.MapMethods(Protocol + "/logout", get, login.LeaveAsync);
        routes.MapMethods(Protocol + "/validate", get, validate.PlainAsync);
        foreach (var name in (string[])["serviceValidate", "proxyValidate"])
        {
            routes.MapMethods($"{Protocol}/{name}", get, validate.SecondAsync);
            routes.MapMethods($"{Protocol}/p3/{name}", get, validate.ThirdAsync);
        }
    }

    /// <summary>Local path of a realm's endpoints.</summary>
    internal static string Path(string realm) => $"/realms/{realm}/protocol/cas";
}
