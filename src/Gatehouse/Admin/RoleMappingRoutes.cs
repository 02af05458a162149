using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Which roles a user, a service account or a group holds: directly, effectively, and which it could get.</summary>
internal static class RoleMappingRoutes
{
    /// <summary>Who holds: its kind, its id in the store, and its address.</summary>
    private sealed record Holder(RoleHolder Kind, string Id, string Path, Func<Task> RefuseBeyond);

    public static void Map(AdminRoutes admin)
    {
        MapHolder(admin, "users/{id}/role-mappings", UserAsync);
        MapHolder(admin, "groups/{id}/role-mappings", GroupAsync);
    }

    private static void MapHolder(AdminRoutes admin, string path, Func<Asked, Task<Holder>> holder)
    {
        admin.Get(path, "Lists the roles held directly", Right.ViewUsers, async asked => await AllAsync(asked, await holder(asked))).Gives<MappingsRepresentation>();
        MapContainer(admin, path + "/realm", "realm roles", "REALM_ROLE_MAPPING", holder, _ => Task.FromResult<string?>(null));
        MapContainer(admin, path + "/clients/{client}", "roles of a client", "CLIENT_ROLE_MAPPING", holder, async asked => (await ClientRoutes.FindAsync(asked, asked.Route("client"))).ClientId);
    }

    private static void MapContainer(AdminRoutes admin, string path, string what, string kind, Func<Asked, Task<Holder>> holder, Func<Asked, Task<string?>> client)
    {
        admin.Get(path, $"Lists the {what} held directly", Right.ViewUsers, async asked => await DirectAsync(asked, await holder(asked), await client(asked))).Gives<RoleRepresentation[]>();
        admin.Get(path + "/composite", $"Lists the {what} held in effect, through groups and composites too", Right.ViewUsers, async asked => await EffectiveAsync(asked, await holder(asked), await client(asked))).Queries("briefRepresentation").Gives<RoleRepresentation[]>();
        admin.Get(path + "/available", $"Lists the {what} not held directly", Right.ViewUsers, async asked => await AvailableAsync(asked, await holder(asked), await client(asked))).Gives<RoleRepresentation[]>();
        admin.Post(path, $"Gives {what}", Right.ManageUsers, async asked => await MoveAsync(asked, kind, await holder(asked), await client(asked), give: true)).Takes<RoleRepresentation[]>().Gives(204);
        admin.Delete(path, $"Takes {what} away", Right.ManageUsers, async asked => await MoveAsync(asked, kind, await holder(asked), await client(asked), give: false)).Takes<RoleRepresentation[]>().Gives(204);
    }

    private static async Task<Holder> UserAsync(Asked asked)
    {
        var id = asked.Route("id");
        if (await asked.Rooms.Users.FindAsync(asked.Realm.Name, id, asked.Stop) is { } user) return new Holder(RoleHolder.User, user.Id, $"users/{user.Id}", () => Beyond.RefuseUserAsync(asked, user.Id));
        // A service account's id is its client's.
        if (await asked.Rooms.Clients.FindAsync(asked.Realm.Name, id, asked.Stop) is { ServiceAccount: true } client)
            return new Holder(RoleHolder.ServiceAccount, client.ClientId, $"users/{client.Id}", () => Beyond.RefuseServiceAccountAsync(asked, client.ClientId));
        throw Refused.Missing("User");
    }

    private static async Task<Holder> GroupAsync(Asked asked)
    {
        var group = await GroupRoutes.FindAsync(asked, asked.Route("id"));
        return new Holder(RoleHolder.Group, group.Id, $"groups/{group.Id}", () => Beyond.RefuseGroupAsync(asked, group));
    }

    private static Task<IReadOnlyList<Role>> HeldAsync(Asked asked, Holder holder) => asked.Rooms.Roles.OfAsync(asked.Realm.Name, holder.Kind, holder.Id, asked.Stop);

    private static async Task<Answer> AllAsync(Asked asked, Holder holder)
    {
        var held = await HeldAsync(asked, holder);
        var clients = new Dictionary<string, ClientMappingsRepresentation>(StringComparer.Ordinal);
        foreach (var some in held.Where(role => role.Client is not null).GroupBy(role => role.Client!))
            clients[some.Key] = new ClientMappingsRepresentation((await ClientRoutes.FindByClientIdAsync(asked, some.Key))?.Id ?? some.Key, some.Key, await RoleShapes.OfAsync(asked, some));
        var realm = await RoleShapes.OfAsync(asked, held.Where(role => role.Client is null));
        return Answer.Ok(new MappingsRepresentation { RealmMappings = realm.Length == 0 ? null : realm, ClientMappings = clients.Count == 0 ? null : clients });
    }

    private static async Task<Answer> DirectAsync(Asked asked, Holder holder, string? client)
        => Answer.Ok(await RoleShapes.OfAsync(asked, (await HeldAsync(asked, holder)).Where(role => role.Client == client)));

    private static async Task<Answer> EffectiveAsync(Asked asked, Holder holder, string? client)
    {
        _ = asked.Flag("briefRepresentation");
        var rights = await asked.Rooms.Roles.RightsAsync(asked.Realm.Name, holder.Kind, holder.Id, asked.Stop);
        return Answer.Ok(await RoleShapes.OfAsync(asked, (await RoleShapes.AllAsync(asked, client)).Where(role => rights.Roles.Contains(role.Key))));
    }

    private static async Task<Answer> AvailableAsync(Asked asked, Holder holder, string? client)
    {
        var held = (await HeldAsync(asked, holder)).Select(role => role.Id).ToHashSet();
        return Answer.Ok(await RoleShapes.OfAsync(asked, (await RoleShapes.AllAsync(asked, client)).Where(role => !held.Contains(role.Id))));
    }

    private static async Task<Answer> MoveAsync(Asked asked, string kind, Holder holder, string? client, bool give)
    {
        var roles = await RoleShapes.NamedAsync(asked, client);
        await holder.RefuseBeyond();
        foreach (var role in roles) await Beyond.RefuseRoleAsync(asked, role);
        await asked.ChangeAsync(give ? "CREATE" : "DELETE", kind, $"{holder.Path}/role-mappings/{(client is null ? "realm" : $"clients/{client}")}", async work =>
        {
            foreach (var role in roles)
            {
                if (give) await asked.Rooms.Roles.GiveAsync(work, asked.Realm.Name, holder.Kind, holder.Id, role.Id);
                else await asked.Rooms.Roles.TakeAsync(work, asked.Realm.Name, holder.Kind, holder.Id, role.Id);
            }

            return true;
        });
        return Answer.Done;
    }
}
