using System.Collections.Immutable;
using System.Net;
using Gatehouse.Gateway;
using Microsoft.Extensions.Options;

namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>Owns the door at which another proxy asks whether it may forward a request. It reads how each brand of proxy describes the request, and hands it to the gate's own decision: there is no second one.</summary>
public static class ForwardAuthRoom
{
    /// <summary>Adds the door; it is shut until the settings list a proxy.</summary>
    public static IServiceCollection AddForwardAuth(this IServiceCollection services, IConfiguration section)
    {
        services.AddOptions<ForwardAuthSettings>().Bind(section)
            .Validate(settings => settings.Proxies.All(text => Networks.TryParse(text, out _)), "protocols:forwardauth:proxies must name networks (10.0.0.0/8, its first address exactly) or addresses.")
            .ValidateOnStart();
        return services.AddSingleton<ForwardAuthDoor>().AddSingleton<AllowedAnswer>();
    }

    internal static ImmutableArray<IPNetwork> ProxiesOf(IOptions<ForwardAuthSettings> settings) => [.. settings.Value.Proxies.Select(text => Networks.TryParse(text, out var network) ? network : throw new ArgumentException($"protocols:forwardauth:proxies: '{text}' is no network."))];
}

/// <summary>Settings of the door for other proxies.</summary>
public sealed class ForwardAuthSettings
{
    /// <summary>Networks and addresses of proxies that may ask at <c>/forward-auth/…</c>, whose description of a request is believed. Empty: the door does not exist.</summary>
    public IList<string> Proxies { get; set; } = [];

    /// <summary>Whether nginx may name the request in <c>X-Original-URI</c> and <c>X-Original-Method</c>. Only where every one of its locations sets both: one that does not passes on what a client wrote there. Better name it in the address, as the guide does.</summary>
    public bool OriginalUri { get; set; }
}
