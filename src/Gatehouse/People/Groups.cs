using System.Collections.Immutable;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>A group; its path is made of its ancestors' names, as <c>/agents/berlin</c>.</summary>
public sealed record Group
{
    /// <summary>Id (UUID).</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Name, unique among its siblings; no slash.</summary>
    public required string Name { get; init; }

    /// <summary>Parent group id; null at the top.</summary>
    public string? Parent { get; init; }

    /// <summary>Full path.</summary>
    public required string Path { get; init; }

    /// <summary>Free attributes.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Attributes { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
}

/// <summary>Groups, membership, and the roles that groups give. Changes announce <c>group</c>, membership changes announce <c>user</c>.</summary>
public sealed class Groups
{
    /// <summary>Adds a group. False when a sibling has the name, or the parent is missing.</summary>
    public Task<bool> AddAsync(Work work, Group group) => throw new NotImplementedException();

    /// <summary>Renames or changes a group and the paths below it. False when there is none or the name is taken.</summary>
    public Task<bool> ChangeAsync(Work work, Group group) => throw new NotImplementedException();

    /// <summary>Deletes a group and those below it. False when there is none.</summary>
    public Task<bool> RemoveAsync(Work work, string realm, string id) => throw new NotImplementedException();

    /// <summary>By id.</summary>
    public Task<Group?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By path.</summary>
    public Task<Group?> FindByPathAsync(string realm, string path, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>A page of groups ordered by path; below <paramref name="parent"/>, at the top ("") or all (null); filtered by substring.</summary>
    public Task<Page<Group>> ListAsync(string realm, string? parent, string? search, string? after, int limit, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>The groups of a user, ordered by path.</summary>
    public Task<IReadOnlyList<Group>> OfUserAsync(string realm, string userId, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Puts a user into a group; no effect when already there.</summary>
    public Task JoinAsync(Work work, string realm, string userId, string groupId) => throw new NotImplementedException();

    /// <summary>Takes a user out of a group; no effect when not there.</summary>
    public Task LeaveAsync(Work work, string realm, string userId, string groupId) => throw new NotImplementedException();
}
