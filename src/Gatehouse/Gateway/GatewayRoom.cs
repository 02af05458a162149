using Gatehouse.Gateway.Access;

namespace Gatehouse.Gateway;

/// <summary>Owns API traffic: the access file, routes, decisions, and the road to the upstream. Never touches the database on a request, never shows a page, never decodes a path twice.</summary>
public static class GatewayRoom
{
    /// <summary>Adds the gate; the access file is read before the listener opens.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<GatewaySettings>().Bind(section)
            .Validate(settings => settings.TrustedProxies.All(text => Networks.TryParse(text, out _)), "gateway:trustedProxies must name networks (10.0.0.0/8, its first address exactly) or addresses.")
            .ValidateOnStart();
        services.AddMetrics();
        services.AddSingleton<Verification>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Guesses>();
        services.AddSingleton<SharedSecrets>();
        services.AddSingleton<Rules>();
        services.AddSingleton<Gatekeeper>();
        services.AddSingleton<Observing>();
        services.AddSingleton<Refusal>();
        services.AddSingleton<LiveConnections>();
        services.AddSingleton<DialogBinding>();
        services.AddSingleton<DialogStreams>();
        services.AddSingleton<Events.EventRoad>();
        services.AddSingleton<Observe>();
        services.AddSingleton<DecisionRecord>();
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
    /// <summary>The access file (<c>--access</c>); empty means <c>access.yaml</c> in the data folder, and without one nothing passes.</summary>
    public string? Access { get; set; }

    /// <summary>Networks and addresses of proxies whose <c>X-Forwarded-*</c> counts, at the gate and for sign-in and tokens, where the access file names none.</summary>
    public IList<string> TrustedProxies { get; set; } = [];
}
