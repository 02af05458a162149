using System.Collections.Concurrent;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Storage;

public sealed class SqliteChangeFeedTests : ChangeFeedTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresChangeFeedTests : ChangeFeedTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class ChangeFeedTests : StoreKit
{
    [Fact]
    public async Task Every_node_hears_every_change_in_the_same_order()
    {
        var other = await SecondNodeAsync();
        var (here, there) = (Hear(Node), Hear(other));
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => (i % 2 == 0 ? Node : other).Database.WriteAsync(async work =>
        {
            await work.AnnounceAsync(new Change("test", Realm, $"{i}.a"));
            await work.AnnounceAsync(new Change("test", Realm, $"{i}.b"));
            return true;
        }, Stop)));
        await UntilAsync(() => here.Count >= 240 && there.Count >= 240);
        Assert.Equal(here, there);
        Assert.Equal(240, here.Distinct().Count());
        for (var i = 0; i < 120; i++) Assert.True(here.ToList().IndexOf($"{i}.a") < here.ToList().IndexOf($"{i}.b"));
    }

    [Fact]
    public async Task The_writer_finds_its_change_heard_when_it_goes_on()
    {
        var heard = Hear(Node);
        for (var i = 0; i < 50; i++)
        {
            await AnnounceAsync($"{i}");
            Assert.Contains($"{i}", heard);
        }
    }

    [Fact]
    public async Task A_write_that_fails_announces_nothing()
    {
        var heard = Hear(Node);
        await Assert.ThrowsAsync<InvalidDataException>(() => WriteAsync<bool>(async work =>
        {
            await work.AnnounceAsync(new Change("test", Realm, "never"));
            throw new InvalidDataException();
        }));
        await AnnounceAsync("after");
        Assert.Equal(["after"], heard);
    }

    [Fact]
    public async Task A_listener_that_throws_silences_nobody()
    {
        using var bad = Node.Database.Feed.Subscribe(_ => throw new InvalidOperationException("mistake"));
        var heard = Hear(Node);
        await AnnounceAsync("one");
        await AnnounceAsync("two");
        Assert.Equal(["one", "two"], heard);
    }

    [Fact]
    public async Task A_load_is_done_before_the_writer_goes_on_and_a_broken_one_stops_nobody()
    {
        var loads = 0;
        using var bad = Node.Database.Feed.Reload("test", _ => throw new InvalidDataException("mistake"));
        using var good = Node.Database.Feed.Reload("test", _ => Task.FromResult(loads++));
        using var deaf = Node.Database.Feed.Reload("other", _ => throw new InvalidDataException("not asked"));
        await AnnounceAsync("one");
        Assert.Equal(1, loads);
        await AnnounceAsync("two");
        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task Who_starts_later_begins_at_the_end()
    {
        await AnnounceAsync("before");
        var other = await SecondNodeAsync();
        var heard = Hear(other);
        await AnnounceAsync("after");
        await UntilAsync(() => !heard.IsEmpty);
        Assert.Equal(["after"], heard);
    }

    [Fact]
    public async Task A_subscription_ends()
    {
        var heard = new ConcurrentQueue<string>();
        Node.Database.Feed.Subscribe(change => heard.Enqueue(change.Subject)).Dispose();
        await AnnounceAsync("one");
        Assert.Empty(heard);
    }

    private Task AnnounceAsync(string subject) => WriteAsync(work => work.AnnounceAsync(new Change("test", Realm, subject)));

    private static ConcurrentQueue<string> Hear(Node node)
    {
        var heard = new ConcurrentQueue<string>();
        node.Database.Feed.Subscribe(change =>
        {
            if (change.Kind == "test") heard.Enqueue(change.Subject);
        });
        return heard;
    }
}
