using Gatehouse.ResourceServer;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the scheme into a program.</summary>
public static class GatehouseAuthentication
{
    /// <summary>Authenticates by bearer tokens of a Gatehouse realm, of its Finesse identity service, or of another issuer that speaks the same standards. What is wrong with the rules keeps the program from starting.</summary>
    public static AuthenticationBuilder AddGatehouse(this AuthenticationBuilder builder, Action<GatehouseOptions> configure) => builder.AddGatehouse(GatehouseOptions.Scheme, configure);

    /// <inheritdoc cref="AddGatehouse(AuthenticationBuilder, Action{GatehouseOptions})"/>
    public static AuthenticationBuilder AddGatehouse(this AuthenticationBuilder builder, string scheme, Action<GatehouseOptions> configure)
    {
        builder.AddScheme<GatehouseOptions, GatehouseHandler>(scheme, configure);
        builder.Services.AddOptions<GatehouseOptions>(scheme).ValidateOnStart();
        return builder;
    }

    /// <summary>All of these scopes must stand in the token; a refusal names them (RFC 6750, 3.1).</summary>
    public static AuthorizationPolicyBuilder RequireScope(this AuthorizationPolicyBuilder policy, params IReadOnlyList<string> scopes) => policy.AddRequirements(new ScopeNeed(scopes));

    /// <summary>Who holds the request's token; null where none was asked for.</summary>
    public static TokenHolder? TokenHolder(this HttpContext context) => context.Items.TryGetValue(GatehouseHandler.HolderKey, out var holder) ? (TokenHolder?)holder : null;
}
