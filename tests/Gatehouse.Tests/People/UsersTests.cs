using System.Collections.Immutable;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteUsersTests : UsersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresUsersTests : UsersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class UsersTests : StoreKit
{
    [Fact]
    public async Task All_members_come_back()
    {
        var user = NewUser("élodie", "elodie@example.org") with
        {
            EmailVerified = true, FirstName = "Élodie", LastName = "O'Brien 😀", Enabled = false, NotBefore = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_000),
            Attributes = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("skill", ["en", "de"]),
        };
        Assert.True(await AddAsync(user));
        var found = (await Node.Users.FindAsync(Realm, user.Id, Stop))!;
        Assert.Equal(["en", "de"], found.Attributes["skill"]);
        Assert.Equal(user with { Attributes = found.Attributes }, found);
        Assert.Null(await Node.Users.FindAsync("elsewhere", user.Id, Stop));
    }

    [Fact]
    public async Task Of_many_adds_of_one_name_one_wins()
    {
        var other = await SecondNodeAsync();
        var added = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? Node : other).Database.WriteAsync(work => Node.Users.AddAsync(work, NewUser("alice")), Stop)));
        Assert.Equal(1, added.Count(one => one));
        Assert.Equal(1, await Node.Users.CountAsync(Realm, new UserQuery(), Stop));
    }

    [Fact]
    public async Task Of_many_renames_to_one_name_one_wins_and_nobody_breaks()
    {
        var people = Enumerable.Range(0, 12).Select(i => NewUser($"user{i}")).ToList();
        foreach (var one in people) await AddAsync(one);
        var changed = await Task.WhenAll(people.Select(one => WriteAsync(work => Node.Users.ChangeAsync(work, one with { Username = "alice" }))));
        Assert.Equal(1, changed.Count(one => one));
    }

    [Fact]
    public async Task An_address_belongs_to_one_user_and_finds_them()
    {
        var alice = NewUser("alice", "Alice@Example.org");
        Assert.True(await AddAsync(alice));
        Assert.False(await AddAsync(NewUser("bob", "alice@example.ORG")));
        Assert.Equal(alice.Id, (await Node.Users.FindByNameAsync(Realm, "ALICE@example.org", Stop))?.Id);
        Assert.Equal(alice.Id, (await Node.Users.FindByNameAsync(Realm, " Alice ", Stop))?.Id);
        Assert.Null(await Node.Users.FindByNameAsync(Realm, "alice@example.com", Stop));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("Alice")]
    [InlineData("alice ")]
    [InlineData("a\0b")]
    [InlineData("a\u200Bb")] // zero width space
    [InlineData("a\u202Eb")] // right-to-left override
    [InlineData("a\nb")]
    [InlineData("\uFF41lice")] // fullwidth a: folds to another spelling
    [InlineData("\uD800")] // half a character
    [InlineData("\uE000")] // private use
    public async Task A_name_that_could_be_taken_for_another_is_refused(string name)
    {
        var wrong = await Assert.ThrowsAsync<ArgumentException>(() => AddAsync(NewUser(name)));
        Assert.Contains("user name", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(0, await Node.Users.CountAsync(Realm, new UserQuery(), Stop));
    }

    [Fact]
    public async Task A_name_of_256_characters_is_refused_and_of_255_is_not()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => AddAsync(NewUser(new string('a', 256))));
        Assert.True(await AddAsync(NewUser(new string('a', 255))));
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("\uD800")]
    [InlineData("' or 1=1 --")]
    [InlineData("%")]
    public async Task Looking_for_what_cannot_be_finds_nothing(string text)
    {
        await AddAsync(NewUser("alice"));
        Assert.Null(await Node.Users.FindAsync(Realm, text, Stop));
        Assert.Null(await Node.Users.FindByNameAsync(Realm, text, Stop));
        Assert.Empty((await Node.Users.ListAsync(Realm, new UserQuery { Search = text + "x" }, Stop)).Items);
        Assert.Empty((await Node.Users.ListAsync(Realm, new UserQuery { Username = text, Exact = true }, Stop)).Items);
    }

    [Fact]
    public async Task Search_takes_its_text_as_it_stands_in_any_case()
    {
        await AddAsync(NewUser("a_b") with { FirstName = "Jürgen" });
        await AddAsync(NewUser("axb") with { LastName = "100%" });
        await AddAsync(NewUser("c\\d"));
        Assert.Equal(["a_b"], await FindAsync("_"));
        Assert.Equal(["axb"], await FindAsync("0%"));
        Assert.Equal(["c\\d"], await FindAsync("\\"));
        Assert.Equal(["a_b"], await FindAsync("JÜRG"));
        Assert.Equal(["a_b", "axb", "c\\d"], await FindAsync(""));

        async Task<string[]> FindAsync(string text) => [.. (await Node.Users.ListAsync(Realm, new UserQuery { Search = text }, Stop)).Items.Select(user => user.Username)];
    }

    [Fact]
    public async Task Pages_have_no_gaps_and_no_repeats_while_users_come()
    {
        foreach (var i in Enumerable.Range(0, 45)) await AddAsync(NewUser($"{(i % 2 == 0 ? "ö" : "o")}{i:00}"));
        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await Node.Users.ListAsync(Realm, new UserQuery { After = after, Limit = 10 }, Stop);
            seen.AddRange(page.Items.Select(user => user.Username));
            after = page.Next;
            await AddAsync(NewUser($"a{seen.Count}"));
        }
        while (after is not null);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.Equal(45, seen.Count(name => name[0] is 'o' or 'ö'));
    }

    [Fact]
    public async Task Filters_restrict_by_group_role_and_state()
    {
        var (alice, bob) = (NewUser("alice"), NewUser("bob") with { Enabled = false });
        await AddAsync(alice);
        await AddAsync(bob);
        var (group, role) = (NewGroup("agents"), NewRole("agent"));
        await WriteAsync(async work =>
        {
            await Node.Groups.AddAsync(work, group);
            await Node.Roles.AddAsync(work, role);
            await Node.Groups.JoinAsync(work, Realm, alice.Id, group.Id);
            await Node.Roles.GiveAsync(work, Realm, RoleHolder.User, bob.Id, role.Id);
        });
        Assert.Equal("alice", Assert.Single((await Node.Users.ListAsync(Realm, new UserQuery { Group = group.Id }, Stop)).Items).Username);
        Assert.Equal("bob", Assert.Single((await Node.Users.ListAsync(Realm, new UserQuery { Role = role.Id }, Stop)).Items).Username);
        Assert.Equal("bob", Assert.Single((await Node.Users.ListAsync(Realm, new UserQuery { Enabled = false }, Stop)).Items).Username);
    }

    [Fact]
    public async Task A_hash_that_is_made_anew_undoes_no_change_of_the_password()
    {
        var user = NewUser("alice");
        await AddAsync(user);
        await WriteAsync(work => Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "old", temporary: true));
        var before = (await Node.Users.PasswordAsync(Realm, user.Id, Stop))!;

        // The same password at another cost: all else of it stays.
        await WriteAsync(work => Node.Users.RenewPasswordHashAsync(work, Realm, user.Id, "old", "dearer"));
        Assert.Equal(before with { Hash = "dearer" }, await Node.Users.PasswordAsync(Realm, user.Id, Stop));

        // Somebody set another one while the hash was made, or took it away, or gave the first one.
        await WriteAsync(work => Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "set by an administrator", temporary: false));
        foreach (var old in (string?[])["dearer", "old", null]) await WriteAsync(work => Node.Users.RenewPasswordHashAsync(work, Realm, user.Id, old, "of the old password"));
        Assert.Equal("set by an administrator", (await Node.Users.PasswordAsync(Realm, user.Id, Stop))!.Hash);
        var none = NewUser("bob");
        await AddAsync(none);
        await WriteAsync(work => Node.Users.RenewPasswordHashAsync(work, Realm, none.Id, "gone", "of the old password"));
        Assert.Null(await Node.Users.PasswordAsync(Realm, none.Id, Stop));
        await WriteAsync(work => Node.Users.RenewPasswordHashAsync(work, Realm, none.Id, null, "first"));
        Assert.Equal(("first", false), ((await Node.Users.PasswordAsync(Realm, none.Id, Stop))!.Hash, (await Node.Users.PasswordAsync(Realm, none.Id, Stop))!.Temporary));
    }

    [Fact]
    public async Task A_password_is_replaced_and_goes_with_its_user()
    {
        var user = NewUser("alice");
        await AddAsync(user);
        Assert.Null(await Node.Users.PasswordAsync(Realm, user.Id, Stop));
        await WriteAsync(work => Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "one", temporary: true));
        await WriteAsync(work => Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "two", temporary: false));
        var row = (await Node.Users.PasswordAsync(Realm, user.Id, Stop))!;
        Assert.Equal(("two", false), (row.Hash, row.Temporary));
        Assert.True(await WriteAsync(work => Node.Users.RemoveAsync(work, Realm, user.Id)));
        Assert.False(await WriteAsync(work => Node.Users.RemoveAsync(work, Realm, user.Id)));
        Assert.Null(await Node.Users.PasswordAsync(Realm, user.Id, Stop));
    }

    private Task<bool> AddAsync(User user) => WriteAsync(work => Node.Users.AddAsync(work, user));
}
