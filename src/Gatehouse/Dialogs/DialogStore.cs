using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>Why a dialog could not be changed.</summary>
public enum DialogFault
{
    /// <summary>It was.</summary>
    None,

    /// <summary>The id is not one that a dialog can have.</summary>
    BadId,

    /// <summary>There is no such project.</summary>
    NoProject,

    /// <summary>There is no such dialog.</summary>
    Unknown,

    /// <summary>The id belongs to a dialog of another project, or to one that is over.</summary>
    Taken,

    /// <summary>It was ended, and an ended dialog does not come back.</summary>
    Ended,

    /// <summary>It is over.</summary>
    Over,

    /// <summary>It could not be written; nothing is known of it.</summary>
    Unavailable,
}

/// <summary>What came of a change.</summary>
/// <param name="Fault">Why nothing was changed.</param>
/// <param name="Id">The dialog's id, as it is stored.</param>
/// <param name="Dialog">The dialog after it.</param>
/// <param name="IsNew">It was opened now.</param>
public readonly record struct DialogChange(DialogFault Fault, string Id = "", Dialog Dialog = default, bool IsNew = false);

/// <summary>A dialog as it is listed.</summary>
public sealed record StoredDialog(string Id, string Source, Dialog Dialog);

/// <summary>Dialogs as rows. Every change may be asked twice: the second time it finds its work done. It returns when it is durable and this node's memory has heard of it.</summary>
public sealed class DialogStore(Database database, DialogProjects projects, TimeProvider time)
{
    private const string Columns = "project, started_at, alive_until, ended_at, hard_until, frozen_at, headroom, id, source, realm";
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private readonly Statement insert = new(
        "insert into dialogs (realm, id, project, source, started_at, alive_until, ended_at, hard_until, frozen_at, headroom, over_at) values (@realm, @id, @project, @source, @started, @alive, 0, @hard, 0, @headroom, @over) on conflict do nothing",
        "@realm", "@id", "@project", "@source", "@started", "@alive", "@hard", "@headroom", "@over");

    private readonly Statement one = new($"select {Columns} from dialogs where realm = @realm and id = @id", "@realm", "@id");
    // Two changes of one dialog wait for each other on PostgreSQL; SQLite's never overlap.
    private readonly Statement oneLocked = new($"select {Columns} from dialogs where realm = @realm and id = @id for update", "@realm", "@id");
    private readonly Statement update = new("update dialogs set alive_until = @alive, ended_at = @ended, frozen_at = @frozen, over_at = @over where realm = @realm and id = @id", "@alive", "@ended", "@frozen", "@over", "@realm", "@id");

    /// <summary>Opens a dialog. One that is under way in the same project is left as it is. <paramref name="source"/> is who says so, for the record.</summary>
    public async Task<DialogChange> OpenAsync(string realm, string id, string project, string source, CancellationToken stop)
    {
        if (!DialogKey.TryParse(id, out var key)) return new DialogChange(DialogFault.BadId);
        id = key.Spell(id);
        if (projects.Find(realm, project) is not { } rules) return new DialogChange(DialogFault.NoProject);
        return await database.WriteAsync(async work =>
        {
            var hard = work.Now + (long)rules.HardLimit.TotalMilliseconds;
            var dialog = new Dialog(project, work.Now, Math.Min(work.Now + (long)rules.Silence.TotalMilliseconds, hard), 0, hard, 0, (int)rules.Headroom.TotalSeconds);
            if (await insert.ExecuteAsync(work, realm, id, project, source, dialog.StartedAt, dialog.AliveUntil, hard, dialog.HeadroomSeconds, dialog.OverAt) == 1)
            {
                await work.AnnounceAsync(new Change("dialog", realm, id, dialog.Write()));
                return new DialogChange(DialogFault.None, id, dialog, IsNew: true);
            }

            var there = await ReadAsync(work, realm, id);
            return there is null || there.Value.Project != project || there.Value.StateAt(work.Now) == DialogState.Over ? new DialogChange(DialogFault.Taken, id) : new DialogChange(DialogFault.None, id, there.Value);
        }, stop);
    }

    /// <summary>The source gives a sign of life: the silence begins anew. A dialog that only fell silent comes back while its headroom lasts.</summary>
    public Task<DialogChange> ExtendAsync(string realm, string id, CancellationToken stop) => ChangeAsync(realm, id, (dialog, now) =>
    {
        if (dialog.EndedAt > 0) return (DialogFault.Ended, dialog);
        if (dialog.StateAt(now) == DialogState.Over) return (DialogFault.Over, dialog);
        var silence = projects.Find(realm, dialog.Project)?.Silence ?? TimeSpan.FromMinutes(5);
        return (DialogFault.None, dialog with { AliveUntil = Math.Max(dialog.AliveUntil, Math.Min(now + (long)silence.TotalMilliseconds, dialog.HardUntil)) });
    }, stop);

    /// <summary>Ends a dialog, of a project where one is named. One that has ended before stays as it is.</summary>
    public Task<DialogChange> EndAsync(string realm, string id, CancellationToken stop, string? project = null)
        => ChangeAsync(realm, id, (dialog, now) => project is not null && dialog.Project != project ? (DialogFault.Taken, dialog) : (DialogFault.None, dialog.EndedAt > 0 || dialog.StateAt(now) == DialogState.Over ? dialog : dialog with { EndedAt = now }), stop);

    /// <summary>Freezes the tokens that were issued up to an instant (unix milliseconds), or up to now; later ones work.</summary>
    public Task<DialogChange> FreezeAsync(string realm, string id, long? upTo, CancellationToken stop)
        => ChangeAsync(realm, id, (dialog, now) => (DialogFault.None, dialog with { FrozenAt = Math.Max(dialog.FrozenAt, upTo ?? now) }), stop);

    /// <summary>One dialog, from the database; null when there is none, or it has been forgotten.</summary>
    public Task<StoredDialog?> FindAsync(string realm, string id, CancellationToken stop)
        => !DialogKey.TryParse(id, out var key) ? Task.FromResult<StoredDialog?>(null) : database.ReadAsync(async connection => (await connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from dialogs where realm = @realm and id = @id", new { realm, id = key.Spell(id) }))?.ToStored(), stop);

    /// <summary>A page of dialogs, newest first, of one project or of all; over ones included for a day.</summary>
    public async Task<Page<StoredDialog>> ListAsync(string realm, string? project, DialogState? state, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 1000);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var mark = after?.Split('/', 2);
        var at = 0L;
        if (mark is not null && (mark.Length != 2 || !long.TryParse(mark[0], out at) || !DialogKey.TryParse(mark[1], out _))) throw new ArgumentException("The cursor is not one of this list.");
        // The ends that follow from the clock, as Dialog.EndsAt computes them: over_at is stored, the state between is asked of the columns.
        var filter = state switch { DialogState.Alive => "and ended_at = 0 and alive_until > @now", DialogState.Ended => "and (ended_at > 0 or alive_until <= @now) and over_at > @now", DialogState.Over => "and over_at <= @now", _ => "" };
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"""
            select {Columns} from dialogs where realm = @realm {(project is null ? "" : "and project = @project")} {filter}
              {(mark is null ? "" : "and (started_at < @at or (started_at = @at and id > @last))")} order by started_at desc, id limit @rows
            """, new { realm, project, now, at, last = mark?[1], rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToStored()).ToList();
        return new Page<StoredDialog>(items, rows.Count > take ? $"{items[^1].Dialog.StartedAt}/{items[^1].Id}" : null);
    }

    /// <summary>Reads what is not over into memory, and what is so young that its token would vouch for it if nothing were known. One pass through the table as it lies: an order would fetch each of a million rows from another place.</summary>
    internal async Task LoadAsync(LiveDialogs live, CancellationToken stop)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var young = now - (2 * (long)LiveDialogs.Hearing.TotalMilliseconds);
        await database.ReadAsync(async connection =>
        {
            await using var rows = await connection.ExecuteReaderAsync("select realm, id, project, started_at, alive_until, ended_at, hard_until, frozen_at, headroom from dialogs where over_at > @now or started_at > @young", new { now, young });
            while (await rows.ReadAsync(stop))
                live.Load(rows.GetString(0), rows.GetString(1), new Dialog(rows.GetString(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5), rows.GetInt64(6), rows.GetInt64(7), (int)rows.GetInt64(8)));
            return true;
        }, stop);
    }

    /// <summary>Forgets what has been over for a day, a step at a time.</summary>
    internal async Task PruneAsync(CancellationToken stop)
    {
        var before = (time.GetUtcNow() - Kept).ToUnixTimeMilliseconds();
        await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from dialogs where (realm, id) in (select realm, id from dialogs where over_at < @before limit 1000)", new { before }, work.Transaction), 1000, stop);
    }

    private async Task<DialogChange> ChangeAsync(string realm, string id, Func<Dialog, long, (DialogFault Fault, Dialog Dialog)> change, CancellationToken stop)
    {
        if (!DialogKey.TryParse(id, out var key)) return new DialogChange(DialogFault.BadId);
        id = key.Spell(id);
        return await database.WriteAsync(async work =>
        {
            if (await ReadAsync(work, realm, id) is not { } before) return new DialogChange(DialogFault.Unknown, id);
            var (fault, dialog) = change(before, work.Now);
            if (fault != DialogFault.None || dialog == before) return new DialogChange(fault, id, before);
            await update.ExecuteAsync(work, dialog.AliveUntil, dialog.EndedAt, dialog.FrozenAt, dialog.OverAt, realm, id);
            await work.AnnounceAsync(new Change("dialog", realm, id, dialog.Write()));
            return new DialogChange(DialogFault.None, id, dialog);
        }, stop);
    }

    private async Task<Dialog?> ReadAsync(Work work, string realm, string id)
        => (await (work.Dialect == Dialect.Postgres ? oneLocked : one).FirstAsync(work, Row.Read, realm, id))?.ToDialog();

    private sealed record Row(string Project, long Started_at, long Alive_until, long Ended_at, long Hard_until, long Frozen_at, long Headroom, string Id, string Source, string Realm)
    {
        public static Row Read(System.Data.Common.DbDataReader row)
            => new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetString(7), row.GetString(8), row.GetString(9));

        public Dialog ToDialog() => new(Project, Started_at, Alive_until, Ended_at, Hard_until, Frozen_at, (int)Headroom);

        public StoredDialog ToStored() => new(Id, Source, ToDialog());
    }
}
