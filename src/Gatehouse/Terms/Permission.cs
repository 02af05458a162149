using System.Collections.Immutable;

namespace Gatehouse.Terms;

/// <summary>What somebody may do with one resource of a resource server, as Keycloak's authorization services tell it.</summary>
/// <param name="ResourceId">Id of the resource (<c>rsid</c>); null for scopes that belong to no resource.</param>
/// <param name="ResourceName">Its name (<c>rsname</c>); null where it was not asked for.</param>
/// <param name="Scopes">What is allowed, by name, exactly as the resource server spells it; empty for a resource that has no scopes.</param>
public sealed record Permission(string? ResourceId, string? ResourceName, ImmutableArray<string> Scopes);
