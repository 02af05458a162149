using System.Collections.Immutable;
using System.Text.Json;
using Dapper;
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

/// <summary>Groups and membership. Changes announce <c>group</c>, membership changes announce <c>user</c>.</summary>
public sealed class Groups(Database database)
{
    private const string Columns = "id, realm, name, parent, path, attributes";

    /// <summary>Adds a group; its path follows from its parent. False when a sibling has the name, or the parent is missing.</summary>
    public async Task<bool> AddAsync(Work work, Group group)
    {
        Assert(group);
        await work.OneAtATimeAsync();
        if (await PathAsync(work, group) is not { } path) return false;
        var count = await work.Connection.ExecuteAsync(
            "insert into people_groups (id, realm, name, parent, path, attributes) values (@Id, @Realm, @Name, @Parent, @path, @attributes) on conflict do nothing",
            new { group.Id, group.Realm, group.Name, group.Parent, path, attributes = JsonSerializer.Serialize(group.Attributes) }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("group", group.Realm, group.Id));
        return count == 1;
    }

    /// <summary>Renames or changes a group and the paths below it; it stays where it is in the tree. False when there is none or the name is taken.</summary>
    public async Task<bool> ChangeAsync(Work work, Group group)
    {
        Assert(group);
        // A group added below in the same moment would keep the old path.
        await work.OneAtATimeAsync();
        var old = await work.Connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from people_groups where realm = @Realm and id = @Id", new { group.Realm, group.Id }, work.Transaction);
        if (old is null) return false;
        var path = await PathAsync(work, group with { Parent = old.Parent });
        var taken = await work.Connection.ExecuteScalarAsync<long>("select count(*) from people_groups where realm = @Realm and path = @path and id <> @Id", new { group.Realm, path, group.Id }, work.Transaction);
        if (taken > 0) return false;
        await work.Connection.ExecuteAsync("update people_groups set name = @Name, path = @path, attributes = @attributes where realm = @Realm and id = @Id",
            new { group.Name, path, attributes = JsonSerializer.Serialize(group.Attributes), group.Realm, group.Id }, work.Transaction);
        await work.Connection.ExecuteAsync("update people_groups set path = @path || substr(path, length(@old) + 1) where realm = @Realm and path like @below escape '\\'",
            new { path, old = old.Path, group.Realm, below = Names.Escape(old.Path) + "/%" }, work.Transaction);
        await work.AnnounceAsync(new Change("group", group.Realm, group.Id));
        return true;
    }

    /// <summary>Deletes a group and those below it. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string id)
    {
        var path = await work.Connection.ExecuteScalarAsync<string?>("select path from people_groups where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (path is null) return false;
        const string Tree = "select id from people_groups where realm = @realm and (path = @path or path like @below escape '\\')";
        var values = new { realm, path, below = Names.Escape(path) + "/%" };
        await work.Connection.ExecuteAsync($"delete from group_members where realm = @realm and group_id in ({Tree})", values, work.Transaction);
        await work.Connection.ExecuteAsync($"delete from role_holders where realm = @realm and holder_kind = 1 and holder_id in ({Tree})", values, work.Transaction);
        await work.Connection.ExecuteAsync($"delete from people_groups where id in ({Tree})", values, work.Transaction);
        await work.AnnounceAsync(new Change("group", realm, id, "removed"));
        return true;
    }

    /// <summary>By id.</summary>
    public Task<Group?> FindAsync(string realm, string id, CancellationToken stop) => OneAsync("id = @value", realm, id, stop);

    /// <summary>By path.</summary>
    public Task<Group?> FindByPathAsync(string realm, string path, CancellationToken stop) => OneAsync("path = @value", realm, path, stop);

    /// <summary>A page of groups ordered by path; below <paramref name="parent"/>, at the top ("") or all (null); filtered by substring.</summary>
    public async Task<Page<Group>> ListAsync(string realm, string? parent, string? search, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 10_000);
        var where = parent switch { null => "", "" => "and parent is null", _ => "and parent = @parent" };
        if (!string.IsNullOrEmpty(search)) where += " and lower(name) like @like escape '\\'";
        if (after is not null) where += " and path > @after";
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from people_groups where realm = @realm {where} order by path limit @rows",
            new { realm, parent, like = $"%{Names.Like(search ?? "")}%", after, rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToGroup()).ToList();
        return new Page<Group>(items, rows.Count > take ? items[^1].Path : null);
    }

    /// <summary>The groups of a user, ordered by path.</summary>
    public Task<IReadOnlyList<Group>> OfUserAsync(string realm, string userId, CancellationToken stop)
        => database.ReadAsync<IReadOnlyList<Group>>(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from people_groups where realm = @realm and id in (select group_id from group_members where realm = @realm and user_id = @userId) order by path",
            new { realm, userId })).Select(row => row.ToGroup()).ToList(), stop);

    /// <summary>The groups that have a value among those of an attribute, in any case, ordered by path; at most 1000.</summary>
    public async Task<IReadOnlyList<Group>> WithAttributeAsync(string realm, string name, string value, CancellationToken stop)
    {
        // The text only narrows; what counts is read from the attributes themselves.
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from people_groups where realm = @realm and attributes like @like escape '\\' order by path limit 1000",
            new { realm, like = $"%{Names.Escape(JsonSerializer.Serialize(name))}:%" })).AsList(), stop);
        return [.. rows.Select(row => row.ToGroup()).Where(group => group.Attributes.GetValueOrDefault(name, []).Any(one => string.Equals(one, value, StringComparison.OrdinalIgnoreCase)))];
    }

    /// <summary>Puts a user into a group; no effect when already there.</summary>
    public async Task JoinAsync(Work work, string realm, string userId, string groupId)
    {
        await work.Connection.ExecuteAsync("insert into group_members (realm, group_id, user_id) values (@realm, @groupId, @userId) on conflict do nothing", new { realm, groupId, userId }, work.Transaction);
        await work.AnnounceAsync(new Change("user", realm, userId, "groups"));
    }

    /// <summary>Takes a user out of a group; no effect when not there.</summary>
    public async Task LeaveAsync(Work work, string realm, string userId, string groupId)
    {
        await work.Connection.ExecuteAsync("delete from group_members where realm = @realm and group_id = @groupId and user_id = @userId", new { realm, groupId, userId }, work.Transaction);
        await work.AnnounceAsync(new Change("user", realm, userId, "groups"));
    }

    private Task<Group?> OneAsync(string where, string realm, string value, CancellationToken stop)
        => !StoredText.IsSound(value) ? Task.FromResult<Group?>(null) : database.ReadAsync(async connection => (await connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from people_groups where realm = @realm and {where}", new { realm, value }))?.ToGroup(), stop);

    private static async Task<string?> PathAsync(Work work, Group group)
    {
        if (group.Parent is null) return "/" + group.Name;
        var above = await work.Connection.ExecuteScalarAsync<string?>("select path from people_groups where realm = @Realm and id = @Parent", new { group.Realm, group.Parent }, work.Transaction);
        return above is null ? null : $"{above}/{group.Name}";
    }

    private static void Assert(Group group)
    {
        Names.AssertAttributes(group.Attributes);
        if (!Names.IsLabel(group.Name) || group.Name.Contains('/', StringComparison.Ordinal)) throw new ArgumentException($"A group's name has 1 to {Names.Longest} visible characters and no slash.");
    }

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string Name { get; init; } = "";

        public string? Parent { get; init; }

        public string Path { get; init; } = "";

        public string Attributes { get; init; } = "{}";

        public Group ToGroup() => new() { Id = Id, Realm = Realm, Name = Name, Parent = Parent, Path = Path, Attributes = JsonSerializer.Deserialize<ImmutableDictionary<string, ImmutableArray<string>>>(Attributes)! };
    }
}
