using System.Collections.Frozen;
using Gatehouse.Storage;

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

/// <summary>Roles and who holds them. Changes announce <c>role</c>, or <c>user</c> when one user's roles changed.</summary>
public sealed class Roles
{
    /// <summary>Adds a role. False when the name is taken.</summary>
    public Task<bool> AddAsync(Work work, Role role) => throw new NotImplementedException();

    /// <summary>Renames or describes a role. False when there is none or the name is taken.</summary>
    public Task<bool> ChangeAsync(Work work, Role role) => throw new NotImplementedException();

    /// <summary>Deletes a role. False when there is none.</summary>
    public Task<bool> RemoveAsync(Work work, string realm, string id) => throw new NotImplementedException();

    /// <summary>By id.</summary>
    public Task<Role?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By client and name.</summary>
    public Task<Role?> FindByNameAsync(string realm, string? client, string name, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>A page of the realm's (client null) or a client's roles, ordered by name.</summary>
    public Task<Page<Role>> ListAsync(string realm, string? client, string? search, string? after, int limit, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Gives a role; no effect when held already. False when it would make a composite contain itself.</summary>
    public Task<bool> GiveAsync(Work work, string realm, RoleHolder holder, string holderId, string roleId) => throw new NotImplementedException();

    /// <summary>Takes a role away; no effect when not held.</summary>
    public Task TakeAsync(Work work, string realm, RoleHolder holder, string holderId, string roleId) => throw new NotImplementedException();

    /// <summary>Roles held directly.</summary>
    public Task<IReadOnlyList<Role>> OfAsync(string realm, RoleHolder holder, string holderId, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Everything a user or service account may claim: roles through groups and composites included, and groups.</summary>
    public Task<Rights> RightsAsync(string realm, RoleHolder holder, string holderId, CancellationToken stop) => throw new NotImplementedException();
}

/// <summary>Effective roles (keys as <see cref="Role.Key"/>) and group paths.</summary>
public sealed record Rights(FrozenSet<string> Roles, FrozenSet<string> Groups);
