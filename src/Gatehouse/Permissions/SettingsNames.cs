using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.People;

namespace Gatehouse.Permissions;

/// <summary>Looks up what settings name outside of themselves: roles, users, groups and clients, by id or by name. What does not exist is told, never dropped: a policy that nobody can meet is a trap, and one that is turned round lets everybody in.</summary>
public sealed class SettingsNames(Roles roles, Users users, Groups groups, ClientStore clients)
{
    private readonly Roles roles = roles;
    private readonly Users users = users;
    private readonly Groups groups = groups;
    private readonly ClientStore clients = clients;

    private const int Most = 2000;

    /// <summary>The settings with every name in the form in which they are kept; what is the same as in <paramref name="old"/> is not looked up again. Throws <see cref="ArgumentException"/> with all that is missing.</summary>
    public async Task<ResourceServer> ResolveAsync(Client client, ResourceServer server, ResourceServer? old, CancellationToken stop)
    {
        var look = new LookUp(this, client, stop);
        var kept = old is null ? [] : old.Policies.ToHashSet<object>(ReferenceEqualityComparer.Instance);
        if (old is not null) kept.UnionWith(old.Resources);
        var policies = ImmutableArray.CreateBuilder<ResourcePolicy>(server.Policies.Length);
        foreach (var policy in server.Policies) policies.Add(kept.Contains(policy) ? policy : policy with { Condition = await OfAsync(policy, look) });
        var resources = ImmutableArray.CreateBuilder<Resource>(server.Resources.Length);
        foreach (var resource in server.Resources) resources.Add(resource.Owner is not { } owner || kept.Contains(resource) ? resource : resource with { Owner = owner == client.Id || owner == client.ClientId ? null : await look.UserAsync(owner, $"The resource '{resource.Name}'") });
        if (look.Missing.Count > 0) throw new ArgumentException(string.Join(' ', look.Missing.Take(10)) + (look.Missing.Count > 10 ? $" And {look.Missing.Count - 10} more." : ""));
        return SettingsReader.Sound(server with { Policies = policies.ToImmutable(), Resources = resources.ToImmutable() });
    }

    /// <summary>User names of ids; an id stays where the user is gone.</summary>
    public async Task<IReadOnlyDictionary<string, string>> UserNamesAsync(string realm, ResourceServer server, CancellationToken stop)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var id in server.Policies.Select(one => one.Condition).OfType<Condition.Users>().SelectMany(one => one.Ids).Distinct().Take(Most))
            if (await users.FindAsync(realm, id, stop) is { } user) names[id] = user.Username;
        return names;
    }

    private static async Task<Condition> OfAsync(ResourcePolicy policy, LookUp look)
    {
        var who = $"The policy '{policy.Name}'";
        switch (policy.Condition)
        {
            case Condition.Roles one:
                var wanted = new List<Wanted>();
                foreach (var role in one.Named) wanted.Add(role with { Name = await look.RoleAsync(role.Name, who) });
                return new Condition.Roles([.. wanted.Distinct()]);
            case Condition.Users one:
                return new Condition.Users(await EachAsync(one.Ids, id => look.UserAsync(id, who)));
            case Condition.Groups one:
                var named = new List<WantedGroup>();
                foreach (var group in one.Named) named.Add(group with { Path = await look.GroupAsync(group.Path, who) });
                return new Condition.Groups([.. named.Distinct()]);
            case Condition.Clients one:
                return new Condition.Clients(await EachAsync(one.Ids, id => look.ClientAsync(id, who)));
            default:
                return policy.Condition;
        }
    }

    private static async Task<ImmutableArray<string>> EachAsync(ImmutableArray<string> names, Func<string, Task<string>> find)
    {
        var found = new List<string>(names.Length);
        foreach (var name in names) found.Add(await find(name));
        return [.. found.Distinct()];
    }

    // Each name is looked up once.
    private sealed class LookUp(SettingsNames rooms, Client own, CancellationToken stop)
    {
        // A client that is being made may name itself.
        private readonly Dictionary<(string Kind, string Name), string> known = new() { [("client", own.ClientId)] = own.ClientId };
        private readonly string realm = own.Realm;

        public List<string> Missing { get; } = [];

        public Task<string> RoleAsync(string name, string who) => FindAsync("role", name, who, async () =>
        {
            if (IsId(name) && await rooms.roles.FindAsync(realm, name, stop) is { } byId) return byId.Key;
            var slash = name.IndexOf('/', StringComparison.Ordinal);
            return (await rooms.roles.FindByNameAsync(realm, slash < 0 ? null : name[..slash], slash < 0 ? name : name[(slash + 1)..], stop))?.Key;
        });

        public Task<string> UserAsync(string name, string who) => FindAsync("user", name, who, async () => (IsId(name) ? await rooms.users.FindAsync(realm, name, stop) : null)?.Id ?? (await rooms.users.FindByNameAsync(realm, name, stop))?.Id);

        public Task<string> GroupAsync(string name, string who) => FindAsync("group", name, who, async () => (IsId(name) ? await rooms.groups.FindAsync(realm, name, stop) : null)?.Path ?? (await rooms.groups.FindByPathAsync(realm, name.StartsWith('/') ? name : "/" + name, stop))?.Path);

        public Task<string> ClientAsync(string name, string who) => FindAsync("client", name, who, async () => (IsId(name) ? await rooms.clients.FindAsync(realm, name, stop) : null)?.ClientId ?? (await rooms.clients.FindByClientIdAsync(realm, name, stop))?.ClientId);

        private async Task<string> FindAsync(string kind, string name, string who, Func<Task<string?>> find)
        {
            if (known.TryGetValue((kind, name), out var found)) return found;
            if (known.Count >= Most) throw new ArgumentException($"The settings name more than {Most} roles, users, groups and clients.");
            var looked = name.Length is 0 or > 255 || name.Contains('\0', StringComparison.Ordinal) ? null : await find();
            if (looked is null) Missing.Add($"{who} names the {kind} '{(name.Length > 80 ? name[..80] : name)}', which does not exist.");
            return known[(kind, name)] = looked ?? name;
        }

        private static bool IsId(string text) => text.Length == 36 && Guid.TryParse(text, out _);
    }
}
