using System.Collections.Frozen;

namespace Gatehouse.People;

/// <summary>A realm role, or a client's role when <see cref="Client"/> is set.</summary>
public sealed record Role
{
    /// <summary>Id (UUID).</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>The client's <c>client_id</c>; null for a realm role.</summary>
    public string? Client { get; init; }

    /// <summary>Name, unique among the realm's or the client's roles.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it contains other roles.</summary>
    public bool Composite { get; init; }

    /// <summary>The form that rules and <see cref="Terms.Principal.Roles"/> use: <c>name</c> or <c>client/name</c>.</summary>
    public string Key => Client is null ? Name : $"{Client}/{Name}";
}

/// <summary>Who holds a role: a user, a group, or another role (composite), by id; or a client's service account, by client id.</summary>
public enum RoleHolder
{
    /// <summary>A user.</summary>
    User,

    /// <summary>A group: all its members, and members of groups below it.</summary>
    Group,

    /// <summary>A role that contains this one.</summary>
    Role,

    /// <summary>The service account of a client (holder id is its <c>client_id</c>).</summary>
    ServiceAccount,
}

/// <summary>Effective roles (keys as <see cref="Role.Key"/>) and group paths.</summary>
public sealed record Rights(FrozenSet<string> Roles, FrozenSet<string> Groups)
{
    /// <summary>Cut to some roles and to no groups, as a reduced session has them; null leaves all.</summary>
    public Rights Only(IReadOnlyCollection<string>? roles) => roles is null ? this : new Rights(Roles.Where(roles.Contains).ToFrozenSet(StringComparer.Ordinal), FrozenSet<string>.Empty);
}
