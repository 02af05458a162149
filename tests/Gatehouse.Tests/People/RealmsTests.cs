using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.People;

public sealed class SqliteRealmsTests : RealmsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresRealmsTests : RealmsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class RealmsTests : StoreKit
{
    [Fact]
    public async Task The_writer_finds_its_change_and_other_nodes_hear_of_it()
    {
        var other = await SecondNodeAsync();
        for (var i = 1; i <= 10; i++)
        {
            var life = TimeSpan.FromMinutes(i);
            Assert.True(await WriteAsync(work => Node.Realms.ChangeAsync(work, new Realm { Name = Realm, AccessTokenLife = life })));
            Assert.Equal(life, Node.Realms.Find(Realm)!.AccessTokenLife);
        }

        await UntilAsync(() => other.Realms.Find(Realm)!.AccessTokenLife == TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task Of_many_adds_of_one_name_one_wins()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => WriteAsync(work => Node.Realms.AddAsync(work, new Realm { Name = "sales" }))));
        Assert.Equal(1, added.Count(one => one));
        Assert.Equal([Realm, "sales"], Node.Realms.All.Select(realm => realm.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Sales")]
    [InlineData("sa les")]
    [InlineData("..")]
    [InlineData("-x")]
    [InlineData("a/b")]
    [InlineData("a\0")]
    [InlineData("sälés")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_that_does_not_fit_addresses_is_refused(string name)
        => await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => Node.Realms.AddAsync(work, new Realm { Name = name })));

    [Fact]
    public async Task A_removed_realm_leaves_no_people_behind()
    {
        var user = NewUser("alice");
        await WriteAsync(work => Node.Users.AddAsync(work, user));
        await WriteAsync(work => Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "hash", false));
        Assert.True(await WriteAsync(work => Node.Realms.RemoveAsync(work, Realm)));
        Assert.Null(Node.Realms.Find(Realm));
        Assert.Null(await Node.Users.FindAsync(Realm, user.Id, Stop));
        Assert.Null(await Node.Users.PasswordAsync(Realm, user.Id, Stop));
        Assert.Empty((await Node.Roles.RightsAsync(Realm, Gatehouse.People.RoleHolder.User, user.Id, Stop)).Roles);
        Assert.False(await WriteAsync(work => Node.Realms.RemoveAsync(work, Realm)));
    }
}
