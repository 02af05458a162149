using System.Collections.Immutable;
using System.CommandLine;
using Gatehouse.People;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse groups</c>.</summary>
internal static class GroupCommands
{
    private static readonly Argument<string> Path = new("GROUP") { Description = "The group's path, as /agents/berlin; a slash in front may be left out." };
    private static readonly Option<string?> Search = new("--search") { Description = "Part of the name.", HelpName = "TEXT" };
    private static readonly Option<string[]> Set = new("--set") { Description = "An attribute; without a value it is taken away. May be repeated; the same name twice gives it two values.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Join = new("--join") { Description = "User who becomes a member. May be repeated.", HelpName = "USER", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Leave = new("--leave") { Description = "User who is a member no more. May be repeated.", HelpName = "USER", DefaultValueFactory = _ => [] };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "groups", "Groups of people: rights in common, or teams.",
        ["gatehouse groups add agents_permission --join alice", "gatehouse groups add team-a --set teamId=a --set supervisor=sam --join alice", "gatehouse groups list"],
        DataVerb.Make(terminal, "list", "Lists groups by path, with their attributes.", [Search], ListAsync, ["gatehouse groups list", "gatehouse groups list --search team"]),
        DataVerb.Make(terminal, "add", "Adds a group, with attributes and members.", [Path, Set, Join], AddAsync, ["gatehouse groups add agents_permission --join alice", "gatehouse groups add team-a --set teamId=a --set supervisor=sam --join alice"]),
        DataVerb.Make(terminal, "change", "Changes a group's attributes and members; shows the attributes.", [Path, Set, Join, Leave], ChangeAsync, ["gatehouse groups change team-a --join bruno --leave alice", "gatehouse groups change team-a --set supervisor=sofia"]),
        DataVerb.Make(terminal, "delete", "Deletes a group and those below it.", [Path, Yes], DeleteAsync, ["gatehouse groups delete team-a --yes"]));

    private static async Task<int> ListAsync(Job job)
    {
        var all = new List<Group>();
        string? after = null;
        do
        {
            var page = await job.Shop.Groups.ListAsync(job.Realm.Name, null, job.Words.GetValue(Search), after, 1000, job.Stop);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        if (job.Json) return await job.SayAsync(all.Select(group => new { group.Id, group.Path, group.Attributes }).ToArray());
        job.Terminal.Table(["group", "attributes"], all.Select(group => (IReadOnlyList<string?>)[group.Path, Shown(group)]));
        return CommandLine.Done;
    }

    private static async Task<int> AddAsync(Job job)
    {
        var (realm, path) = (job.Realm.Name, PathOf(job));
        var slash = path.LastIndexOf('/');
        var parent = slash == 0 ? null : await job.Shop.Groups.FindByPathAsync(realm, path[..slash], job.Stop) ?? throw new StartRefused($"There is no group '{Terminal.Printable(path[..slash])}' to put it into.");
        var members = await UsersAsync(job, Join);
        var group = new Group { Id = Guid.NewGuid().ToString(), Realm = realm, Name = path[(slash + 1)..], Parent = parent?.Id, Path = path, Attributes = With(ImmutableDictionary<string, ImmutableArray<string>>.Empty, job) };
        var made = await job.Shop.ChangeAsync(realm, "CREATE", $"groups/{group.Id}", async work =>
        {
            if (!await job.Shop.Groups.AddAsync(work, group)) return false;
            foreach (var member in members) await job.Shop.Groups.JoinAsync(work, realm, member.Id, group.Id);
            return true;
        }, job.Stop);
        if (!made) throw new StartRefused($"There is a group '{Terminal.Printable(path)}' already.");
        return await job.DoneAsync($"Group '{Terminal.Printable(path)}' is there.", new { group.Id, group.Path });
    }

    private static async Task<int> ChangeAsync(Job job)
    {
        var group = await FindAsync(job);
        var (join, leave) = (await UsersAsync(job, Join), await UsersAsync(job, Leave));
        var changed = group with { Attributes = With(group.Attributes, job) };
        if (join.Count + leave.Count + job.Words.GetValue(Set)!.Length > 0)
        {
            await job.Shop.ChangeAsync(group.Realm, "UPDATE", $"groups/{group.Id}", async work =>
            {
                foreach (var member in join) await job.Shop.Groups.JoinAsync(work, group.Realm, member.Id, group.Id);
                foreach (var member in leave) await job.Shop.Groups.LeaveAsync(work, group.Realm, member.Id, group.Id);
                return await job.Shop.Groups.ChangeAsync(work, changed);
            }, job.Stop);
        }

        if (job.Json) return await job.SayAsync(new { changed.Id, changed.Path, changed.Attributes });
        job.Terminal.Table(["group", "attributes"], [[changed.Path, Shown(changed)]]);
        return CommandLine.Done;
    }

    private static async Task<int> DeleteAsync(Job job)
    {
        var group = await FindAsync(job);
        if (!job.Words.GetValue(Yes) && !Asks.Yes(job.Terminal, $"Delete '{group.Path}' and what is below it for good?")) throw new StartRefused("Nothing was deleted. Add --yes to delete without being asked.");
        await job.Shop.ChangeAsync(group.Realm, "DELETE", $"groups/{group.Id}", work => job.Shop.Groups.RemoveAsync(work, group.Realm, group.Id), job.Stop);
        return await job.DoneAsync($"'{group.Path}' is deleted.", new { group.Id, group.Path });
    }

    private static string PathOf(Job job) => job.Words.GetValue(Path)! is var path && path.StartsWith('/') ? path : "/" + path;

    private static async Task<Group> FindAsync(Job job)
        => await job.Shop.Groups.FindByPathAsync(job.Realm.Name, PathOf(job), job.Stop) ?? throw new StartRefused($"There is no group '{Terminal.Printable(PathOf(job))}' in realm '{job.Realm.Name}'.");

    private static async Task<List<User>> UsersAsync(Job job, Option<string[]> option)
    {
        var users = new List<User>();
        foreach (var name in job.Words.GetValue(option)!) users.Add(await job.Shop.Users.FindByNameAsync(job.Realm.Name, name, job.Stop) ?? throw new StartRefused($"There is no user '{Terminal.Printable(name)}' in realm '{job.Realm.Name}'."));
        return users;
    }

    private static ImmutableDictionary<string, ImmutableArray<string>> With(ImmutableDictionary<string, ImmutableArray<string>> attributes, Job job)
    {
        var given = job.Words.GetValue(Set)!.Select(text => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals ? (Name: text[..equals], Value: text[(equals + 1)..]) : throw new StartRefused($"'{text}' is no attribute; write NAME=VALUE, or NAME= to take it away."));
        foreach (var values in given.GroupBy(one => one.Name))
            attributes = values.All(one => one.Value.Length == 0) ? attributes.Remove(values.Key) : attributes.SetItem(values.Key, [.. values.Where(one => one.Value.Length > 0).Select(one => one.Value)]);
        return attributes;
    }

    private static string Shown(Group group) => string.Join("; ", group.Attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={string.Join(", ", pair.Value)}"));
}
