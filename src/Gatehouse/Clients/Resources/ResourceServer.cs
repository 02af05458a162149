using System.Collections.Immutable;

namespace Gatehouse.Clients.Resources;

/// <summary>What happens to a request that no permission speaks of (Keycloak's <c>policyEnforcementMode</c>).</summary>
public enum EnforcementMode
{
    /// <summary>Refused.</summary>
    Enforcing,

    /// <summary>Allowed.</summary>
    Permissive,

    /// <summary>Everything is allowed, whatever the permissions say.</summary>
    Disabled,
}

/// <summary>How several votes become one (Keycloak's <c>decisionStrategy</c>). Without any vote it is no.</summary>
public enum DecisionStrategy
{
    /// <summary>All say yes.</summary>
    Unanimous,

    /// <summary>One yes is enough.</summary>
    Affirmative,

    /// <summary>More yes than no.</summary>
    Consensus,
}

/// <summary>The authorization settings of a client: what it guards, and who may. Keycloak calls such a client a resource server.</summary>
public sealed record ResourceServer
{
    /// <summary>Most resources of one client.</summary>
    public const int MostResources = 1000;

    /// <summary>Most scopes of one client.</summary>
    public const int MostScopes = 1000;

    /// <summary>Most policies and permissions of one client.</summary>
    public const int MostPolicies = 2000;

    /// <summary>Most entries of one list in a resource or policy.</summary>
    public const int MostItems = 500;

    /// <summary>How deep policies may stand on one another.</summary>
    public const int Deepest = 16;

    /// <summary>Grows with each change; 0 when nothing was stored yet.</summary>
    public long Version { get; init; }

    /// <summary>What happens where no permission speaks.</summary>
    public EnforcementMode Mode { get; init; }

    /// <summary>How permissions that speak of the same thing are counted.</summary>
    public DecisionStrategy Strategy { get; init; }

    /// <summary>Whether the client may register resources itself, by the protection API.</summary>
    public bool RemoteManagement { get; init; } = true;

    /// <summary>What is guarded.</summary>
    public ImmutableArray<Resource> Resources { get; init; } = [];

    /// <summary>What can be done with it.</summary>
    public ImmutableArray<ResourceScope> Scopes { get; init; } = [];

    /// <summary>Policies and permissions, in the order in which they were made.</summary>
    public ImmutableArray<ResourcePolicy> Policies { get; init; } = [];

    /// <summary>A resource by id, else by the name that the resource server itself gave it.</summary>
    public Resource? Find(string idOrName) => Resources.FirstOrDefault(one => one.Id == idOrName) ?? Resources.FirstOrDefault(one => one.Owner is null && one.Name == idOrName);

    /// <summary>A scope by id or name; blanks at the ends do not count when nothing is spelt exactly so.</summary>
    public ResourceScope? FindScope(string idOrName) => Scopes.FirstOrDefault(one => one.Name == idOrName || one.Id == idOrName) ?? Scopes.FirstOrDefault(one => one.Name.AsSpan().Trim().SequenceEqual(idOrName.AsSpan().Trim()));

    /// <summary>A policy or permission by id or name.</summary>
    public ResourcePolicy? FindPolicy(string idOrName) => Policies.FirstOrDefault(one => one.Id == idOrName) ?? Policies.FirstOrDefault(one => one.Name == idOrName);
}

/// <summary>Something that is guarded.</summary>
public sealed record Resource
{
    /// <summary>Id: the client's own choice, or a UUID.</summary>
    public required string Id { get; init; }

    /// <summary>Name, unique among those of its owner.</summary>
    public required string Name { get; init; }

    /// <summary>Name for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Kind of resource: permissions may speak of a type.</summary>
    public string? Type { get; init; }

    /// <summary>Address of an icon.</summary>
    public string? IconUri { get; init; }

    /// <summary>Paths that stand for it.</summary>
    public ImmutableArray<string> Uris { get; init; } = [];

    /// <summary>Names of its scopes.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>User id of the owner; null for the resource server itself.</summary>
    public string? Owner { get; init; }

    /// <summary>Kept and shown as it was sent; owners share nothing here.</summary>
    public bool OwnerManagedAccess { get; init; }

    /// <summary>Free attributes.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Attributes { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
}

/// <summary>What can be done with a resource.</summary>
/// <param name="Id">UUID.</param>
/// <param name="Name">Name, unique; blanks at its ends are kept, since vendors' data have them.</param>
/// <param name="DisplayName">Name for people.</param>
/// <param name="IconUri">Address of an icon.</param>
public sealed record ResourceScope(string Id, string Name, string? DisplayName = null, string? IconUri = null);
