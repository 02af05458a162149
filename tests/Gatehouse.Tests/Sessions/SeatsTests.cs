using Dapper;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Sessions;

public sealed class SqliteSeatsTests : SeatsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresSeatsTests : SeatsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>One extension, one live session: whoever comes first, on whichever node, whatever ends it.</summary>
public abstract class SeatsTests : StoreKit
{
    private readonly SetClock clock = new();

    [Fact]
    public async Task An_extension_is_one_persons_until_they_leave()
    {
        var node = await SecondNodeAsync(clock);
        var seats = SeatsOf(node);
        var (alice, bob) = (await StartAsync(node, "alice"), await StartAsync(node, "bob"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(seats, alice, "1001"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(seats, alice, "1001"));
        Assert.Equal(SeatClaim.Busy, await ClaimAsync(seats, bob, "1001"));
        Assert.Equal("1001", (await node.Sessions.FindAsync(Realm, alice.Id, Stop))!.Extension);
        Assert.Null((await node.Sessions.FindAsync(Realm, bob.Id, Stop))!.Extension);
        Assert.Equal((alice.Id, "1001"), await seats.OfUserAsync(Realm, "alice", Stop));

        // Who moves leaves the first one; who is refused keeps theirs.
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(seats, bob, "1002"));
        Assert.Equal(SeatClaim.Busy, await ClaimAsync(seats, alice, "1002"));
        Assert.Equal("1001", (await node.Sessions.FindAsync(Realm, alice.Id, Stop))!.Extension);
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(seats, alice, "1003"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(seats, bob, "1001"));
        Assert.True(await seats.ReleaseAsync(bob, null, null, Stop));
        Assert.False(await seats.ReleaseAsync(bob, null, null, Stop));
        Assert.Null((await node.Sessions.FindAsync(Realm, bob.Id, Stop))!.Extension);
    }

    [Fact]
    public async Task Two_who_claim_at_once_on_two_nodes_do_not_both_sit()
    {
        Node[] nodes = [await SecondNodeAsync(clock), await SecondNodeAsync(clock)];
        var sessions = new List<Session>();
        for (var i = 0; i < 8; i++) sessions.Add(await StartAsync(nodes[i % 2], $"agent{i}"));
        for (var round = 0; round < 10; round++)
        {
            using var gate = new Barrier(sessions.Count);
            var extension = (2000 + round).ToString();
            var claims = await Task.WhenAll(sessions.Select((session, i) => Task.Factory.StartNew(() =>
            {
                gate.SignalAndWait(Stop);
                return ClaimAsync(SeatsOf(nodes[i % 2]), session, extension);
            }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.Single(claims, SeatClaim.Taken);
            Assert.Equal(7, claims.Count(claim => claim == SeatClaim.Busy));
            Assert.Single(await RowsAsync(nodes[0], extension));
        }

        // And one session that claims many at once has one of them in the end.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => ClaimAsync(SeatsOf(nodes[i % 2]), sessions[0], (3000 + i).ToString())));
        Assert.Single(await nodes[0].Database.ReadAsync(connection => connection.QueryAsync<string>("select extension from seats where session_id = @Id", new { sessions[0].Id }), Stop));
    }

    [Fact]
    public async Task Two_sessions_of_one_person_that_claim_at_once_find_nobody_else_there()
    {
        Node[] nodes = [await SecondNodeAsync(clock), await SecondNodeAsync(clock)];
        var sessions = new List<Session>();
        for (var i = 0; i < 4; i++) sessions.Add(await StartAsync(nodes[i % 2], "alice"));
        for (var round = 0; round < 20; round++)
        {
            using var gate = new Barrier(sessions.Count);
            var extension = (4000 + round).ToString();
            var claims = await Task.WhenAll(sessions.Select((session, i) => Task.Factory.StartNew(() =>
            {
                gate.SignalAndWait(Stop);
                return ClaimAsync(SeatsOf(nodes[i % 2]), session, extension);
            }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.All(claims, claim => Assert.Equal(SeatClaim.Taken, claim));
            Assert.Single(await RowsAsync(nodes[0], extension));
        }
    }

    [Fact]
    public async Task Whoever_comes_second_in_the_same_moment_keeps_the_seat_that_they_had()
    {
        Node[] nodes = [await SecondNodeAsync(clock), await SecondNodeAsync(clock)];
        for (var round = 0; round < 10; round++)
        {
            var sessions = new List<Session>();
            for (var i = 0; i < 4; i++)
            {
                sessions.Add(await StartAsync(nodes[i % 2], $"mover{round}-{i}"));
                Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(nodes[0]), sessions[i], $"{5000 + (round * 10) + i}"));
            }

            using var gate = new Barrier(sessions.Count);
            var wanted = (6000 + round).ToString();
            var claims = await Task.WhenAll(sessions.Select((session, i) => Task.Factory.StartNew(() =>
            {
                gate.SignalAndWait(Stop);
                return ClaimAsync(SeatsOf(nodes[i % 2]), session, wanted);
            }, Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.Single(claims, SeatClaim.Taken);
            for (var i = 0; i < 4; i++)
            {
                var seat = await SeatsOf(nodes[0]).OfUserAsync(Realm, sessions[i].User, Stop);
                Assert.Equal((sessions[i].Id, claims[i] == SeatClaim.Taken ? wanted : $"{5000 + (round * 10) + i}"), seat);
            }
        }
    }

    [Fact]
    public async Task A_seat_ends_with_its_session_everywhere()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var (alice, bob) = (await StartAsync(node, "alice"), await StartAsync(node, "bob"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(node), alice, "1001"));
        Assert.Equal("1001", (await other.Sessions.FindAsync(Realm, alice.Id, Stop))!.Extension);
        await node.Database.WriteAsync(work => node.Sessions.EndAsync(work, Realm, alice.Id), Stop);
        Assert.Empty(await RowsAsync(node, "1001"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(other), bob, "1001"));

        // A session that is over takes nothing.
        Assert.Equal(SeatClaim.Over, await ClaimAsync(SeatsOf(other), alice, "1004"));
        Assert.Empty(await RowsAsync(node, "1004"));

        // Used no more: another may sit there before anybody cleared up, and then the clearing takes the rest.
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(node), await StartAsync(node, "dora"), "1005"));
        clock.Advance(TimeSpan.FromMinutes(36));
        var carl = await StartAsync(node, "carl");
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(node), carl, "1001"));
        await node.Sessions.PruneAsync(Stop);
        Assert.Equal([carl.Id], await node.Database.ReadAsync(connection => connection.QueryAsync<string>("select session_id from seats"), Stop));
    }

    [Fact]
    public async Task Somebodys_other_session_loses_the_seat_to_the_new_one_on_every_node()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var (old, fresh) = (await StartAsync(node, "alice"), await StartAsync(node, "alice"));
        await ClaimAsync(SeatsOf(node), old, "1001");
        Assert.Equal("1001", (await other.Sessions.FindAsync(Realm, old.Id, Stop))!.Extension);
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(node), fresh, "1001"));
        await UntilAsync(async () => (await other.Sessions.FindAsync(Realm, old.Id, Stop))!.Extension is null && (await other.Sessions.FindAsync(Realm, fresh.Id, Stop))!.Extension == "1001");
    }

    [Fact]
    public async Task Nobody_sits_at_two_places_however_they_come_in()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var sessions = new List<Session>();
        for (var i = 0; i < 6; i++) sessions.Add(await StartAsync(node, "alice"));
        for (var i = 0; i < 6; i++) Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(i % 2 == 0 ? node : other), sessions[i], (1000 + i).ToString()));
        async Task<IReadOnlyList<string>> AllAsync() => [.. await node.Database.ReadAsync(connection => connection.QueryAsync<string>("select extension from seats where user_id = 'alice'"), Stop)];
        Assert.Equal(["1005"], await AllAsync());
        await Task.WhenAll(sessions.Select((session, i) => ClaimAsync(SeatsOf(i % 2 == 0 ? node : other), session, (2000 + i).ToString())));
        Assert.Single(await AllAsync());
    }

    [Fact]
    public async Task A_node_that_dies_leaves_the_seat_to_its_session()
    {
        var node = await Node.OpenAsync(Settings, clock);
        var (alice, bob) = (await StartAsync(node, "alice"), await StartAsync(node, "bob"));
        Assert.Equal(SeatClaim.Taken, await ClaimAsync(SeatsOf(node), alice, "1001"));
        await node.DisposeAsync();
        var next = await SecondNodeAsync(clock);
        Assert.Equal("1001", (await next.Sessions.FindAsync(Realm, alice.Id, Stop))!.Extension);
        Assert.Equal(SeatClaim.Busy, await ClaimAsync(SeatsOf(next), bob, "1001"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1234567890123456")]
    [InlineData("12a4")]
    [InlineData("+")]
    [InlineData("1001\n")]
    [InlineData("١٢٣٤")]
    [InlineData("' or 1=1 --")]
    public async Task What_is_no_extension_is_refused(string text)
        => Assert.Equal(SeatClaim.Invalid, await ClaimAsync(SeatsOf(Node), await StartAsync(Node, "alice"), text));

    private static Seats SeatsOf(Node node) => new(node.Database, node.Audit);

    private static Task<SeatClaim> ClaimAsync(Seats seats, Session session, string extension) => seats.ClaimAsync(session, extension, null, null, Stop);

    private static Task<IEnumerable<string>> RowsAsync(Node node, string extension) => node.Database.ReadAsync(connection => connection.QueryAsync<string>("select session_id from seats where extension = @extension", new { extension }), Stop);

    private async Task<Session> StartAsync(Node node, string user)
    {
        var now = clock.GetUtcNow();
        var session = new Session { Id = Guid.NewGuid().ToString(), Realm = Realm, User = user, AuthenticatedAt = now, StartedAt = now, LastUsedAt = now, EndsAt = now.AddHours(10), IdleEndsAt = now.AddMinutes(30) };
        await node.Database.WriteAsync(work => node.Sessions.StartAsync(work, session), Stop);
        return session;
    }
}
