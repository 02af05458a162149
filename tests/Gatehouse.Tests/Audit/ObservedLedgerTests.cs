using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Audit;

public sealed class SqliteObservedLedgerTests : ObservedLedgerTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresObservedLedgerTests : ObservedLedgerTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>The ledger of observe mode: groups and numbers, of several nodes, bounded whatever strangers send.</summary>
public abstract class ObservedLedgerTests : StoreKit
{
    private static readonly DateTimeOffset Now = new(2026, 3, 20, 8, 30, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = Now.AddDays(30);

    private ObservedLedger Ledger => field ??= new ObservedLedger(Node.Observed);

    private static ObservedRequest From(string address, string agent = "python-requests/2.31", string reason = "credential.missing", DateTimeOffset? at = null, string rule = "POST /v1/call/**", string service = "calls", string? wider = null)
        => new(new ObservedKey(Realm, service, rule, reason, "access token", ObservedKind.Address, address, agent), wider ?? address[..(address.LastIndexOf('.') + 1)] + "0/24", "POST", "/v1/call/**", at ?? Now, Until);

    private static ObservedRequest Of(string client, string reason = "rule.denied", DateTimeOffset? at = null)
        => new(new ObservedKey(Realm, "calls", "POST /v1/call/**", reason, "the role supervisor", ObservedKind.Client, client, "service"), "", "POST", "/v1/call/**", at ?? Now, Until);

    private async Task<IReadOnlyList<ObservedGroup>> ListAsync(ObservedQuery? query = null) => (await Node.Observed.ListAsync(query ?? new ObservedQuery(Realm), Stop)).Items;

    private Task<IReadOnlyList<ObservedNumbers>> CountAsync(int days = 7) => Node.Observed.CountAsync(Realm, null, days, Now, Stop);

    [Fact]
    public async Task Equal_requests_are_one_group_and_nodes_add_theirs()
    {
        var other = new ObservedLedger((await SecondNodeAsync()).Observed);
        for (var i = 0; i < 5; i++) Ledger.Refused(From("203.0.113.7", at: Now.AddMinutes(i)));
        Ledger.Refused(From("203.0.113.8"));
        for (var i = 0; i < 3; i++) other.Refused(From("203.0.113.7", at: Now.AddMinutes(10 - i)));
        await Task.WhenAll(Ledger.FlushAsync(Stop), other.FlushAsync(Stop));
        await Ledger.FlushAsync(Stop);

        var groups = await ListAsync();
        Assert.Equal([8, 1], groups.Select(one => one.Times).OrderDescending());
        var seven = groups.Single(one => one.Key.Name == "203.0.113.7");
        Assert.Equal(Now.AddMinutes(10), seven.Last);
        Assert.Equal(("POST", "/v1/call/**", "python-requests/2.31"), (seven.Method, seven.Path, seven.Key.Agent));
        Assert.True(seven.IsOpen);
        Assert.Equal(9, Assert.Single(await CountAsync()).WeekRefused);
    }

    [Fact]
    public async Task What_was_written_is_still_there_for_the_next_start()
    {
        Ledger.Refused(Of("crm-sync"));
        await Ledger.FlushAsync(Stop);
        var next = new ObservedLedger(Node.Observed);
        next.Refused(Of("crm-sync", at: Now.AddHours(1)));
        await next.FlushAsync(Stop);
        var group = Assert.Single(await ListAsync());
        Assert.Equal((2, Now, Now.AddHours(1)), (group.Times, group.First, group.Last));
    }

    [Fact]
    public async Task A_flood_of_strangers_stays_bounded_and_hides_no_client()
    {
        // Agents without end from one address; addresses without end from one network; networks without end.
        for (var i = 0; i < 1_000; i++) Ledger.Refused(From("203.0.113.7", "agent " + i));
        for (var i = 0; i < 1_000; i++) Ledger.Refused(From($"2001:db8:0:{i:x}::/64", wider: "2001:db8::/48"));
        Assert.InRange(Ledger.Count, 10, 80);
        for (var i = 0; i < 20_000; i++) Ledger.Refused(From($"10.{i / 250}.{i % 250}.1"));
        Ledger.Refused(Of("crm-sync"));
        Assert.InRange(Ledger.Count, 9_000, ObservedLedger.MostGroups);
        await Ledger.FlushAsync(Stop);

        var all = await ListAllAsync();
        Assert.Equal(22_001, all.Sum(one => one.Times));
        Assert.Equal(all.Count, all.Select(one => one.Id).Distinct().Count());
        Assert.Single(all, one => one.Key is { Kind: ObservedKind.Client, Name: "crm-sync" });
        Assert.Equal(992, all.Single(one => one.Key is { Name: "203.0.113.7", Agent: "several" }).Times);
        Assert.Equal(936, all.Single(one => one.Key is { Kind: ObservedKind.Network, Name: "2001:db8::/48" }).Times);
        Assert.True(Assert.Single(all, one => one.Key.Kind == ObservedKind.Others).Times > 11_000);

        // Another node, or the next start, finds the database full.
        var next = new ObservedLedger(Node.Observed);
        for (var i = 0; i < 300; i++) next.Refused(From($"172.16.{i % 250}.{i / 250}"));
        next.Refused(Of("late-client"));
        await next.FlushAsync(Stop);
        Assert.Equal(all.Count + 1, (await ListAllAsync()).Count);
    }

    [Fact]
    public async Task Memory_of_what_is_over_is_given_up_and_nothing_is_lost()
    {
        Ledger.Refused(From("203.0.113.7"));
        Ledger.Passed(Realm, "calls", "POST /v1/call/**", Now, Until);
        Ledger.Forget(Now.AddHours(2));
        Assert.Equal(1, Ledger.Count);
        await Ledger.FlushAsync(Stop);
        Ledger.Forget(Now.AddHours(2));
        Assert.Equal(0, Ledger.Count);
        Ledger.Refused(From("203.0.113.7"));
        await Ledger.FlushAsync(Stop);
        Assert.Equal(2, Assert.Single(await ListAsync()).Times);
    }

    [Fact]
    public async Task Many_at_once_lose_no_count()
    {
        // One ledger, before several ask for it.
        var ledger = Ledger;
        var noting = Enumerable.Range(0, 8).Select(n => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++) ledger.Refused(From($"203.0.113.{i % 20}", "agent " + (i % 3)));
        })).ToArray();
        while (!Task.WhenAll(noting).IsCompleted)
        {
            await Ledger.FlushAsync(Stop);
            Ledger.Forget(Now.AddDays(1));
        }

        await Task.WhenAll(noting);
        await Ledger.FlushAsync(Stop);
        Assert.Equal(16_000, (await ListAsync(new ObservedQuery(Realm, Limit: 500))).Sum(one => one.Times));
        Assert.Equal(16_000, Assert.Single(await CountAsync()).WeekRefused);
    }

    [Fact]
    public async Task The_number_says_when_it_is_safe()
    {
        for (var day = 0; day < 10; day++)
            for (var i = 0; i < 9; i++) Ledger.Passed(Realm, "calls", "POST /v1/call/**", Now.AddDays(-day), Until);
        Ledger.Refused(Of("crm-sync", at: Now.AddDays(-9)));
        Ledger.Refused(From("203.0.113.7", at: Now.AddHours(-3)));
        Ledger.Passed(Realm, "calls", "GET /v1/new", Now, Until);
        await Ledger.FlushAsync(Stop);

        var numbers = await CountAsync();
        Assert.Equal(["GET /v1/new", "POST /v1/call/**"], numbers.Select(one => one.Rule));
        Assert.False(numbers[0].Safe);
        Assert.Contains("less than 7 days", numbers[0].Why, StringComparison.Ordinal);
        var calls = numbers[1];
        Assert.Equal((10, 1, 64, 1, 1, 1, false), (calls.Day, calls.DayRefused, calls.Week, calls.WeekRefused, calls.Whos, calls.Open, calls.Safe));
        Assert.Equal(0.1, calls.DayShare);
        Assert.Equal(3, calls.HoursSinceLast);
        Assert.Equal(Until, calls.Until);
        Assert.Contains("1 group of the last 7 days would be refused", calls.Why, StringComparison.Ordinal);

        var open = Assert.Single(await ListAsync(new ObservedQuery(Realm, Since: Now.AddDays(-7), OpenOnly: true)));
        Assert.True(await WriteAsync(work => Node.Observed.AcknowledgeAsync(work, Realm, open.Id, "ada", "a scanner")));
        Assert.True((await CountAsync())[1].Safe);
        Assert.False((await CountAsync(days: 9))[1].Safe);
        Assert.Equal("a scanner", (await ListAsync()).Single(one => !one.IsOpen).Acknowledged!.Note);

        // It is still the same scanner; whoever else comes is not.
        Ledger.Refused(From("203.0.113.7", at: Now));
        await Ledger.FlushAsync(Stop);
        Assert.True((await CountAsync())[1].Safe);
        Ledger.Refused(From("203.0.113.9", at: Now));
        await Ledger.FlushAsync(Stop);
        Assert.False((await CountAsync())[1].Safe);
        Assert.True(await WriteAsync(work => Node.Observed.AcknowledgeAsync(work, Realm, open.Id, null, null)));
        Assert.Equal(2, (await CountAsync())[1].Open);
    }

    [Fact]
    public async Task Who_stand_for_many_are_acknowledged_as_far_as_they_had_come()
    {
        var many = From("x", at: DateTimeOffset.UtcNow.AddMinutes(-1)) with { Key = From("x").Key with { Kind = ObservedKind.Network, Name = "203.0.113.0/24", Agent = "" } };
        Ledger.Refused(many);
        await Ledger.FlushAsync(Stop);
        var group = Assert.Single(await ListAsync());
        Assert.True(await WriteAsync(work => Node.Observed.AcknowledgeAsync(work, Realm, group.Id, "ada", "scanners")));
        Assert.Empty(await ListAsync(new ObservedQuery(Realm, OpenOnly: true)));
        Ledger.Refused(many with { At = DateTimeOffset.UtcNow.AddMinutes(1) });
        await Ledger.FlushAsync(Stop);
        Assert.True(Assert.Single(await ListAsync(new ObservedQuery(Realm, OpenOnly: true))).IsOpen);
    }

    [Fact]
    public async Task Old_rows_are_pruned_and_realms_are_apart()
    {
        Ledger.Refused(From("203.0.113.7", at: Now.AddDays(-91)));
        Ledger.Refused(From("203.0.113.8"));
        Ledger.Refused(From("203.0.113.7") with { Key = From("203.0.113.7").Key with { Realm = "elsewhere" } });
        await Ledger.FlushAsync(Stop);
        Assert.False(await Node.Observed.PruneAsync(Now.AddDays(-90), Stop));
        Assert.Equal("203.0.113.8", Assert.Single(await ListAsync()).Key.Name);
        Assert.Equal(1, Assert.Single(await CountAsync()).WeekRefused);
        var id = Assert.Single(await ListAsync(new ObservedQuery("elsewhere"))).Id;
        Assert.False(await WriteAsync(work => Node.Observed.AcknowledgeAsync(work, Realm, id, "ada", "")));
        Assert.Single(await Node.Observed.FindAsync("elsewhere", id[..8], Stop));
        foreach (var bad in (string[])["", "%", "zz", id + "0", "A", "' or 1=1"]) Assert.Empty(await Node.Observed.FindAsync("elsewhere", bad, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => ListAsync(new ObservedQuery(Realm, After: "nonsense")));
        Assert.Empty(await ListAsync(new ObservedQuery(Realm, Service: "a\0b")));
    }

    [Fact]
    public async Task What_cannot_be_written_is_kept()
    {
        Ledger.Refused(From("203.0.113.7"));
        using var over = new CancellationTokenSource();
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ledger.FlushAsync(over.Token));
        await Ledger.FlushAsync(Stop);
        Assert.Equal(1, Assert.Single(await ListAsync()).Times);
        Assert.Equal(1, Assert.Single(await CountAsync()).WeekRefused);
    }

    private async Task<List<ObservedGroup>> ListAllAsync()
    {
        var all = new List<ObservedGroup>();
        string? after = null;
        do
        {
            var page = await Node.Observed.ListAsync(new ObservedQuery(Realm, After: after, Limit: 500), Stop);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }
}
