namespace Gatehouse.Outbound;

/// <summary>Owns calls to addresses that come from configuration: the one client for them, and the keys of other issuers. Never decides what an answer means for anybody's rights.</summary>
public static class OutboundRoom
{
    /// <summary>Adds the client.</summary>
    public static IServiceCollection AddOutbound(this IServiceCollection services)
    {
        services.AddSingleton<OutboundHttp>();
        return services;
    }
}
