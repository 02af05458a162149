using Gatehouse.Gateway.Access;

namespace Gatehouse.Gateway;

/// <summary>Owns API traffic: the access file, routes, decisions, and the road to the upstream. Never touches the database on a request, never shows a page, never decodes a path twice.</summary>
public static class GatewayRoom
{
    /// <summary>Adds the gate; the access file is read before the listener opens.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<GatewaySettings>().Bind(section).ValidateOnStart();
        services.AddMetrics();
        services.AddSingleton<Verification>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Rules>();
        services.AddSingleton<Gatekeeper>();
        services.AddSingleton<Refusal>();
        services.AddSingleton<LiveConnections>();
        services.AddSingleton<Observe>();
        services.AddSingleton<ResourceMetadata>();
        services.AddSingleton<Gate>();
        services.AddHostedService<AccessWatcher>();
        return services;
    }

    /// <summary>Maps the metadata of the protected services.</summary>
    public static void MapGateway(this IEndpointRouteBuilder routes)
        => routes.MapMethods("/.well-known/oauth-protected-resource/{**prefix}", ["GET"], routes.ServiceProvider.GetRequiredService<ResourceMetadata>().SendAsync);
}

/// <summary>Settings of the gate.</summary>
public sealed class GatewaySettings
{
    /// <summary>The access file; empty means that nothing passes.</summary>
    public string? Access { get; set; }
}
