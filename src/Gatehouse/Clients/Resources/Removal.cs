using System.Collections.Immutable;

namespace Gatehouse.Clients.Resources;

/// <summary>Takes something out of settings, with what would be left to refer to it. A permission that spoke of nothing else goes too: left behind without its resources it would speak of all.</summary>
public static class Removal
{
    /// <summary>Without a resource.</summary>
    public static ResourceServer OfResource(ResourceServer server, Resource resource) => Without(server with { Resources = server.Resources.Remove(resource) }, condition => condition switch
    {
        Condition.OnResources one when one.Resources.Contains(resource.Id) => one.Resources.Length == 1 && one.Type is null ? null : one with { Resources = one.Resources.Remove(resource.Id) },
        Condition.OnScopes one when one.Resources.Contains(resource.Id) => one.Resources.Length == 1 ? null : one with { Resources = one.Resources.Remove(resource.Id) },
        _ => condition,
    });

    /// <summary>Without a scope.</summary>
    public static ResourceServer OfScope(ResourceServer server, ResourceScope scope) => Without(
        server with { Scopes = server.Scopes.Remove(scope), Resources = [.. server.Resources.Select(one => one.Scopes.Contains(scope.Name) ? one with { Scopes = one.Scopes.Remove(scope.Name) } : one)] },
        condition => condition is Condition.OnScopes one && one.Scopes.Contains(scope.Name) ? one.Scopes.Length == 1 ? null : one with { Scopes = one.Scopes.Remove(scope.Name) } : condition);

    /// <summary>Without a policy or permission. Throws <see cref="ArgumentException"/> where others stand on it: without it they could say yes.</summary>
    public static ResourceServer OfPolicy(ResourceServer server, ResourcePolicy policy)
        => server.Policies.FirstOrDefault(one => one.Condition.Below.Contains(policy.Id)) is { } above
            ? throw new ArgumentException($"The policy '{above.Name}' stands on '{policy.Name}': change or delete that one first.")
            : server with { Policies = server.Policies.Remove(policy) };

    private static ResourceServer Without(ResourceServer server, Func<Condition, Condition?> change)
    {
        var kept = ImmutableArray.CreateBuilder<ResourcePolicy>(server.Policies.Length);
        foreach (var policy in server.Policies)
            if (change(policy.Condition) is { } condition) kept.Add(ReferenceEquals(condition, policy.Condition) ? policy : policy with { Condition = condition });
        return server with { Policies = kept.ToImmutable() };
    }
}
