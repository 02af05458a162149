using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteGroupsTests : GroupsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresGroupsTests : GroupsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class GroupsTests : StoreKit
{
    [Fact]
    public async Task A_rename_moves_the_paths_below_and_nothing_else()
    {
        // Characters outside the basic plane count once in SQL and twice in .NET; % and _ are LIKE's own.
        var top = NewGroup("😀_%");
        var below = NewGroup("berlin", top.Id);
        var deep = NewGroup("night", below.Id);
        var alike = NewGroup("😀x%");
        var besides = NewGroup("berlin", alike.Id);
        foreach (var group in (Group[])[top, below, deep, alike, besides]) Assert.True(await WriteAsync(work => Node.Groups.AddAsync(work, group)));
        Assert.True(await WriteAsync(work => Node.Groups.ChangeAsync(work, top with { Name = "agents" })));
        Assert.Equal(["/agents", "/agents/berlin", "/agents/berlin/night", "/😀x%", "/😀x%/berlin"], await PathsAsync(null));
        Assert.Equal(deep.Id, (await Node.Groups.FindByPathAsync(Realm, "/agents/berlin/night", Stop))?.Id);
    }

    [Fact]
    public async Task Siblings_differ_and_parents_exist()
    {
        var top = NewGroup("agents");
        Assert.True(await WriteAsync(work => Node.Groups.AddAsync(work, top)));
        Assert.False(await WriteAsync(work => Node.Groups.AddAsync(work, NewGroup("agents"))));
        Assert.True(await WriteAsync(work => Node.Groups.AddAsync(work, NewGroup("agents", top.Id))));
        Assert.False(await WriteAsync(work => Node.Groups.AddAsync(work, NewGroup("x", "no-such-parent"))));
        Assert.Equal(["/agents"], await PathsAsync(""));
        Assert.Equal(["/agents/agents"], await PathsAsync(top.Id));
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => Node.Groups.AddAsync(work, NewGroup("a/b"))));
    }

    [Fact]
    public async Task Adds_below_a_group_that_is_renamed_meanwhile_have_the_new_path()
    {
        var top = NewGroup("old");
        await WriteAsync(work => Node.Groups.AddAsync(work, top));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => i == 10
            ? WriteAsync(work => Node.Groups.ChangeAsync(work, top with { Name = "new" }))
            : WriteAsync(work => Node.Groups.AddAsync(work, NewGroup($"g{i}", top.Id)))));
        Assert.All(await PathsAsync(top.Id), path => Assert.StartsWith("/new/", path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_removed_group_takes_those_below_and_their_membership_along()
    {
        var (top, user, role) = (NewGroup("a_b"), NewUser("alice"), NewRole("agent"));
        var below = NewGroup("c", top.Id);
        var alike = NewGroup("axb");
        var stays = NewGroup("c", alike.Id);
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, user);
            await Node.Roles.AddAsync(work, role);
            foreach (var group in (Group[])[top, below, alike, stays]) await Node.Groups.AddAsync(work, group);
            await Node.Groups.JoinAsync(work, Realm, user.Id, below.Id);
            await Node.Groups.JoinAsync(work, Realm, user.Id, stays.Id);
            await Node.Groups.JoinAsync(work, Realm, user.Id, stays.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Group, top.Id, role.Id);
        });
        Assert.Contains("agent", (await Node.Roles.RightsAsync(Realm, RoleHolder.User, user.Id, Stop)).Roles.AsEnumerable());
        Assert.True(await WriteAsync(work => Node.Groups.RemoveAsync(work, Realm, top.Id)));
        Assert.Equal(["/axb/c"], (await Node.Groups.OfUserAsync(Realm, user.Id, Stop)).Select(group => group.Path));
        Assert.DoesNotContain("agent", (await Node.Roles.RightsAsync(Realm, RoleHolder.User, user.Id, Stop)).Roles.AsEnumerable());
        Assert.False(await WriteAsync(work => Node.Groups.RemoveAsync(work, Realm, top.Id)));
    }

    [Fact]
    public async Task Groups_are_found_by_a_value_of_an_attribute()
    {
        foreach (var (name, attribute, values) in ((string, string, string[])[])[("a", "supervisor", ["sam", "Sofia"]), ("b", "supervisor", ["sofia"]), ("c", "supervisorx", ["sofia"]), ("d", "s%_\\ü", ["sofia"]), ("e", "other", ["supervisor", "sofia"])])
            Assert.True(await WriteAsync(work => Node.Groups.AddAsync(work, NewGroup(name) with { Attributes = System.Collections.Immutable.ImmutableDictionary<string, System.Collections.Immutable.ImmutableArray<string>>.Empty.Add(attribute, [.. values]) })));
        async Task<string> FoundAsync(string name, string value) => string.Join(' ', (await Node.Groups.WithAttributeAsync(Realm, name, value, Stop)).Select(group => group.Name));
        Assert.Equal(("a b", "a", "d", "", ""), (await FoundAsync("supervisor", "SOFIA"), await FoundAsync("supervisor", "sam"), await FoundAsync("s%_\\ü", "sofia"), await FoundAsync("super%", "sofia"), await FoundAsync("supervisor", "s%")));
    }

    private async Task<string[]> PathsAsync(string? parent) => [.. (await Node.Groups.ListAsync(Realm, parent, null, null, 100, Stop)).Items.Select(group => group.Path)];
}
