using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Clients;

public sealed class SqliteResourceServersTests : ResourceServersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresResourceServersTests : ResourceServersTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>Settings are kept with a version: a change from an older one is told, other nodes hear of it, and they go with their client.</summary>
public abstract class ResourceServersTests : StoreKit
{
    [Fact]
    public async Task Two_who_change_the_same_version_do_not_overwrite_each_other_and_other_nodes_hear()
    {
        using var store = new ResourceServers(Node.Database);
        var client = NewClient("cim");
        await WriteAsync(work => Node.Clients.AddAsync(work, client));
        Assert.Null(await store.FindAsync(Realm, client.Id, Stop));
        Assert.True(await WriteAsync(work => store.PutAsync(work, client, new ResourceServer())));
        Assert.False(await WriteAsync(work => store.PutAsync(work, client, new ResourceServer())));
        var second = await SecondNodeAsync();
        using var there = new ResourceServers(second.Database);
        var seen = (await there.FindAsync(Realm, client.Id, Stop))!;
        Assert.Equal(1, seen.Version);
        Assert.True(await WriteAsync(work => store.PutAsync(work, client, seen with { Resources = [new Resource { Id = "r", Name = "r" }] })));
        await UntilAsync(async () => (await there.FindAsync(Realm, client.Id, Stop))!.Version == 2);
        Assert.False(await WriteAsync(work => store.PutAsync(work, client, seen)));
        await WriteAsync(work => Node.Clients.RemoveAsync(work, Realm, client.Id));
        await UntilAsync(async () => await there.FindAsync(Realm, client.Id, Stop) is null && await store.FindAsync(Realm, client.Id, Stop) is null);
    }

    [Fact]
    public async Task What_does_not_hold_together_is_not_stored()
    {
        using var store = new ResourceServers(Node.Database);
        var client = NewClient("cim");
        await WriteAsync(work => Node.Clients.AddAsync(work, client));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => WriteAsync(work => store.PutAsync(work, client, new ResourceServer { Resources = [new Resource { Id = "r", Name = "r", Scopes = ["nothing"] }] })));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => WriteAsync(work => store.PutAsync(work, client, new ResourceServer { Scopes = [.. Enumerable.Range(0, 900).Select(i => new ResourceScope($"{i}", $"{i}", new string('x', 2000)))] })));
        Assert.Null(await store.FindAsync(Realm, client.Id, Stop));
    }
}
