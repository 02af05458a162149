using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Roles as representations, and back: a role's container is its realm, or its client's internal id.</summary>
internal static class RoleShapes
{
    public static async Task<RoleRepresentation[]> OfAsync(Asked asked, IEnumerable<Role> roles)
    {
        var containers = new Dictionary<string, string>(StringComparer.Ordinal);
        var shown = new List<RoleRepresentation>();
        foreach (var role in roles)
        {
            var container = asked.Realm.Name;
            if (role.Client is { } client && !containers.TryGetValue(client, out container!))
                containers[client] = container = (await ClientRoutes.FindByClientIdAsync(asked, client))?.Id ?? client;
            shown.Add(new RoleRepresentation { Id = role.Id, Name = role.Name, Description = role.Description, Composite = role.Composite, ClientRole = role.Client is not null, ContainerId = container, Attributes = new Dictionary<string, string[]>() });
        }

        return [.. shown];
    }

    /// <summary>The roles that a body names by id or by name, each really one of the realm's (client null), of a client's, or of any when <paramref name="any"/>.</summary>
    public static async Task<IReadOnlyList<Role>> NamedAsync(Asked asked, string? client, bool any = false)
    {
        var roles = new List<Role>();
        foreach (var body in await asked.ReadListAsync())
        {
            var (id, name) = (body.Text("id"), body.Text("name"));
            var role = id is not null ? await asked.Rooms.Roles.FindAsync(asked.Realm.Name, id, asked.Stop)
                : name is not null ? await asked.Rooms.Roles.FindByNameAsync(asked.Realm.Name, client, name, asked.Stop)
                : throw Refused.Invalid("Each role needs its 'id' or its 'name'.");
            if (role is null || (!any && role.Client != client) || (name is not null && role.Name != name)) throw Refused.Missing("Role");
            roles.Add(role);
        }

        return roles;
    }

    /// <summary>All roles of the realm or of a client. They are few; those beyond ten thousand are not read.</summary>
    public static async Task<IReadOnlyList<Role>> AllAsync(Asked asked, string? client)
    {
        var all = new List<Role>();
        string? after = null;
        do
        {
            var page = await asked.Rooms.Roles.ListAsync(asked.Realm.Name, client, null, after, 1000, asked.Stop);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && all.Count < 10_000);
        return all;
    }
}
