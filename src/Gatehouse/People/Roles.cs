using System.Collections.Frozen;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>Roles and who holds them. Changes announce <c>role</c>, or <c>user</c> when one user's roles changed.</summary>
public sealed class Roles(Database database)
{
    private const string Columns = "id, realm, client, name, description, exists (select 1 from role_holders h where h.realm = roles.realm and h.holder_kind = 2 and h.holder_id = roles.id) as Composite";

    // Everything below a set of roles through composites.
    private const string Closure = "with recursive held (id) as ({0} union select h.role_id from role_holders h join held on h.realm = @realm and h.holder_kind = 2 and h.holder_id = held.id)";

    /// <summary>Adds a role. False when the name is taken.</summary>
    public async Task<bool> AddAsync(Work work, Role role)
    {
        Assert(role);
        var count = await work.Connection.ExecuteAsync("insert into roles (id, realm, client, name, description) values (@Id, @Realm, @Client, @Name, @Description) on conflict do nothing", Flat(role), work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("role", role.Realm, role.Id));
        return count == 1;
    }

    /// <summary>Renames or describes a role. False when there is none or the name is taken.</summary>
    public async Task<bool> ChangeAsync(Work work, Role role)
    {
        Assert(role);
        var taken = await work.Connection.ExecuteScalarAsync<long>("select count(*) from roles where realm = @Realm and client = @Client and name = @Name and id <> @Id", Flat(role), work.Transaction);
        if (taken > 0) return false;
        var count = await work.Connection.ExecuteAsync("update roles set name = @Name, description = @Description where realm = @Realm and id = @Id", Flat(role), work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("role", role.Realm, role.Id));
        return count == 1;
    }

    /// <summary>Deletes a role. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string realm, string id)
    {
        await work.Connection.ExecuteAsync("delete from role_holders where realm = @realm and (role_id = @id or (holder_kind = 2 and holder_id = @id))", new { realm, id }, work.Transaction);
        var count = await work.Connection.ExecuteAsync("delete from roles where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("role", realm, id, "removed"));
        return count == 1;
    }

    /// <summary>By id.</summary>
    public Task<Role?> FindAsync(string realm, string id, CancellationToken stop)
        => !StoredText.IsSound(id) ? Task.FromResult<Role?>(null) : database.ReadAsync(async connection => (await connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from roles where realm = @realm and id = @id", new { realm, id }))?.ToRole(), stop);

    /// <summary>By client and name.</summary>
    public Task<Role?> FindByNameAsync(string realm, string? client, string name, CancellationToken stop)
        => !StoredText.IsSound(name) ? Task.FromResult<Role?>(null) : database.ReadAsync(async connection => (await connection.QuerySingleOrDefaultAsync<Row>(
            $"select {Columns} from roles where realm = @realm and client = @client and name = @name", new { realm, client = client ?? "", name }))?.ToRole(), stop);

    /// <summary>A page of the realm's (client null) or a client's roles, ordered by name.</summary>
    public async Task<Page<Role>> ListAsync(string realm, string? client, string? search, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 1000);
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from roles where realm = @realm and client = @client {(string.IsNullOrEmpty(search) ? "" : "and lower(name) like @like escape '\\'")} {(after is null ? "" : "and name > @after")} order by name limit @rows",
            new { realm, client = client ?? "", like = $"%{Names.Like(search ?? "")}%", after, rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToRole()).ToList();
        return new Page<Role>(items, rows.Count > take ? items[^1].Name : null);
    }

    /// <summary>Gives a role; no effect when held already. False when it would make a composite contain itself.</summary>
    public async Task<bool> GiveAsync(Work work, string realm, RoleHolder holder, string holderId, string roleId)
    {
        if (holder == RoleHolder.Role)
        {
            // Two halves of a loop given at the same time would not see each other.
            await work.OneAtATimeAsync();
            var loops = await work.Connection.ExecuteScalarAsync<long>(string.Format(Closure, "select @roleId") + " select count(*) from held where id = @holderId", new { realm, roleId, holderId }, work.Transaction);
            if (loops > 0) return false;
        }

        await work.Connection.ExecuteAsync("insert into role_holders (realm, role_id, holder_kind, holder_id) values (@realm, @roleId, @kind, @holderId) on conflict do nothing",
            new { realm, roleId, kind = (int)holder, holderId }, work.Transaction);
        await work.AnnounceAsync(ChangeOf(realm, holder, holderId));
        return true;
    }

    /// <summary>Takes a role away; no effect when not held.</summary>
    public async Task TakeAsync(Work work, string realm, RoleHolder holder, string holderId, string roleId)
    {
        await work.Connection.ExecuteAsync("delete from role_holders where realm = @realm and role_id = @roleId and holder_kind = @kind and holder_id = @holderId",
            new { realm, roleId, kind = (int)holder, holderId }, work.Transaction);
        await work.AnnounceAsync(ChangeOf(realm, holder, holderId));
    }

    /// <summary>Roles held directly.</summary>
    public Task<IReadOnlyList<Role>> OfAsync(string realm, RoleHolder holder, string holderId, CancellationToken stop)
        => database.ReadAsync<IReadOnlyList<Role>>(async connection => (await connection.QueryAsync<Row>(
            $"select {Columns} from roles where realm = @realm and id in (select role_id from role_holders where realm = @realm and holder_kind = @kind and holder_id = @holderId) order by client, name",
            new { realm, kind = (int)holder, holderId })).Select(row => row.ToRole()).ToList(), stop);

    /// <summary>Everything a user or service account may claim: roles through groups (and groups above them) and composites included, and groups.</summary>
    public Task<Rights> RightsAsync(string realm, RoleHolder holder, string holderId, CancellationToken stop)
        => database.ReadAsync(async connection =>
        {
            var values = new { realm, kind = (int)holder, holderId, everyone = $"default-roles-{realm}" };
            var start = "select role_id from role_holders where realm = @realm and holder_kind = @kind and holder_id = @holderId";
            if (holder == RoleHolder.User)
            {
                start += """
                     union select id from roles where realm = @realm and client = '' and name = @everyone
                     union select h.role_id from group_members m
                       join people_groups g on g.realm = m.realm and g.id = m.group_id
                       join people_groups a on a.realm = g.realm and (a.id = g.id or substr(g.path, 1, length(a.path) + 1) = a.path || '/')
                       join role_holders h on h.realm = a.realm and h.holder_kind = 1 and h.holder_id = a.id
                       where m.realm = @realm and m.user_id = @holderId
                    """;
            }

            var roles = await connection.QueryAsync<(string Client, string Name)>(string.Format(Closure, start) + " select r.client, r.name from roles r join held on held.id = r.id where r.realm = @realm", values);
            var groups = holder == RoleHolder.User
                ? await connection.QueryAsync<string>("select path from people_groups where realm = @realm and id in (select group_id from group_members where realm = @realm and user_id = @holderId)", values)
                : [];
            return new Rights(roles.Select(role => role.Client.Length == 0 ? role.Name : $"{role.Client}/{role.Name}").ToFrozenSet(), groups.ToFrozenSet());
        }, stop);

    // A slash parts client and role in keys: a realm role 'billing/admin' must not pass for the client's.
    private static void Assert(Role role)
    {
        if (!Names.IsLabel(role.Name) || role.Name.Contains('/', StringComparison.Ordinal)) throw new ArgumentException($"A role's name has 1 to {Names.Longest} visible characters and no slash.");
    }

    private static Change ChangeOf(string realm, RoleHolder holder, string holderId)
        => holder == RoleHolder.User ? new Change("user", realm, holderId, "roles") : new Change("role", realm, holderId, holder.ToString());

    // A null client would escape the unique index: realm roles are kept under the empty client.
    private static object Flat(Role role) => new { role.Id, role.Realm, Client = role.Client ?? "", role.Name, role.Description };

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string Client { get; init; } = "";

        public string Name { get; init; } = "";

        public string? Description { get; init; }

        public bool Composite { get; init; }

        public Role ToRole() => new() { Id = Id, Realm = Realm, Client = Client.Length == 0 ? null : Client, Name = Name, Description = Description, Composite = Composite };
    }
}
