using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Storage;

/// <summary>The one thread that writes to a SQLite file. Writes that wait share a commit, and whoever waits is told after it.</summary>
internal sealed class SqliteWriter
{
    // More waiting writes than this means the disk is gone or the load is an attack: refuse clearly instead of growing.
    private const int MostWaiting = 4096;
    private const int MostTogether = 128;

    private readonly Func<PreparedConnection> connect;
    private readonly Channel<Job> waiting = Channel.CreateBounded<Job>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly AutoResetEvent bell = new(false);
    private readonly Thread thread;
    private volatile bool stopped;
    private int asleep;

    public SqliteWriter(Func<PreparedConnection> connect)
    {
        this.connect = connect;
        thread = new Thread(Run) { IsBackground = true, Name = "gatehouse sqlite writer" };
        thread.Start();
    }

    public Task<(T Result, long LastChange)> WriteAsync<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        // The writer would wait for itself, and everybody for it.
        if (Thread.CurrentThread == thread) throw new InvalidOperationException("A write must use its own Work, not begin another write.");
        var job = new Job<T>(write, database, stop);
        if (!waiting.Writer.TryWrite(job))
            throw stopped ? new ObjectDisposedException(nameof(Database)) : new StorageBusy();
        Ring();
        return job.Done.Task;
    }

    /// <summary>Takes no more, writes what waits, and ends.</summary>
    public void Stop()
    {
        stopped = true;
        waiting.Writer.TryComplete();
        Ring();
        if (thread.Join(TimeSpan.FromSeconds(30))) bell.Dispose();
    }

    private void Ring()
    {
        if (Interlocked.Exchange(ref asleep, 0) == 1) bell.Set();
    }

    private void Run()
    {
        using var connection = connect();
        var together = new List<Job>(MostTogether);
        while (Wait())
        {
            together.Clear();
            while (together.Count < MostTogether && waiting.Reader.TryRead(out var job)) together.Add(job);
            Commit(connection, together);
        }
    }

    // Without spinning: on a busy machine that takes the time from those who would bring the next write.
    private bool Wait()
    {
        while (!waiting.Reader.TryPeek(out _))
        {
            if (waiting.Reader.Completion.IsCompleted) return false;
            // Says so first and looks again after: what came in between either is seen here or rings.
            Interlocked.Exchange(ref asleep, 1);
            if (waiting.Reader.TryPeek(out _) || waiting.Reader.Completion.IsCompleted) Interlocked.Exchange(ref asleep, 0);
            else bell.WaitOne();
        }

        return true;
    }

    private static void Commit(PreparedConnection connection, List<Job> together)
    {
        try
        {
            // Hardly any write fails, and a savepoint keeps a copy of every page that is touched after it: so first without.
            if (!TryCommit(connection, together, apart: together.Count == 1)) TryCommit(connection, together, apart: true);
        }
        catch (Exception wrong)
        {
            foreach (var job in together) job.Fail(wrong is SqliteException ? new StorageFault($"The database refused to commit: {wrong.Message}", wrong) : wrong);
            return;
        }

        foreach (var job in together) job.Succeed();
    }

    // All waiting writes share one commit. False when one failed and they were not kept apart: nothing is written, and they are tried again, each in a savepoint, so that it harms no other.
    private static bool TryCommit(PreparedConnection connection, List<Job> together, bool apart)
    {
        // BEGIN IMMEDIATE: the write lock is taken at once, so that a second process (the command line) waits instead of failing half-way.
        using var transaction = connection.BeginTransaction(deferred: false);
        foreach (var job in together)
        {
            if (apart) transaction.Save("one");
            if (job.TryRun(connection, transaction))
            {
                if (apart) transaction.Release("one");
                continue;
            }

            if (!apart) return false;
            transaction.Rollback("one");
            transaction.Release("one");
        }

        transaction.Commit();
        return true;
    }

    private abstract class Job
    {
        public abstract bool TryRun(PreparedConnection connection, SqliteTransaction transaction);

        public abstract void Succeed();

        public abstract void Fail(Exception wrong);
    }

    private sealed class Job<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop) : Job
    {
        private Exception? failed;
        private T? result;
        private long lastChange;

        public TaskCompletionSource<(T, long)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override bool TryRun(PreparedConnection connection, SqliteTransaction transaction)
        {
            failed = null;
            if (stop.IsCancellationRequested)
            {
                // Whoever asked has gone before the turn came: nothing is written.
                failed = new OperationCanceledException(stop);
                return true;
            }

            try
            {
                var work = new Work(connection, transaction, database);
                // SQLite's calls complete at once: nothing is awaited for real on this thread.
                result = write(work).GetAwaiter().GetResult();
                lastChange = work.LastChange;
                return true;
            }
            catch (Exception wrong)
            {
                failed = wrong;
                return false;
            }
        }

        public override void Succeed()
        {
            if (failed is not null) Done.TrySetException(failed);
            else Done.TrySetResult((result!, lastChange));
        }

        public override void Fail(Exception wrong) => Done.TrySetException(failed ?? wrong);
    }
}
