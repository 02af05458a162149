using Dapper;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Sessions;

public sealed class SqliteSessionStoreTests : SessionStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresSessionStoreTests : SessionStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class SessionStoreTests : StoreKit
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);
    private readonly SetClock clock = new();

    [Fact]
    public async Task A_session_is_found_by_cookie_and_by_id_on_every_node_in_its_realm_only()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var session = NewSession("alice");
        var cookie = await StartAsync(node, session);
        foreach (var one in (Node[])[node, other])
        {
            Assert.Equivalent(session, await one.Sessions.FindByCookieAsync(Realm, cookie, Stop));
            Assert.Equivalent(session, await one.Sessions.FindAsync(Realm, session.Id, Stop));
            Assert.Null(await one.Sessions.FindByCookieAsync("elsewhere", cookie, Stop));
            Assert.Null(await one.Sessions.FindAsync("elsewhere", session.Id, Stop));
        }
    }

    [Fact]
    public async Task The_cookie_is_unguessable_short_recognisable_and_not_in_the_database()
    {
        var (one, two) = (await StartAsync(Node, NewSession("alice")), await StartAsync(Node, NewSession("alice")));
        Assert.NotEqual(one, two);
        Assert.Matches("^gtcookie_[A-Za-z0-9_-]{49}$", one);
        var stored = await Node.Database.ReadAsync(connection => connection.QueryAsync<string>("select cookie || body from sessions"), Stop);
        Assert.All(stored, row => Assert.DoesNotContain(one[4..], row, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gtcookie_")]
    [InlineData("x\0y")]
    [InlineData("\ud800")]
    [InlineData("' or 1=1 --")]
    public async Task A_value_that_is_none_finds_nothing(string value)
    {
        await StartAsync(Node, NewSession("alice"));
        Assert.Null(await Node.Sessions.FindByCookieAsync(Realm, value, Stop));
        Assert.Null(await Node.Sessions.FindAsync(Realm, value, Stop));
        Assert.Null(await Node.Sessions.FindByCookieAsync(Realm, value + new string('a', 100_000), Stop));
    }

    [Fact]
    public async Task An_end_is_known_at_once_here_soon_elsewhere_and_after_a_restart()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var session = NewSession("alice");
        var cookie = await StartAsync(node, session);
        await other.Sessions.FindByCookieAsync(Realm, cookie, Stop);
        var told = new List<string>();
        other.Sessions.OnEnded((_, id) => told.Add(id));
        Assert.False(node.Sessions.HasEnded(Realm, session.Id));

        Assert.True(await node.Database.WriteAsync(work => node.Sessions.EndAsync(work, Realm, session.Id), Stop));
        Assert.True(node.Sessions.HasEnded(Realm, session.Id));
        Assert.Null(await node.Sessions.FindByCookieAsync(Realm, cookie, Stop));
        await UntilAsync(() => other.Sessions.HasEnded(Realm, session.Id) && told.Count == 1);
        Assert.Null(await other.Sessions.FindByCookieAsync(Realm, cookie, Stop));
        Assert.True((await SecondNodeAsync(clock)).Sessions.HasEnded(Realm, session.Id));
        Assert.False(await node.Database.WriteAsync(work => node.Sessions.EndAsync(work, Realm, session.Id), Stop));
    }

    [Fact]
    public async Task It_ends_when_idle_too_long_and_at_its_last_moment_whatever_happens()
    {
        var node = await SecondNodeAsync(clock);
        var cookie = await StartAsync(node, NewSession("alice"));
        for (var i = 0; i < 23; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(25));
            if (await node.Sessions.FindByCookieAsync(Realm, cookie, Stop) is not { } used) Assert.Fail($"ended after {(i + 1) * 25} minutes");
            else node.Sessions.Touch(used, Idle);
        }

        clock.Advance(TimeSpan.FromMinutes(25));
        Assert.Null(await node.Sessions.FindByCookieAsync(Realm, cookie, Stop));

        cookie = await StartAsync(node, NewSession("bob"));
        Assert.NotNull(await node.Sessions.FindByCookieAsync(Realm, cookie, Stop));
        clock.Advance(Idle);
        Assert.Null(await node.Sessions.FindByCookieAsync(Realm, cookie, Stop));
    }

    [Fact]
    public async Task Use_on_one_node_keeps_it_alive_on_another()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var cookie = await StartAsync(node, NewSession("alice"));
        Assert.NotNull(await other.Sessions.FindByCookieAsync(Realm, cookie, Stop));
        clock.Advance(TimeSpan.FromMinutes(20));
        node.Sessions.Touch((await node.Sessions.FindByCookieAsync(Realm, cookie, Stop))!, Idle);
        await node.Sessions.FlushAsync(Stop);
        clock.Advance(TimeSpan.FromMinutes(20));
        Assert.NotNull(await other.Sessions.FindByCookieAsync(Realm, cookie, Stop));
    }

    [Fact]
    public async Task A_renewed_session_has_a_new_cookie_and_the_old_one_is_worth_nothing()
    {
        var (node, other) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var session = NewSession("alice");
        var old = await StartAsync(node, session);
        await other.Sessions.FindByCookieAsync(Realm, old, Stop);
        await node.Sessions.FindByCookieAsync(Realm, old, Stop);
        clock.Advance(TimeSpan.FromMinutes(5));
        var later = clock.GetUtcNow();
        var cookie = await node.Database.WriteAsync(work => node.Sessions.RenewAsync(work, session with { AuthenticatedAt = later }), Stop);
        Assert.Null(await node.Sessions.FindByCookieAsync(Realm, old, Stop));
        Assert.Equal(later, (await node.Sessions.FindByCookieAsync(Realm, cookie, Stop))!.AuthenticatedAt);
        await UntilAsync(async () => await other.Sessions.FindByCookieAsync(Realm, old, Stop) is null);
        Assert.Equal(later, (await other.Sessions.FindByCookieAsync(Realm, cookie, Stop))!.AuthenticatedAt);
    }

    [Fact]
    public async Task All_of_a_user_or_of_a_realm_end_together_and_nobody_elses()
    {
        foreach (var user in (string[])["alice", "alice", "bob"]) await StartAsync(Node, NewSession(user));
        await StartAsync(Node, NewSession("alice") with { Realm = "elsewhere" });
        Assert.Equal(2, await WriteAsync(work => Node.Sessions.EndAllAsync(work, Realm, "alice")));
        Assert.Equal(1, await WriteAsync(work => Node.Sessions.EndRealmAsync(work, Realm)));
        Assert.Equal(0, await WriteAsync(work => Node.Sessions.EndRealmAsync(work, Realm)));
        Assert.Equal(1, await Node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from sessions"), Stop));
    }

    [Fact]
    public async Task Pages_are_newest_first_without_gaps_or_repeats_even_within_one_moment()
    {
        var node = await SecondNodeAsync(clock);
        for (var i = 0; i < 23; i++)
        {
            await StartAsync(node, NewSession("alice"));
            if (i % 5 == 0) clock.Advance(TimeSpan.FromSeconds(1));
        }

        var seen = new List<Session>();
        string? after = null;
        do
        {
            var page = await node.Sessions.ListAsync(Realm, "alice", after, 4, Stop);
            seen.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(23, seen.Select(one => one.Id).Distinct().Count());
        Assert.Equal(seen.OrderByDescending(one => one.StartedAt).Select(one => one.StartedAt), seen.Select(one => one.StartedAt));
        Assert.Empty((await node.Sessions.ListAsync(Realm, "nobody", null, 10, Stop)).Items);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1")]
    [InlineData("x.y")]
    [InlineData("99999999999999999999.a")]
    public async Task A_cursor_that_is_none_is_refused(string cursor) => await Assert.ThrowsAsync<ArgumentException>(() => Node.Sessions.ListAsync(Realm, null, cursor, 10, Stop));

    [Fact]
    public async Task What_is_over_is_pruned_and_what_lives_stays()
    {
        var node = await SecondNodeAsync(clock);
        await StartAsync(node, NewSession("old"));
        clock.Advance(TimeSpan.FromHours(2));
        var cookie = await StartAsync(node, NewSession("young"));
        await node.Sessions.PruneAsync(Stop);
        Assert.Equal("young", Assert.Single(await node.Database.ReadAsync(connection => connection.QueryAsync<string>("select user_id from sessions"), Stop)));
        Assert.NotNull(await node.Sessions.FindByCookieAsync(Realm, cookie, Stop));
    }

    private Session NewSession(string user) => new()
    {
        Id = Guid.NewGuid().ToString(), Realm = Realm, User = user, AuthenticatedAt = clock.GetUtcNow(), StartedAt = clock.GetUtcNow(), LastUsedAt = clock.GetUtcNow(),
        EndsAt = clock.GetUtcNow() + TimeSpan.FromHours(10), IdleEndsAt = clock.GetUtcNow() + Idle, Methods = ["pwd", "otp"], Address = "::1", Agent = "test",
    };

    private static Task<string> StartAsync(Node node, Session session) => node.Database.WriteAsync(work => node.Sessions.StartAsync(work, session), Stop);
}
