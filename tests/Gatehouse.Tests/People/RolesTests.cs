using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteRolesTests : RolesTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresRolesTests : RolesTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class RolesTests : StoreKit
{
    private static readonly string[] Default = [$"default-roles-{Realm}", "offline_access", "uma_authorization"];

    [Fact]
    public async Task Rights_come_directly_through_groups_above_and_through_composites()
    {
        var user = NewUser("alice");
        var (top, below, beside) = (NewGroup("staff"), NewGroup("agents"), NewGroup("staff2"));
        below = below with { Parent = top.Id };
        var (direct, whole, part, deep, ofTop, ofBeside) = (NewRole("direct"), NewRole("whole"), NewRole("part", "crm"), NewRole("deep"), NewRole("of-top"), NewRole("of-beside"));
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, user);
            foreach (var group in (Group[])[top, below, beside]) Assert.True(await Node.Groups.AddAsync(work, group));
            foreach (var role in (Role[])[direct, whole, part, deep, ofTop, ofBeside]) Assert.True(await Node.Roles.AddAsync(work, role));
            await Node.Groups.JoinAsync(work, Realm, user.Id, below.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.User, user.Id, direct.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Group, below.Id, whole.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Role, whole.Id, part.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Role, part.Id, deep.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Group, top.Id, ofTop.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Group, beside.Id, ofBeside.Id);
        });
        var rights = await Node.Roles.RightsAsync(Realm, RoleHolder.User, user.Id, Stop);
        Assert.Equal([.. Default.Concat(["direct", "whole", "crm/part", "deep", "of-top"]).Order(StringComparer.Ordinal)], rights.Roles.Order(StringComparer.Ordinal));
        Assert.Equal(["/staff/agents"], rights.Groups);
    }

    [Fact]
    public async Task A_service_account_has_what_it_was_given_and_no_more()
    {
        var role = NewRole("integration");
        await WriteAsync(async work =>
        {
            await Node.Roles.AddAsync(work, role);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.ServiceAccount, "crm-sync", role.Id);
        });
        Assert.Equal(["integration"], (await Node.Roles.RightsAsync(Realm, RoleHolder.ServiceAccount, "crm-sync", Stop)).Roles);
        Assert.Empty((await Node.Roles.RightsAsync(Realm, RoleHolder.ServiceAccount, "crm", Stop)).Roles);
    }

    [Fact]
    public async Task A_new_realm_has_keycloaks_roles_and_its_admin_role_contains_the_others()
    {
        var admin = (await Node.Roles.FindByNameAsync(Realm, "realm-management", "realm-admin", Stop))!;
        Assert.True(admin.Composite);
        var user = NewUser("ada");
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, user);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.User, user.Id, admin.Id);
        });
        var rights = await Node.Roles.RightsAsync(Realm, RoleHolder.User, user.Id, Stop);
        Assert.All(Realms.ManagementRoles, name => Assert.Contains($"realm-management/{name}", rights.Roles.AsEnumerable()));
        Assert.Superset(Default.ToHashSet(), rights.Roles.ToHashSet());
    }

    [Fact]
    public async Task No_role_contains_itself_however_it_is_tried()
    {
        var (a, b, c) = (NewRole("a"), NewRole("b"), NewRole("c"));
        await WriteAsync(async work =>
        {
            foreach (var role in (Role[])[a, b, c]) await Node.Roles.AddAsync(work, role);
        });
        Assert.False(await GiveAsync(a, a));
        Assert.True(await GiveAsync(a, b));
        Assert.True(await GiveAsync(b, c));
        Assert.False(await GiveAsync(c, a));

        for (var i = 0; i < 10; i++)
        {
            var (x, y) = (NewRole($"x{i}"), NewRole($"y{i}"));
            await WriteAsync(async work => await Node.Roles.AddAsync(work, x) && await Node.Roles.AddAsync(work, y));
            var given = await Task.WhenAll(GiveAsync(x, y), GiveAsync(y, x));
            Assert.Equal(1, given.Count(one => one));
        }

        Task<bool> GiveAsync(Role holder, Role role) => WriteAsync(work => Node.Roles.GiveAsync(work, Realm, RoleHolder.Role, holder.Id, role.Id));
    }

    [Fact]
    public async Task A_role_of_another_realm_gives_nothing_even_under_the_same_id()
    {
        await WriteAsync(work => Node.Realms.AddAsync(work, new Terms.Realm { Name = "elsewhere" }));
        var user = NewUser("alice");
        var role = NewRole("harmless");
        var admin = (await Node.Roles.FindByNameAsync(Realm, "realm-management", "realm-admin", Stop))!;
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, user);
            await Node.Roles.AddAsync(work, role);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.User, user.Id, role.Id);
            // Somebody who rules the other realm only, and knows our ids.
            await Node.Roles.AddAsync(work, role with { Realm = "elsewhere" });
            await Node.Roles.AddAsync(work, admin with { Realm = "elsewhere", Client = null, Name = "mine" });
            await Node.Roles.GiveAsync(work, "elsewhere", RoleHolder.Role, role.Id, admin.Id);
            await Node.Roles.GiveAsync(work, "elsewhere", RoleHolder.User, user.Id, admin.Id);
        });
        Assert.Equal([.. Default.Append("harmless").Order(StringComparer.Ordinal)], (await Node.Roles.RightsAsync(Realm, RoleHolder.User, user.Id, Stop)).Roles.Order(StringComparer.Ordinal));
        Assert.False((await Node.Roles.FindAsync(Realm, role.Id, Stop))!.Composite);
    }

    [Fact]
    public async Task Names_are_unique_per_client_and_renames_do_not_take_anothers()
    {
        var (a, b) = (NewRole("a"), NewRole("b"));
        Assert.True(await WriteAsync(work => Node.Roles.AddAsync(work, a)));
        Assert.False(await WriteAsync(work => Node.Roles.AddAsync(work, NewRole("a"))));
        Assert.True(await WriteAsync(work => Node.Roles.AddAsync(work, NewRole("a", "crm"))));
        Assert.True(await WriteAsync(work => Node.Roles.AddAsync(work, b)));
        Assert.False(await WriteAsync(work => Node.Roles.ChangeAsync(work, b with { Name = "a" })));
        var taken = await Task.WhenAll(WriteAsync(work => Node.Roles.ChangeAsync(work, a with { Name = "z" })), WriteAsync(work => Node.Roles.ChangeAsync(work, b with { Name = "z" })));
        Assert.Equal(1, taken.Count(one => one));
    }

    [Fact]
    public async Task Rights_in_memory_follow_every_change_on_every_node()
    {
        var other = await SecondNodeAsync();
        var (user, role, group) = (NewUser("alice"), NewRole("agent"), NewGroup("agents"));
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, user);
            await Node.Roles.AddAsync(work, role);
            await Node.Groups.AddAsync(work, group);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.Group, group.Id, role.Id);
        });
        Assert.False(await HasAsync(other));
        await WriteAsync(work => Node.Groups.JoinAsync(work, Realm, user.Id, group.Id));
        Assert.True(await HasAsync(Node));
        await UntilAsync(async () => await HasAsync(other));
        await WriteAsync(work => Node.Roles.TakeAsync(work, Realm, RoleHolder.Group, group.Id, role.Id));
        Assert.False(await HasAsync(Node));
        await UntilAsync(async () => !await HasAsync(other));

        async Task<bool> HasAsync(Node node) => (await node.Rights.OfAsync(Realm, RoleHolder.User, user.Id, Stop)).Roles.Contains("agent");
    }

    [Fact]
    public async Task Pages_and_search_take_text_as_it_stands()
    {
        await WriteAsync(async work =>
        {
            foreach (var name in (string[])["a_1", "ab1", "B%", "Ärzte"]) await Node.Roles.AddAsync(work, NewRole(name, "crm"));
        });
        Assert.Equal(["a_1"], (await Node.Roles.ListAsync(Realm, "crm", "_", null, 10, Stop)).Items.Select(role => role.Name));
        Assert.Equal(["B%"], (await Node.Roles.ListAsync(Realm, "crm", "%", null, 10, Stop)).Items.Select(role => role.Name));
        var first = await Node.Roles.ListAsync(Realm, "crm", null, null, 2, Stop);
        var second = await Node.Roles.ListAsync(Realm, "crm", null, first.Next, 2, Stop);
        Assert.Equal(["B%", "a_1", "ab1", "Ärzte"], first.Items.Concat(second.Items).Select(role => role.Name));
        Assert.Null(second.Next);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0")]
    [InlineData(" a")]
    [InlineData("a\u202E")]
    public async Task Names_that_mislead_are_refused(string name) => await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => Node.Roles.AddAsync(work, NewRole(name))));
}
