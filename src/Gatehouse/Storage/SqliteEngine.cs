using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Storage;

/// <summary>SQLite with one writer and many readers. WAL with synchronous=FULL: a commit that returned survives SIGKILL and power cuts.</summary>
internal sealed class SqliteEngine : IAsyncDisposable
{
    // More waiting writes than this means the disk is gone or the load is an attack: refuse clearly instead of growing.
    private const int MostWaiting = 4096;
    private const int MostTogether = 128;

    private readonly string text;
    private readonly ConcurrentBag<SqliteConnection> readers = [];
    // More readers than this only wait for each other's disk and keep a page cache each.
    private readonly SemaphoreSlim reading = new(8, 8);
    private readonly Channel<Job> waiting = Channel.CreateBounded<Job>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly Thread writer;
    private int disposed;

    private SqliteEngine(string text)
    {
        this.text = text;
        writer = new Thread(Run) { IsBackground = true, Name = "gatehouse sqlite writer" };
        writer.Start();
    }

    public static SqliteEngine Open(string path)
    {
        SqliteLibrary.Load();
        var file = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(file)!;
        try
        {
            if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (!File.Exists(file)) new FileStream(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
            var text = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, DefaultTimeout = 30 }.ToString();
            using var probe = Connect(text);
            return new SqliteEngine(text);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StorageFault($"The database '{file}' cannot be used: {wrong.Message}", wrong);
        }
    }

    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop)
        => Task.Run(async () =>
        {
            await reading.WaitAsync(stop);
            try
            {
                ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
                if (!readers.TryTake(out var connection)) connection = Connect(text);
                try
                {
                    return await read(connection);
                }
                finally
                {
                    if (Volatile.Read(ref disposed) == 0) readers.Add(connection);
                    else await connection.DisposeAsync();
                }
            }
            finally
            {
                reading.Release();
            }
        }, stop);

    public async Task<(T Result, long LastChange)> WriteAsync<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        // The writer would wait for itself, and everybody for it.
        if (Thread.CurrentThread == writer) throw new InvalidOperationException("A write must use its own Work, not begin another write.");
        var job = new Job<T>(write, database, stop);
        if (!waiting.Writer.TryWrite(job))
            throw Volatile.Read(ref disposed) != 0 ? new ObjectDisposedException(nameof(Database)) : new StorageFault("The database has too many waiting writes; the disk may be slow or full.");
        return await job.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        waiting.Writer.Complete();
        await Task.Run(() => writer.Join(TimeSpan.FromSeconds(30)));
        while (readers.TryTake(out var reader)) await reader.DisposeAsync();
    }

    private static SqliteConnection Connect(string text)
    {
        var connection = new SqliteConnection(text);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma busy_timeout=15000; pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma cache_size=-8000; pragma wal_autocheckpoint=4000;";
        command.ExecuteNonQuery();
        return connection;
    }

    private void Run()
    {
        using var connection = Connect(text);
        var together = new List<Job>(MostTogether);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            together.Clear();
            while (together.Count < MostTogether && waiting.Reader.TryRead(out var job)) together.Add(job);
            Commit(connection, together);
        }
    }

    // All waiting writes share one commit; a write that fails is rolled back to its savepoint and harms no other.
    private static void Commit(SqliteConnection connection, List<Job> together)
    {
        try
        {
            // BEGIN IMMEDIATE: the write lock is taken at once, so that a second process (the command line) waits instead of failing half-way.
            using (var transaction = connection.BeginTransaction(deferred: false))
            {
                foreach (var job in together) job.Run(connection, transaction);
                transaction.Commit();
            }
        }
        catch (Exception wrong)
        {
            foreach (var job in together) job.Fail(wrong is SqliteException ? new StorageFault($"The database refused to commit: {wrong.Message}", wrong) : wrong);
            return;
        }

        foreach (var job in together) job.Succeed();
    }

    private abstract class Job
    {
        public abstract void Run(SqliteConnection connection, SqliteTransaction transaction);

        public abstract void Succeed();

        public abstract void Fail(Exception wrong);
    }

    private sealed class Job<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop) : Job
    {
        private Exception? failed;
        private T? result;
        private long lastChange;

        public TaskCompletionSource<(T, long)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(SqliteConnection connection, SqliteTransaction transaction)
        {
            if (stop.IsCancellationRequested)
            {
                // Whoever asked has gone before the turn came: nothing is written.
                failed = new OperationCanceledException(stop);
                return;
            }

            transaction.Save("one");
            try
            {
                var work = new Work(connection, transaction, database);
                // SQLite's calls complete at once: nothing is awaited for real on this thread.
                result = write(work).GetAwaiter().GetResult();
                lastChange = work.LastChange;
                transaction.Release("one");
            }
            catch (Exception wrong)
            {
                failed = wrong;
                transaction.Rollback("one");
                transaction.Release("one");
            }
        }

        public override void Succeed()
        {
            if (failed is not null)
            {
                Done.TrySetException(failed);
                return;
            }

            Done.TrySetResult((result!, lastChange));
        }

        public override void Fail(Exception wrong) => Done.TrySetException(failed ?? wrong);
    }
}
