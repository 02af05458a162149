using Gatehouse.Dialogs;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Dialogs;

public abstract class DialogStoreTests : StoreKit
{
    private static readonly string Id = Guid.NewGuid().ToString();
    private readonly SetClock clock = new();

    [Fact]
    public async Task Every_change_may_be_asked_twice()
    {
        var (store, live) = await OpenAsync();
        var first = await store.OpenAsync(Realm, Id, "support", "gw", Stop);
        Assert.True(first is { Fault: DialogFault.None, IsNew: true });
        clock.Advance(TimeSpan.FromSeconds(10));
        var again = await store.OpenAsync(Realm, Id.ToUpperInvariant(), "support", "gw", Stop);
        Assert.Equal((DialogFault.None, false, first.Dialog, Id), (again.Fault, again.IsNew, again.Dialog, again.Id));
        var extended = await store.ExtendAsync(Realm, Id, Stop);
        Assert.Equal(10_000, extended.Dialog.AliveUntil - first.Dialog.AliveUntil);
        Assert.Equal(extended.Dialog, (await store.ExtendAsync(Realm, Id, Stop)).Dialog);
        var ended = await store.EndAsync(Realm, Id, Stop);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ended.Dialog, (await store.EndAsync(Realm, Id, Stop)).Dialog);
        Assert.Equal(DialogFault.Ended, (await store.ExtendAsync(Realm, Id, Stop)).Fault);
        Assert.Equal(DialogStanding.Ended, live.Judge(Realm, Key(Id), long.MaxValue, first.Dialog.StartedAt));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(DialogStanding.Over, live.Judge(Realm, Key(Id), long.MaxValue, first.Dialog.StartedAt));
        Assert.Equal(DialogFault.Taken, (await store.OpenAsync(Realm, Id, "support", "gw", Stop)).Fault);
    }

    [Fact]
    public async Task Silence_decays_and_a_sign_of_life_brings_back_until_the_headroom_is_over()
    {
        var (store, live) = await OpenAsync();
        var dialog = (await store.OpenAsync(Realm, "quiet", "support", "gw", Stop)).Dialog;
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(DialogStanding.Ended, live.Judge(Realm, Key("quiet"), long.MaxValue, dialog.StartedAt));
        Assert.Equal(DialogFault.None, (await store.ExtendAsync(Realm, "quiet", Stop)).Fault);
        Assert.Equal(DialogStanding.Alive, live.Judge(Realm, Key("quiet"), long.MaxValue, dialog.StartedAt));
        clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(DialogFault.Over, (await store.ExtendAsync(Realm, "quiet", Stop)).Fault);
    }

    [Fact]
    public async Task The_hard_limit_ends_everything_and_no_headroom_follows()
    {
        var (store, live) = await OpenAsync();
        var dialog = (await store.OpenAsync(Realm, "long", "support", "gw", Stop)).Dialog;
        for (var minute = 0; minute < 60; minute += 4)
        {
            Assert.Equal(DialogFault.None, (await store.ExtendAsync(Realm, "long", Stop)).Fault);
            clock.Advance(TimeSpan.FromMinutes(4));
        }

        Assert.Equal(DialogStanding.Over, live.Judge(Realm, Key("long"), long.MaxValue, dialog.StartedAt));
    }

    [Fact]
    public async Task Freezing_kills_what_was_issued_before_and_nothing_later()
    {
        var (store, live) = await OpenAsync();
        var dialog = (await store.OpenAsync(Realm, "cold", "support", "gw", Stop)).Dialog;
        var before = clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(DialogFault.Taken, (await store.EndAsync(Realm, "cold", Stop, "another")).Fault);
        await store.FreezeAsync(Realm, "cold", before, Stop);
        Assert.Equal(DialogStanding.Frozen, live.Judge(Realm, Key("cold"), before, dialog.StartedAt));
        Assert.Equal(DialogStanding.Alive, live.Judge(Realm, Key("cold"), before + 1, dialog.StartedAt));

        // Another node's clock may be ahead of ours.
        await store.FreezeAsync(Realm, "cold", before + 200, Stop);
        Assert.Equal(DialogStanding.Frozen, live.Judge(Realm, Key("cold"), before + 200, dialog.StartedAt));
    }

    [Fact]
    public async Task Another_node_hears_and_a_new_one_loads()
    {
        var (store, _) = await OpenAsync();
        var second = await SecondNodeAsync(clock);
        using var live = new LiveDialogs(second.Database, clock);
        var dialog = (await store.OpenAsync(Realm, "far", "support", "gw", Stop)).Dialog;
        await UntilAsync(() => live.Find(Realm, Key("far")) == dialog);
        await store.EndAsync(Realm, "far", Stop);
        await UntilAsync(() => live.Find(Realm, Key("far"))?.EndedAt > 0);

        using var late = new LiveDialogs(second.Database, clock);
        await store.LoadAsync(late, Stop);
        Assert.Equal(live.Find(Realm, Key("far")), late.Find(Realm, Key("far")));
        clock.Advance(TimeSpan.FromHours(1));
        late.Prune();
        Assert.Equal(0, late.Count);
    }

    [Fact]
    public async Task A_node_that_starts_knows_what_is_over_already_so_that_no_young_token_vouches_for_it()
    {
        var (store, live) = await OpenAsync(headroom: TimeSpan.Zero);
        var dialog = (await store.OpenAsync(Realm, "short", "support", "gw", Stop)).Dialog;
        await store.EndAsync(Realm, "short", Stop);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(DialogStanding.Over, live.Judge(Realm, Key("short"), long.MaxValue, dialog.StartedAt));
        using var late = new LiveDialogs((await SecondNodeAsync(clock)).Database, clock);
        await store.LoadAsync(late, Stop);
        Assert.Equal(DialogStanding.Over, late.Judge(Realm, Key("short"), long.MaxValue, dialog.StartedAt));
    }

    [Fact]
    public async Task What_is_not_known_yet_is_believed_for_a_moment_and_an_old_namesake_never()
    {
        var (store, live) = await OpenAsync();
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Equal(DialogStanding.Alive, live.Judge(Realm, Key("coming"), now, now));
        Assert.Equal(DialogStanding.Unknown, live.Judge(Realm, Key("coming"), now, now - 5_000));
        var dialog = (await store.OpenAsync(Realm, "twice", "support", "gw", Stop)).Dialog;
        Assert.Equal(DialogStanding.Unknown, live.Judge(Realm, Key("twice"), dialog.StartedAt, dialog.StartedAt - 1));
    }

    [Fact]
    public async Task What_is_told_late_takes_nothing_back_and_a_deleted_realms_dialogs_are_over()
    {
        var (store, live) = await OpenAsync();
        var dialog = (await store.OpenAsync(Realm, "late", "support", "gw", Stop)).Dialog;
        await store.EndAsync(Realm, "late", Stop);
        await WriteAsync(work => work.AnnounceAsync(new Change("dialog", Realm, "late", dialog.Write())));
        Assert.Equal(DialogStanding.Ended, live.Judge(Realm, Key("late"), long.MaxValue, dialog.StartedAt));
        var young = (await store.OpenAsync(Realm, "young", "support", "gw", Stop)).Dialog;
        await WriteAsync(work => new DialogProjects(Node.Database, Node.Sealer).RemoveAllAsync(work, Realm));
        await UntilAsync(() => live.Judge(Realm, Key("young"), long.MaxValue, young.StartedAt) == DialogStanding.Over);
    }

    [Fact]
    public async Task Lists_in_pages_by_state_and_project_and_forgets_after_a_day()
    {
        var (store, _) = await OpenAsync();
        for (var at = 0; at < 7; at++) await store.OpenAsync(Realm, $"d{at}", "support", "gw", Stop);
        await store.EndAsync(Realm, "d3", Stop);
        var seen = new List<string>();
        for (string? after = null, first = ""; first is not null; first = after)
        {
            var page = await store.ListAsync(Realm, "support", DialogState.Alive, after, 2, Stop);
            seen.AddRange(page.Items.Select(one => one.Id));
            after = page.Next;
        }

        Assert.Equal(["d0", "d1", "d2", "d4", "d5", "d6"], seen.Order());
        Assert.Equal("d3", Assert.Single((await store.ListAsync(Realm, null, DialogState.Ended, null, 10, Stop)).Items).Id);
        Assert.Empty((await store.ListAsync(Realm, "other", null, null, 10, Stop)).Items);
        await Assert.ThrowsAsync<ArgumentException>(() => store.ListAsync(Realm, null, null, "x'; drop table dialogs; --", 10, Stop));
        clock.Advance(TimeSpan.FromHours(26));
        await store.PruneAsync(Stop);
        Assert.Empty((await store.ListAsync(Realm, null, null, null, 10, Stop)).Items);
    }

    [Fact]
    public async Task What_cannot_be_says_why()
    {
        var (store, _) = await OpenAsync();
        Assert.Equal(DialogFault.NoProject, (await store.OpenAsync(Realm, "x", "nobody", "gw", Stop)).Fault);
        Assert.Equal(DialogFault.BadId, (await store.OpenAsync(Realm, "../x", "support", "gw", Stop)).Fault);
        Assert.Equal(DialogFault.Unknown, (await store.EndAsync(Realm, "x", Stop)).Fault);
        await store.OpenAsync(Realm, "x", "support", "gw", Stop);
        await Assert.ThrowsAsync<ArgumentException>(() => WriteAsync(work => new DialogProjects(Node.Database, Node.Sealer).PutAsync(work, new DialogProject { Realm = Realm, Name = "p", Roles = ["realm-management/realm-admin"] })));
    }

    private static DialogKey Key(string id) => DialogKey.TryParse(id, out var key) ? key : throw new ArgumentException("no id", nameof(id));

    // One hour at most, ten minutes of headroom unless told otherwise, five of silence.
    private async Task<(DialogStore Store, LiveDialogs Live)> OpenAsync(TimeSpan? headroom = null)
    {
        var node = await SecondNodeAsync(clock);
        var projects = new DialogProjects(node.Database, node.Sealer);
        var live = new LiveDialogs(node.Database, clock);
        await node.Database.WriteAsync(async work =>
        {
            await projects.PutAsync(work, new DialogProject { Realm = Realm, Name = "support", HardLimit = TimeSpan.FromHours(1), Headroom = headroom ?? TimeSpan.FromMinutes(10) });
            return true;
        }, Stop);
        return (new DialogStore(node.Database, projects, clock), live);
    }
}

public sealed class SqliteDialogStoreTests : DialogStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresDialogStoreTests : DialogStoreTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}
