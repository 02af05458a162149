using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Audit;

public sealed class SqliteAuditLogTests : AuditLogTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresAuditLogTests : AuditLogTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class AuditLogTests : StoreKit
{
    [Fact]
    public async Task An_event_is_there_exactly_when_its_change_is()
    {
        await WriteAsync(work => Node.Audit.WriteAsync(work, New("LOGIN")));
        await Assert.ThrowsAsync<InvalidDataException>(() => WriteAsync<bool>(async work =>
        {
            await Node.Audit.WriteAsync(work, New("LOGOUT"));
            throw new InvalidDataException();
        }));
        Assert.Equal(["LOGIN"], (await ListAsync(new AuditQuery(Realm))).Select(one => one.Event.Type));
    }

    [Fact]
    public async Task All_members_come_back()
    {
        var what = New("LOGIN_ERROR") with { Client = "desk", User = "u", Session = "s", Address = "::1", Error = "user.unknown", Resource = "users/1", Details = new Dictionary<string, string> { ["why"] = "no" } };
        await WriteAsync(work => Node.Audit.WriteAsync(work, what));
        var stored = Assert.Single(await ListAsync(new AuditQuery(Realm))).Event;
        Assert.Equal("no", stored.Details!["why"]);
        Assert.Equal(what with { Details = null }, stored with { Details = null });
    }

    [Fact]
    public async Task Pages_have_no_gaps_and_no_repeats_while_events_arrive()
    {
        for (var i = 0; i < 57; i++) Node.Audit.Note(New($"T{i}"));
        await Node.Audit.FlushAsync(Stop);
        var seen = new List<string>();
        string? before = null;
        do
        {
            var page = await Node.Audit.ListAsync(new AuditQuery(Realm, Before: before, Limit: 10), Stop);
            seen.AddRange(page.Events.Select(one => one.Event.Type));
            before = page.Next;
            Node.Audit.Note(New("LATER"));
            await Node.Audit.FlushAsync(Stop);
        }
        while (before is not null);
        Assert.Equal(Enumerable.Range(0, 57).Reverse().Select(i => $"T{i}"), seen);
    }

    [Fact]
    public async Task Filters_restrict_and_realms_are_apart()
    {
        Node.Audit.Note(New("LOGIN") with { User = "u1", Client = "c1" });
        Node.Audit.Note(New("LOGIN") with { User = "u2", Client = "c1" });
        Node.Audit.Note(New("UPDATE") with { User = "u1", Resource = "users/1" });
        Node.Audit.Note(New("LOGIN") with { Realm = "elsewhere", User = "u1" });
        await Node.Audit.FlushAsync(Stop);
        Assert.Equal(3, (await ListAsync(new AuditQuery(Realm))).Count);
        Assert.Equal(2, (await ListAsync(new AuditQuery(Realm, User: "u1"))).Count);
        Assert.Equal(2, (await ListAsync(new AuditQuery(Realm, Client: "c1"))).Count);
        Assert.Single(await ListAsync(new AuditQuery(Realm, Type: "LOGIN", User: "u1")));
        Assert.Single(await ListAsync(new AuditQuery(Realm, Changes: true)));
        Assert.Equal(2, (await ListAsync(new AuditQuery(Realm, Changes: false))).Count);
    }

    [Fact]
    public async Task What_strangers_send_is_kept_in_a_form_that_every_database_holds()
    {
        Node.Audit.Note(New("LOGIN_ERROR") with { Client = "a\0b\ud800c\r\nLOGIN", Details = new Dictionary<string, string> { ["username"] = new string('x', 100_000) + "\0" } });
        await WriteAsync(work => Node.Audit.WriteAsync(work, New("LOGIN_ERROR") with { User = "\ud800" }));
        await Node.Audit.FlushAsync(Stop);
        var events = await ListAsync(new AuditQuery(Realm));
        Assert.Equal(2, events.Count);
        var stored = events.Single(one => one.Event.Client is not null).Event;
        Assert.Equal("a\uFFFDb\uFFFDc\uFFFD\uFFFDLOGIN", stored.Client);
        Assert.Equal(1024, stored.Details!["username"].Length);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("1; drop table audit_events")]
    [InlineData("99999999999999999999999999")]
    public async Task A_cursor_that_is_none_is_refused(string cursor)
        => await Assert.ThrowsAsync<ArgumentException>(() => Node.Audit.ListAsync(new AuditQuery(Realm, Before: cursor), Stop));

    [Fact]
    public async Task What_overflows_is_counted_and_told()
    {
        for (var i = 0; i < 20_010; i++) Node.Audit.Note(New("GATE_REFUSAL"));
        await Node.Audit.FlushAsync(Stop);
        var told = Assert.Single(await ListAsync(new AuditQuery("")));
        Assert.Equal((AuditTypes.Overflow, "10"), (told.Event.Type, told.Event.Details!["lost"]));
    }

    [Fact]
    public async Task Old_events_go_and_young_ones_stay()
    {
        var clock = new SetClock();
        var log = new AuditLog(Node.Database, clock);
        await WriteAsync(work => log.WriteAsync(work, New("OLD")));
        clock.Advance(TimeSpan.FromDays(91));
        await WriteAsync(work => log.WriteAsync(work, New("YOUNG")));
        Assert.Equal(1, await log.PruneAsync(clock.GetUtcNow() - TimeSpan.FromDays(90), Stop));
        Assert.Equal(["YOUNG"], (await ListAsync(new AuditQuery(Realm))).Select(one => one.Event.Type));
    }

    private static AuditEvent New(string type) => new() { Realm = Realm, Type = type };

    private async Task<IReadOnlyList<StoredAuditEvent>> ListAsync(AuditQuery query) => (await Node.Audit.ListAsync(query, Stop)).Events;

    [Fact]
    public async Task A_flood_of_refusals_is_a_sample_by_network_and_person_and_says_what_it_stands_for()
    {
        var log = new AuditLog(Node.Database, new SetClock());
        void Refuse(int times, string address, string? user = null, string client = "c")
        {
            for (var i = 0; i < times; i++) log.NoteRefusal(new AuditEvent { Realm = Realm, Type = "FLOOD", Error = "no", Address = address, User = user, Client = client + i, Details = new Dictionary<string, string> { ["reason"] = "no" } });
        }

        Refuse(2500, "192.0.2.7");
        Refuse(1, "192.0.2.9");
        Refuse(1, "::ffff:192.0.2.10");
        Refuse(1, "192.0.3.9", client: "other-network");
        Refuse(1, "192.0.2.7", "alice", "a-person");
        Refuse(30, "2001:db8:0:ff01::1", client: "six");
        Refuse(1, "2001:db8:0:ff02::1", client: "six");
        Refuse(1, "2001:db8:0:1::1", client: "another-56");
        await log.FlushAsync(Stop);
        var told = (await log.ListAsync(new AuditQuery(Realm, "FLOOD", Limit: 500), Stop)).Events.Select(one => one.Event).ToList();
        Assert.Equal(20 + 2 + 1 + 1 + 20 + 1, told.Count);
        Assert.Equal(["1000", "1000"], told.Select(one => one.Details!.GetValueOrDefault("stands_for")).OfType<string>());
        Assert.Equal(["a-person0", "another-560", "other-network0"], told.Select(one => one.Client!).Where(name => name is "a-person0" or "another-560" or "other-network0").Order());
    }
}
