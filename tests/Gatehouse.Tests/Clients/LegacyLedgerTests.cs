using Gatehouse.Clients;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Clients;

public sealed class SqliteLegacyLedgerTests : LegacyLedgerTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresLegacyLedgerTests : LegacyLedgerTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>Uses of shared secrets: counted by several nodes, bounded whatever is sent, pruned, in pages.</summary>
public abstract class LegacyLedgerTests : StoreKit
{
    private static readonly DateTimeOffset Now = new(2026, 3, 20, 8, 30, 0, TimeSpan.Zero);

    private LegacyLedger Ledger => field ??= new LegacyLedger(Node.LegacyUses);

    private static LegacyUseKey Key(string address = "192.0.2.7", string agent = "recorder", string route = "/recording/**", bool current = true, string secret = "play") => new(Realm, secret, current, address, agent, "recording", route, "GET");

    [Fact]
    public async Task Nodes_add_to_one_row_and_the_first_and_last_time_stay()
    {
        var other = new LegacyLedger((await SecondNodeAsync()).LegacyUses);
        for (var i = 0; i < 5; i++) Ledger.Note(Key(), Now.AddMinutes(i));
        for (var i = 0; i < 3; i++) other.Note(Key(), Now.AddMinutes(-i));
        Ledger.Note(Key(current: false), Now);
        await Task.WhenAll(Ledger.FlushAsync(Stop), other.FlushAsync(Stop));
        await Ledger.FlushAsync(Stop);
        Ledger.Note(Key(), Now.AddHours(1));
        await Ledger.FlushAsync(Stop);

        var uses = await Node.LegacyUses.AllAsync(Realm, "play", Stop);
        Assert.Equal((9, Now.AddMinutes(-2), Now.AddHours(1)), uses.Where(use => use.Key.Current).Select(use => (use.Times, use.First, use.Last)).Single());
        Assert.Equal(1, uses.Single(use => !use.Key.Current).Times);
        Assert.Empty(await Node.LegacyUses.AllAsync(Realm, "another", Stop));
        Assert.Empty(await Node.LegacyUses.AllAsync("elsewhere", null, Stop));
    }

    [Fact]
    public async Task What_cannot_be_written_is_kept()
    {
        Ledger.Note(Key(), Now);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ledger.FlushAsync(new CancellationToken(true)));
        Ledger.Note(Key(), Now.AddMinutes(1));
        await Ledger.FlushAsync(Stop);
        Assert.Equal((2, Now, Now.AddMinutes(1)), (await Node.LegacyUses.AllAsync(Realm, null, Stop)).Select(use => (use.Times, use.First, use.Last)).Single());
    }

    [Fact]
    public async Task A_flood_of_agents_and_addresses_stays_bounded_and_every_use_is_counted()
    {
        for (var i = 0; i < 500; i++) Ledger.Note(Key(agent: $"made-up-{i}"), Now);
        Assert.Equal(17, Ledger.Count);
        for (var i = 0; i < 11_000; i++) Ledger.Note(Key($"10.{i / 250}.{i % 250}.1"), Now);
        Assert.Equal(LegacyUses.Most + 1, Ledger.Count);
        await Ledger.FlushAsync(Stop);

        // Another node, or this one after a restart, has no memory: the table is bounded too.
        var next = new LegacyLedger(Node.LegacyUses);
        for (var i = 0; i < 300; i++) next.Note(Key($"172.16.{i / 250}.{i % 250}"), Now);
        next.Note(Key(), Now);
        await next.FlushAsync(Stop);
        var uses = await Node.LegacyUses.AllAsync(Realm, null, Stop);
        Assert.InRange(uses.Count, LegacyUses.Most, LegacyUses.Most + 2);
        Assert.Equal(500 + 11_000 + 301, uses.Sum(use => use.Times));
        Assert.Equal(484, uses.Single(use => use.Key.Agent == LegacyUseKey.Several).Times);
        Assert.Contains(uses, use => use.Key.Address == LegacyUseKey.Others && use.Times > 1000);
    }

    [Fact]
    public async Task Many_at_once_lose_no_count_while_memory_is_given_up()
    {
        var tasks = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++) Ledger.Note(Key($"10.0.0.{i % 7}"), Now);
        })).ToList();
        while (!tasks.TrueForAll(task => task.IsCompleted))
        {
            await Ledger.FlushAsync(Stop);
            Ledger.Forget(Now.AddDays(1));
        }

        await Task.WhenAll(tasks);
        await Ledger.FlushAsync(Stop);
        Assert.Equal(20_000, (await Node.LegacyUses.AllAsync(Realm, null, Stop)).Sum(use => use.Times));
        Ledger.Forget(Now.AddDays(1));
        Assert.Equal(0, Ledger.Count);
    }

    [Fact]
    public async Task Old_uses_are_pruned_and_the_rest_comes_in_pages()
    {
        for (var i = 0; i < 30; i++) Ledger.Note(Key($"192.0.2.{i}"), i < 10 ? Now.AddDays(-91) : Now);
        await Ledger.FlushAsync(Stop);
        Assert.False(await Node.LegacyUses.PruneAsync(Now.AddDays(-90), Stop));
        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await Node.LegacyUses.ListAsync(Realm, "play", after, 7, Stop);
            seen.AddRange(page.Uses.Select(use => use.Key.Address));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(20, seen.Distinct().Count());
        Assert.Equal(20, seen.Count);
    }
}
