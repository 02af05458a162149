namespace Gatehouse.Protocols.OpenId;

/// <summary>Owns OAuth 2.1 and OpenID Connect on the wire, per realm, at Keycloak's addresses. Never signs a token and never asks a person: Tokens and SignIn do.</summary>
public static class OpenIdRoom
{
    /// <summary>Adds the endpoints' parts.</summary>
    public static IServiceCollection AddOpenId(this IServiceCollection services)
    {
        services.AddSingleton<ClientAuthentication>();
        services.AddSingleton<UsedAssertions>();
        services.AddSingleton<PushedRequests>();
        services.AddSingleton<AuthorizeChecks>();
        services.AddSingleton<AuthorizeEndpoint>();
        services.AddSingleton<PushedEndpoint>();
        services.AddSingleton<TokenEndpoint>();
        services.AddSingleton<IntrospectEndpoint>();
        services.AddSingleton<RevokeEndpoint>();
        services.AddSingleton<UserinfoEndpoint>();
        services.AddSingleton<LogoutEndpoint>();
        services.AddSingleton<BackchannelEndpoint>();
        services.AddSingleton<Discovery>();
        return services;
    }

    /// <summary>Maps the endpoints of every realm.</summary>
    public static void MapOpenId(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        T Part<T>() where T : notnull => services.GetRequiredService<T>();
        var (get, post, both) = (new[] { "GET" }, new[] { "POST" }, new[] { "GET", "POST" });
        const string Protocol = "/realms/{realm}/protocol/openid-connect";
        routes.MapMethods("/realms/{realm}/.well-known/openid-configuration", get, Part<Discovery>().MetadataAsync);
        routes.MapMethods("/realms/{realm}/.well-known/oauth-authorization-server", get, Part<Discovery>().MetadataAsync);
        routes.MapMethods("/.well-known/oauth-authorization-server/realms/{realm}", get, Part<Discovery>().MetadataAsync);
        routes.MapMethods("/.well-known/openid-configuration/realms/{realm}", get, Part<Discovery>().MetadataAsync);
        routes.MapMethods(Protocol + "/certs", get, Part<Discovery>().CertsAsync);
        routes.MapMethods(Protocol + "/auth", both, Part<AuthorizeEndpoint>().AskAsync);
        routes.MapMethods(Protocol + "/auth/resume", get, Part<AuthorizeEndpoint>().ResumeAsync);
        routes.MapMethods(Protocol + "/ext/par/request", post, Exchange.OrBusy(Part<PushedEndpoint>().PushAsync));
        routes.MapMethods(Protocol + "/token", post, Exchange.OrBusy(Part<TokenEndpoint>().AskAsync));
        routes.MapMethods(Protocol + "/token/introspect", post, Exchange.OrBusy(Part<IntrospectEndpoint>().AskAsync));
        routes.MapMethods(Protocol + "/revoke", post, Exchange.OrBusy(Part<RevokeEndpoint>().AskAsync));
        routes.MapMethods(Protocol + "/userinfo", both, Exchange.OrBusy(Part<UserinfoEndpoint>().AskAsync));
        routes.MapMethods(Protocol + "/logout", both, Part<LogoutEndpoint>().AskAsync);
        routes.MapMethods(Protocol + "/logout/backchannel-logout", post, Part<BackchannelEndpoint>().AskAsync);
        routes.MapMethods(Protocol + "/logout/done", get, Part<LogoutEndpoint>().DoneAsync);
        foreach (var path in (string[])["/token", "/token/introspect", "/revoke", "/userinfo", "/ext/par/request", "/certs"]) routes.MapMethods(Protocol + path, ["OPTIONS"], Cors.PreflightAsync);
        routes.MapMethods("/realms/{realm}/.well-known/openid-configuration", ["OPTIONS"], Cors.PreflightAsync);
    }
}
