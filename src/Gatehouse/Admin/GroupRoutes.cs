using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Groups: the tree, members, changes.</summary>
internal static class GroupRoutes
{
    // So many groups are read to draw a tree; those beyond are reached by their parents.
    private const int Most = 10_000;
    private static readonly string[] Known = ["id", "path", "parentId", "subGroupCount", "subGroups", "realmRoles", "clientRoles", "access"];

    public static void Map(AdminRoutes admin)
    {
        admin.Get("groups", "Lists top groups with those below them; with a search, the matching groups under their ancestors", Right.QueryGroups, ListAsync)
            .Queries("search", "exact", "first", "max", "after", "briefRepresentation", "populateHierarchy", "subGroupsCount").Gives<GroupRepresentation[]>();
        admin.Get("groups/count", "Counts groups", Right.QueryGroups, CountAsync).Queries("search", "top").Gives<CountRepresentation>();
        admin.Post("groups", "Makes a top group", Right.ManageUsers, asked => AddAsync(asked, null)).Takes<GroupRepresentation>().Gives(201);
        admin.Get("groups/{id}", "Shows a group with its roles and the groups right below it", Right.ViewUsers, ShowAsync).Gives<GroupRepresentation>();
        admin.Put("groups/{id}", "Renames a group or replaces its attributes", Right.ManageUsers, ChangeAsync).Takes<GroupRepresentation>().Gives(204);
        admin.Delete("groups/{id}", "Deletes a group and those below it", Right.ManageUsers, RemoveAsync).Gives(204);
        admin.Get("groups/{id}/children", "Lists the groups right below a group", Right.QueryGroups, ChildrenAsync).Queries("search", "first", "max", "after", "briefRepresentation", "subGroupsCount").Gives<GroupRepresentation[]>();
        admin.Post("groups/{id}/children", "Makes a group below a group", Right.ManageUsers, async asked => await AddAsync(asked, await FindAsync(asked, asked.Route("id")))).Takes<GroupRepresentation>().Gives<GroupRepresentation>(201);
        admin.Get("groups/{id}/members", "Lists a group's members, a page ordered by user name", Right.ViewUsers, MembersAsync).Queries("first", "max", "after", "briefRepresentation").Gives<UserRepresentation[]>();
        admin.Get("group-by-path/{*path}", "Shows the group of a path", Right.ViewUsers, ByPathAsync).Gives<GroupRepresentation>();
    }

    public static async Task<Group> FindAsync(Asked asked, string id) => await asked.Rooms.Groups.FindAsync(asked.Realm.Name, id, asked.Stop) ?? throw Refused.Missing("Group");

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var brief = asked.Flag("briefRepresentation") ?? true;
        if (asked.Flag("exact") == true) throw Refused.Unsupported("'exact' is not offered for groups; use group-by-path/{path}.");
        _ = asked.Flag("populateHierarchy");
        _ = asked.Flag("subGroupsCount");
        var (first, max) = Window(asked);
        if (asked.Query("search") is { } search)
        {
            var found = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, null, search, asked.Query("after"), first + max, asked.Stop);
            asked.Next(found.Next);
            return Answer.Ok(GroupTree.Of(await WithAncestorsAsync(asked, found.Items.Skip(first)), brief));
        }

        var top = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, "", null, asked.Query("after"), first + max, asked.Stop);
        asked.Next(top.Next);
        var shown = top.Items.Skip(first).ToList();
        var all = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, null, null, null, Most, asked.Stop);
        var roots = shown.Select(group => group.Id).ToHashSet();
        return Answer.Ok(GroupTree.Of([.. shown, .. all.Items.Where(group => group.Parent is not null)], brief).Where(group => roots.Contains(group.Id!)).ToArray());
    }

    private static async Task<Answer> CountAsync(Asked asked)
    {
        var count = 0L;
        string? after = null;
        do
        {
            var page = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, asked.Flag("top") == true ? "" : null, asked.Query("search"), after, Most, asked.Stop);
            (count, after) = (count + page.Items.Count, page.Next);
        }
        while (after is not null);
        return Answer.Ok(new CountRepresentation(count));
    }

    private static async Task<Answer> AddAsync(Asked asked, Group? parent)
    {
        var body = await asked.ReadAsync();
        if (body.Text("name") is not { Length: > 0 } name) throw Refused.Invalid("'name' is missing.");
        if (body.Text("id") is not null) throw Refused.Unsupported("A group cannot be moved.");
        var group = new Group { Id = Guid.NewGuid().ToString(), Realm = asked.Realm.Name, Name = name, Parent = parent?.Id, Path = $"{parent?.Path}/{name}", Attributes = body.Attributes("attributes") ?? [] };
        body.Rest(asked.Ignore, Known);
        await asked.ChangeOrConflictAsync("CREATE", "GROUP", $"groups/{group.Id}", $"Group named '{name}' already exists here.", work => asked.Rooms.Groups.AddAsync(work, group));
        return new Answer(201, parent is null ? null : GroupRepresentation.Of(group), $"{asked.Root}groups/{group.Id}");
    }

    private static async Task<Answer> ShowAsync(Asked asked) => Answer.Ok(await WholeAsync(asked, await FindAsync(asked, asked.Route("id"))));

    private static async Task<Answer> ByPathAsync(Asked asked)
        => Answer.Ok(await WholeAsync(asked, await asked.Rooms.Groups.FindByPathAsync(asked.Realm.Name, "/" + asked.Route("path").Trim('/'), asked.Stop) ?? throw Refused.Missing("Group")));

    private static async Task<GroupRepresentation> WholeAsync(Asked asked, Group group)
    {
        var roles = await asked.Rooms.Roles.OfAsync(asked.Realm.Name, RoleHolder.Group, group.Id, asked.Stop);
        var below = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, group.Id, null, null, Most, asked.Stop);
        return GroupRepresentation.Of(group) with
        {
            SubGroups = [.. below.Items.Select(child => GroupRepresentation.Of(child))], SubGroupCount = below.Items.Count,
            RealmRoles = [.. roles.Where(role => role.Client is null).Select(role => role.Name)],
            ClientRoles = roles.Where(role => role.Client is not null).GroupBy(role => role.Client!).ToDictionary(some => some.Key, some => some.Select(role => role.Name).ToArray()),
        };
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var old = await FindAsync(asked, asked.Route("id"));
        var body = await asked.ReadAsync();
        var group = old with { Name = body.Text("name") ?? old.Name, Attributes = body.Attributes("attributes") ?? old.Attributes };
        body.Rest(asked.Ignore, Known);
        // Access rules name groups by path: a new name under strong rights is a change of rights.
        await Beyond.RefuseGroupAsync(asked, old);
        await asked.ChangeOrConflictAsync("UPDATE", "GROUP", $"groups/{group.Id}", $"Group named '{group.Name}' already exists here.", async work =>
        {
            if (!await asked.Rooms.Groups.ChangeAsync(work, group)) return false;
            await asked.Rooms.Guarded.RenameGroupAsync(work, group.Realm, old.Path, $"{old.Path[..old.Path.LastIndexOf('/')]}/{group.Name}");
            return true;
        });
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var group = await FindAsync(asked, asked.Route("id"));
        await Beyond.RefuseGroupAsync(asked, group);
        await asked.ChangeAsync("DELETE", "GROUP", $"groups/{group.Id}", async work => await asked.Rooms.Groups.RemoveAsync(work, asked.Realm.Name, group.Id) ? true : throw Refused.Missing("Group"));
        return Answer.Done;
    }

    private static async Task<Answer> ChildrenAsync(Asked asked)
    {
        var group = await FindAsync(asked, asked.Route("id"));
        var brief = asked.Flag("briefRepresentation") ?? false;
        var (first, max) = Window(asked);
        _ = asked.Flag("subGroupsCount");
        var page = await asked.Rooms.Groups.ListAsync(asked.Realm.Name, group.Id, asked.Query("search"), asked.Query("after"), first + max, asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(page.Items.Skip(first).Select(child => GroupRepresentation.Of(child, brief) with { SubGroups = [] }).ToArray());
    }

    private static async Task<Answer> MembersAsync(Asked asked)
    {
        var group = await FindAsync(asked, asked.Route("id"));
        var page = await asked.Rooms.Users.ListAsync(asked.Realm.Name, new UserQuery { Group = group.Id, After = asked.Query("after"), Skip = asked.Number("first", 0, int.MaxValue), Limit = asked.Number("max", 100, 10_000) }, asked.Stop);
        asked.Next(page.Next);
        return Answer.Ok(UserRoutes.Shown(asked, page.Items));
    }

    private static (int First, int Max) Window(Asked asked) => (asked.Number("first", 0, Most / 2), asked.Number("max", Most / 2, Most / 2));

    private static async Task<List<Group>> WithAncestorsAsync(Asked asked, IEnumerable<Group> groups)
    {
        var all = groups.ToDictionary(group => group.Id);
        var missing = new Queue<string>(all.Values.Select(group => group.Parent).OfType<string>());
        while (missing.TryDequeue(out var id))
        {
            if (all.ContainsKey(id) || await asked.Rooms.Groups.FindAsync(asked.Realm.Name, id, asked.Stop) is not { } parent) continue;
            all.Add(id, parent);
            if (parent.Parent is { } above) missing.Enqueue(above);
        }

        return [.. all.Values.OrderBy(group => group.Path, StringComparer.Ordinal)];
    }
}
