using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Realm roles and client roles: the same handlers at three addresses (by name in the realm, by name in a client, by id).</summary>
internal static class RoleRoutes
{
    private static readonly string[] Known = ["id", "composite", "composites", "clientRole", "containerId"];

    /// <summary>Where a handler finds its role, and the kind in the audit event.</summary>
    private sealed record Place(string Kind, Func<Asked, Task<Role>> Find);

    public static void Map(AdminRoutes admin)
    {
        MapCollection(admin, "roles", "REALM_ROLE", Right.QueryRoles, Right.ManageRealm, _ => Task.FromResult<string?>(null));
        MapOne(admin, "roles/{role}", Right.ViewRealm, Right.ManageRealm, new Place("REALM_ROLE", asked => FindAsync(asked, null)));
        MapCollection(admin, "clients/{client}/roles", "CLIENT_ROLE", Right.QueryClients, Right.ManageClients, ClientAsync);
        MapOne(admin, "clients/{client}/roles/{role}", Right.ViewClients, Right.ManageClients, new Place("CLIENT_ROLE", async asked => await FindAsync(asked, await ClientAsync(asked))));
        MapOne(admin, "roles-by-id/{role}", Right.ViewRoles, Right.ManageRoles, new Place("REALM_ROLE", FindByIdAsync));
    }

    private static void MapCollection(AdminRoutes admin, string path, string kind, Right view, Right manage, Func<Asked, Task<string?>> client)
    {
        admin.Get(path, "Lists roles, a page ordered by name", view, async asked => await ListAsync(asked, await client(asked))).Queries("search", "first", "max", "after", "briefRepresentation").Gives<RoleRepresentation[]>();
        admin.Post(path, "Makes a role", manage, async asked => await AddAsync(asked, kind, await client(asked))).Takes<RoleRepresentation>().Gives(201);
    }

    private static void MapOne(AdminRoutes admin, string path, Right view, Right manage, Place place)
    {
        admin.Get(path, "Shows a role", view, async asked => Answer.Ok((await RoleShapes.OfAsync(asked, [await place.Find(asked)]))[0])).Gives<RoleRepresentation>();
        admin.Put(path, "Renames or describes a role", manage, asked => ChangeAsync(asked, place)).Takes<RoleRepresentation>().Gives(204);
        admin.Delete(path, "Deletes a role", manage, asked => RemoveAsync(asked, place)).Gives(204);
        admin.Get(path + "/users", "Lists the users who hold a role directly", Right.ViewUsers, asked => UsersAsync(asked, place)).Queries("first", "max", "after", "briefRepresentation").Gives<UserRepresentation[]>();
        admin.Get(path + "/composites", "Lists the roles that a role contains", view, asked => CompositesAsync(asked, place, _ => true)).Gives<RoleRepresentation[]>();
        admin.Get(path + "/composites/realm", "Lists the realm roles that a role contains", view, asked => CompositesAsync(asked, place, role => role.Client is null)).Gives<RoleRepresentation[]>();
        admin.Get(path + "/composites/clients/{other}", "Lists the roles of a client that a role contains", view, CompositesOfClientAsync).Gives<RoleRepresentation[]>();
        admin.Post(path + "/composites", "Adds roles to a role", manage, asked => ComposeAsync(asked, place, add: true)).Takes<RoleRepresentation[]>().Gives(204);
        admin.Delete(path + "/composites", "Takes roles out of a role", manage, asked => ComposeAsync(asked, place, add: false)).Takes<RoleRepresentation[]>().Gives(204);

        async Task<Answer> CompositesOfClientAsync(Asked asked)
        {
            var client = await ClientRoutes.FindAsync(asked, asked.Route("other"));
            return await CompositesAsync(asked, place, role => role.Client == client.ClientId);
        }
    }

    private static async Task<string?> ClientAsync(Asked asked) => (await ClientRoutes.FindAsync(asked, asked.Route("client"))).ClientId;

    private static async Task<Role> FindAsync(Asked asked, string? client)
        => await asked.Rooms.Roles.FindByNameAsync(asked.Realm.Name, client, asked.Route("role"), asked.Stop) ?? throw Refused.Missing("Could not find role: Role");

    private static async Task<Role> FindByIdAsync(Asked asked)
    {
        var role = await asked.Rooms.Roles.FindAsync(asked.Realm.Name, asked.Route("role"), asked.Stop) ?? throw Refused.Missing("Could not find role with id: Role");
        // The route admits both kinds of administrator; the role says which of them is meant.
        asked.Need(role.Client is null ? Right.ViewRealm : Right.ViewClients);
        return role;
    }

    private static async Task<Answer> ListAsync(Asked asked, string? client)
    {
        var (first, max) = (asked.Number("first", 0, 500), asked.Number("max", 500, 500));
        _ = asked.Flag("briefRepresentation");
        var page = await asked.Rooms.Roles.ListAsync(asked.Realm.Name, client, asked.Query("search"), asked.Query("after"), first + max, asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(await RoleShapes.OfAsync(asked, page.Items.Skip(first)));
    }

    private static async Task<Answer> AddAsync(Asked asked, string kind, string? client)
    {
        if (client == Right.Client) throw BuiltIn.Refuse($"The client {Right.Client}");
        var body = await asked.ReadAsync();
        if (body.Text("name") is not { Length: > 0 } name) throw Refused.Invalid("'name' is missing.");
        var role = new Role { Id = Guid.NewGuid().ToString(), Realm = asked.Realm.Name, Client = client, Name = name, Description = body.Text("description") };
        if (body.Object("composites") is not null) throw Refused.Unsupported("'composites' are set with POST …/composites.");
        if (body.Attributes("attributes") is { IsEmpty: false }) asked.Ignore("attributes");
        body.Rest(asked.Ignore, Known);
        await asked.ChangeOrConflictAsync("CREATE", kind, $"roles-by-id/{role.Id}", $"Role with name {name} already exists", work => asked.Rooms.Roles.AddAsync(work, role));
        return Answer.Created(client is null ? $"{asked.Root}roles/{Uri.EscapeDataString(name)}" : $"{asked.Root}clients/{asked.Route("client")}/roles/{Uri.EscapeDataString(name)}");
    }

    private static async Task<Answer> ChangeAsync(Asked asked, Place place)
    {
        var old = await ManagedAsync(asked, place);
        var body = await asked.ReadAsync();
        var role = old with { Name = body.Text("name") ?? old.Name, Description = body.Text("description") ?? old.Description };
        if (body.Attributes("attributes") is { IsEmpty: false }) asked.Ignore("attributes");
        body.Rest(asked.Ignore, Known);
        await asked.ChangeOrConflictAsync("UPDATE", KindOf(role), $"roles-by-id/{role.Id}", $"Role with name {role.Name} already exists", async work =>
        {
            if (!await asked.Rooms.Roles.ChangeAsync(work, role)) return false;
            await asked.Rooms.Guarded.RenameRoleAsync(work, role.Realm, old.Key, role.Key);
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked, Place place)
    {
        var role = await ManagedAsync(asked, place);
        await asked.ChangeAsync("DELETE", KindOf(role), $"roles-by-id/{role.Id}", async work => await asked.Rooms.Roles.RemoveAsync(work, asked.Realm.Name, role.Id) ? true : throw Refused.Missing("Role"));
        return Answer.Done;
    }

    private static async Task<Answer> UsersAsync(Asked asked, Place place)
    {
        var role = await place.Find(asked);
        var page = await asked.Rooms.Users.ListAsync(asked.Realm.Name, new UserQuery { Role = role.Id, After = asked.Query("after"), Skip = asked.Number("first", 0, int.MaxValue), Limit = asked.Number("max", 100, 10_000) }, asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(UserRoutes.Shown(asked, page.Items));
    }

    private static async Task<Answer> CompositesAsync(Asked asked, Place place, Func<Role, bool> which)
    {
        var role = await place.Find(asked);
        var children = await asked.Rooms.Roles.OfAsync(asked.Realm.Name, RoleHolder.Role, role.Id, asked.Stop);
        return Answer.Ok(await RoleShapes.OfAsync(asked, children.Where(which)));
    }

    private static async Task<Answer> ComposeAsync(Asked asked, Place place, bool add)
    {
        var role = await place.Find(asked);
        asked.Need(role.Client is null ? Right.ManageRealm : Right.ManageClients);
        // The default role may contain more; the rights themselves may not.
        if (role.Client == Right.Client) throw BuiltIn.Refuse($"The role {role.Key}");
        await Beyond.RefuseRoleAsync(asked, role);
        var children = await RoleShapes.NamedAsync(asked, null, any: true);
        foreach (var child in children) await Beyond.RefuseRoleAsync(asked, child);
        await asked.ChangeAsync(add ? "CREATE" : "DELETE", KindOf(role), $"roles-by-id/{role.Id}/composites", async work =>
        {
            foreach (var child in children)
            {
                if (!add) await asked.Rooms.Roles.TakeAsync(work, asked.Realm.Name, RoleHolder.Role, role.Id, child.Id);
                else if (!await asked.Rooms.Roles.GiveAsync(work, asked.Realm.Name, RoleHolder.Role, role.Id, child.Id)) throw Refused.Invalid($"The role '{child.Name}' contains '{role.Name}'; it cannot be contained in it as well.");
            }

            return true;
        });
        return Answer.Done;
    }

    private static async Task<Role> ManagedAsync(Asked asked, Place place)
    {
        var role = await place.Find(asked);
        asked.Need(role.Client is null ? Right.ManageRealm : Right.ManageClients);
        if (BuiltIn.Is(role)) throw BuiltIn.Refuse($"The role {role.Key}");
        await Beyond.RefuseRoleAsync(asked, role);
        return role;
    }

    private static string KindOf(Role role) => role.Client is null ? "REALM_ROLE" : "CLIENT_ROLE";
}
