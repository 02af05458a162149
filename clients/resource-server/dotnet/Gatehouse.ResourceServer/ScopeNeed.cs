using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.ResourceServer;

/// <summary>A policy's need of scopes, all of them.</summary>
internal sealed class ScopeNeed(IReadOnlyList<string> scopes) : AuthorizationHandler<ScopeNeed>, IAuthorizationRequirement
{
    /// <summary>Where the missing scopes are kept for the refusal.</summary>
    internal static readonly object Key = new();

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeNeed requirement)
    {
        if (scopes.All(scope => context.User.HasClaim("scope", scope))) context.Succeed(requirement);
        else if (context.Resource is HttpContext http) http.Items[Key] = string.Join(' ', scopes);
        return Task.CompletedTask;
    }
}
