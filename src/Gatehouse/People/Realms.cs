using System.Collections.Frozen;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.People;

/// <summary>The realms, held in memory and kept fresh by the change feed (<c>realm</c>).</summary>
public sealed class Realms : IDisposable
{
    /// <summary>Client roles of <c>realm-management</c>, as Keycloak names them; <c>realm-admin</c> contains the others.</summary>
    public static readonly IReadOnlyList<string> ManagementRoles =
    [
        "view-realm", "view-users", "view-clients", "view-events", "manage-realm", "manage-users", "manage-clients", "manage-events", "query-realms", "query-users", "query-clients", "query-groups", "impersonation", "view-identity-providers", "manage-identity-providers",
        "view-dialogs", "manage-dialogs", "view-authorization", "manage-authorization",
    ];

    private readonly Database database;
    private readonly Roles roles;
    private readonly SigningKeys keys;
    private readonly SamlKeys samlKeys;
    private readonly IDisposable hearing;
    private volatile FrozenDictionary<string, Realm> known = FrozenDictionary<string, Realm>.Empty;

    /// <summary>Wires the room's parts together.</summary>
    public Realms(Database database, Roles roles, SigningKeys keys, SamlKeys samlKeys)
    {
        (this.database, this.roles, this.keys, this.samlKeys) = (database, roles, keys, samlKeys);
        hearing = database.Feed.Reload("realm", LoadAsync);
    }

    /// <summary>From memory; null when unknown. Never touches the database once loaded at start.</summary>
    public Realm? Find(string name) => known.GetValueOrDefault(name);

    /// <summary>All realms, ordered by name.</summary>
    public IReadOnlyList<Realm> All => [.. known.Values.OrderBy(realm => realm.Name, StringComparer.Ordinal)];

    /// <summary>Whether a text may name a realm: lower-case letters, digits, dash, underscore; 1 to 64 characters, first a letter or digit.</summary>
    public static bool IsName(string name)
        => name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    /// <summary>Adds a realm with the roles that every realm has. False when the name is taken.</summary>
    public async Task<bool> AddAsync(Work work, Realm realm)
    {
        if (!IsName(realm.Name)) throw new ArgumentException("A realm's name has lower-case letters, digits, '-' and '_' only.", nameof(realm));
        var count = await work.Connection.ExecuteAsync("insert into realms (name, body) values (@Name, @body) on conflict (name) do nothing", new { realm.Name, body = JsonSerializer.Serialize(realm) }, work.Transaction);
        if (count == 0) return false;
        await SeedRolesAsync(work, realm.Name);
        await work.AnnounceAsync(new Change("realm", realm.Name, realm.Name));
        return true;
    }

    /// <summary>Replaces a realm's settings. False when there is none.</summary>
    public async Task<bool> ChangeAsync(Work work, Realm realm)
    {
        var count = await work.Connection.ExecuteAsync("update realms set body = @body where name = @Name", new { realm.Name, body = JsonSerializer.Serialize(realm) }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("realm", realm.Name, realm.Name));
        return count == 1;
    }

    /// <summary>Deletes a realm, its people and its signing keys; clients and sessions are told to go by whoever asks for this. False when there is none.</summary>
    public async Task<bool> RemoveAsync(Work work, string name)
    {
        foreach (var table in (string[])["role_holders", "group_members", "people_groups", "roles", "passwords", "user_links", "upstream_imports", "users"])
            await work.Connection.ExecuteAsync($"delete from {table} where realm = @name", new { name }, work.Transaction);
        await keys.RemoveAllAsync(work, name);
        await samlKeys.RemoveAllAsync(work, name);
        var count = await work.Connection.ExecuteAsync("delete from realms where name = @name", new { name }, work.Transaction);
        if (count == 1) await work.AnnounceAsync(new Change("realm", name, name, "removed"));
        return count == 1;
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    /// <summary>Reads all realms anew; called at start and by the feed.</summary>
    public async Task LoadAsync(CancellationToken stop)
    {
        var bodies = await database.ReadAsync(async connection => (await connection.QueryAsync<string>("select body from realms")).AsList(), stop);
        known = bodies.Select(body => JsonSerializer.Deserialize<Realm>(body)!).ToFrozenDictionary(realm => realm.Name);
    }

    private async Task SeedRolesAsync(Work work, string realm)
    {
        var everyone = NewRole(realm, null, $"default-roles-{realm}", "What every user has");
        await roles.AddAsync(work, everyone);
        foreach (var name in (string[])["offline_access", "uma_authorization"])
        {
            var role = NewRole(realm, null, name, null);
            await roles.AddAsync(work, role);
            await roles.GiveAsync(work, realm, RoleHolder.Role, everyone.Id, role.Id);
        }

        var admin = NewRole(realm, "realm-management", "realm-admin", "May do everything in this realm");
        await roles.AddAsync(work, admin);
        foreach (var name in ManagementRoles)
        {
            var role = NewRole(realm, "realm-management", name, null);
            await roles.AddAsync(work, role);
            await roles.GiveAsync(work, realm, RoleHolder.Role, admin.Id, role.Id);
        }
    }

    private static Role NewRole(string realm, string? client, string name, string? description)
        => new() { Id = Guid.NewGuid().ToString(), Realm = realm, Client = client, Name = name, Description = description };
}
