using System.Collections.Immutable;
using Dapper;

namespace Gatehouse.Storage;

/// <summary>Tells every node what was committed, in order, at least once. The table is the truth; PostgreSQL's NOTIFY and local commits only wake the reader.</summary>
public sealed class ChangeFeed
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Listen = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);
    private const int Batch = 500;

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim wake = new(0, 1);
    private readonly CancellationTokenSource ending = new();
    private readonly ILogger? log;
    private ImmutableArray<Action<Change>> heard = [];
    private ImmutableArray<(string Kind, Func<CancellationToken, Task> Load)> reloads = [];
    private Task reading = Task.CompletedTask;
    private Task listening = Task.CompletedTask;
    private readonly Lock gate = new();
    private readonly List<(long Seq, TaskCompletionSource Done)> waiting = [];
    private bool started;
    private long seen;

    internal ChangeFeed(Database database, TimeProvider time, ILogger? log) => (this.database, this.time, this.log) = (database, time, log);

    /// <summary>Last entry that all subscribers have heard.</summary>
    public long Seen => Volatile.Read(ref seen);

    /// <summary>Calls <paramref name="callback"/> for each change committed after the feed started, on any node, in order. The callback must be quick; one that throws is logged and hears the next change.</summary>
    public IDisposable Subscribe(Action<Change> callback)
    {
        ImmutableInterlocked.Update(ref heard, list => list.Add(callback));
        return new Ending(() => ImmutableInterlocked.Update(ref heard, list => list.Remove(callback)));
    }

    /// <summary>
    /// Runs <paramref name="load"/> after changes of a kind, once for many: for what is small and kept in memory as a whole. Loads never overlap, and <see cref="Database.WriteAsync"/> returns to
    /// the writer after the load, so that it finds its own change. When the database is away, the same changes are heard again.
    /// </summary>
    public IDisposable Reload(string kind, Func<CancellationToken, Task> load)
    {
        var one = (kind, load);
        ImmutableInterlocked.Update(ref reloads, list => list.Add(one));
        return new Ending(() => ImmutableInterlocked.Update(ref reloads, list => list.Remove(one)));
    }

    /// <summary>Waits until everything committed before this call was heard here.</summary>
    public async Task CatchUpAsync(CancellationToken stop) => await HeardAsync(await LastAsync(stop));

    /// <summary>Waits until an entry was heard here; gives up after a moment when the database is away, since the entry itself is safe.</summary>
    internal async Task HeardAsync(long seq)
    {
        if (!started || ending.IsCancellationRequested || Seen >= seq) return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (Seen >= seq) return;
            waiting.Add((seq, done));
        }

        Wake();
        await Task.WhenAny(done.Task, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System));
    }

    internal void Wake()
    {
        try
        {
            if (wake.CurrentCount == 0) wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else woke it in the same moment.
        }
    }

    internal async Task StartAsync(CancellationToken stop)
    {
        seen = await LastAsync(stop);
        started = true;
        reading = Task.Run(ReadLoopAsync, CancellationToken.None);
        if (database.Source is not null) listening = Task.Run(ListenLoopAsync, CancellationToken.None);
    }

    internal async Task StopAsync()
    {
        if (ending.IsCancellationRequested) return;
        await ending.CancelAsync();
        Wake();
        await reading;
        // It only wakes the reader: what it still hears is of no use to anybody.
        await Task.WhenAny(listening, Task.Delay(Poll, CancellationToken.None));
    }

    private Task<long> LastAsync(CancellationToken stop)
        => database.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select coalesce(max(seq), 0) from changes"), stop);

    private async Task ReadLoopAsync()
    {
        var pruned = time.GetTimestamp();
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await wake.WaitAsync(Poll, ending.Token);
                while (await ReadOnceAsync() == Batch)
                {
                    // More is waiting.
                }

                if (time.GetElapsedTime(pruned) > TimeSpan.FromMinutes(10))
                {
                    pruned = time.GetTimestamp();
                    await PruneAsync();
                }
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception wrong)
            {
                // The database is away: the poll tries again, and nothing is lost since the table keeps it. Whatever else it is, a feed that stops would leave revoked tokens valid here.
                log?.LogWarning("The change feed cannot be read, trying again: {Message}", wrong.Message);
                await Task.Delay(Poll, time, CancellationToken.None);
            }
        }
    }

    private async Task<int> ReadOnceAsync()
    {
        var from = seen;
        var rows = await database.ReadAsync(
            async connection => (await connection.QueryAsync<Row>("select seq, kind, realm, subject, detail from changes where seq > @from order by seq limit @Batch", new { from, Batch })).AsList(),
            ending.Token);
        foreach (var row in rows)
        {
            var change = new Change(row.Kind, row.Realm, row.Subject, row.Detail);
            foreach (var one in heard) Tell(one, change);
        }

        if (rows.Count == 0) return 0;
        var kinds = rows.Select(row => row.Kind).ToHashSet(StringComparer.Ordinal);
        foreach (var (kind, load) in reloads)
            if (kinds.Contains(kind)) await LoadAsync(kind, load);
        Volatile.Write(ref seen, rows[^1].Seq);
        TellWaiting();
        return rows.Count;
    }

    private void Tell(Action<Change> one, Change change)
    {
        try
        {
            one(change);
        }
        catch (Exception wrong)
        {
            // One room's mistake must not keep the others from hearing of a revocation.
            log?.LogError(wrong, "A listener failed on change {Kind}", change.Kind);
        }
    }

    private async Task LoadAsync(string kind, Func<CancellationToken, Task> load)
    {
        try
        {
            await load(ending.Token);
        }
        catch (Exception wrong) when (wrong is not (System.Data.Common.DbException or StorageFault or OperationCanceledException))
        {
            log?.LogError(wrong, "What is kept in memory of kind {Kind} cannot be loaded; the last good state stays", kind);
        }
    }

    private void TellWaiting()
    {
        lock (gate)
        {
            foreach (var one in waiting)
                if (one.Seq <= seen) one.Done.TrySetResult();
            waiting.RemoveAll(one => one.Done.Task.IsCompleted);
        }
    }

    private Task PruneAsync()
    {
        var before = (time.GetUtcNow() - Kept).ToUnixTimeMilliseconds();
        // The newest entry always stays: it is where a starting reader begins.
        return database.RepeatAsync(
            work => work.Connection.ExecuteAsync("delete from changes where seq in (select seq from changes where at < @before and seq < (select max(seq) from changes) order by seq limit 1000)", new { before }, work.Transaction),
            1000,
            ending.Token);
    }

    private async Task ListenLoopAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.Source!.OpenConnectionAsync(ending.Token);
                connection.Notification += (_, _) => Wake();
                await connection.ExecuteAsync("listen gatehouse_changes");
                // Woken now and then although nothing came: a cancellation that meets a notification half-way must not leave this waiting for ever.
                while (!ending.IsCancellationRequested) await connection.WaitAsync(Listen, ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception wrong) when (wrong is System.Data.Common.DbException or TimeoutException or IOException)
            {
                await Task.Delay(Poll, time, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private sealed record Row(long Seq, string Kind, string Realm, string Subject, string? Detail);

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
