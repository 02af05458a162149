using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Gatehouse.Storage;

/// <summary>SQLite with one writer and many readers. WAL with synchronous=FULL: a commit that returned survives SIGKILL and power cuts.</summary>
internal sealed class SqliteEngine : IAsyncDisposable
{
    // A reader forgets its pages whenever somebody has committed: much room for them only costs memory.
    private const int ReaderCache = 1000;

    private readonly string text;
    private readonly ConcurrentBag<PreparedConnection> readers = [];
    // More readers than this only wait for each other's disk and keep a page cache each.
    private readonly SemaphoreSlim reading = new(8, 8);
    private readonly SqliteWriter writer;
    private int disposed;

    private SqliteEngine(string text)
    {
        this.text = text;
        writer = new SqliteWriter(() => Connect(text, 8000));
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
            using var probe = Connect(text, ReaderCache);
            return new SqliteEngine(text);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new StorageFault($"The database '{file}' cannot be used: {wrong.Message}", wrong);
        }
    }

    // On a thread of the pool it may block where it is; any other thread (a socket's) must not.
    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop)
        => Thread.CurrentThread.IsThreadPoolThread && reading.CurrentCount > 0 ? ReadHereAsync(read, stop) : Task.Run(() => ReadHereAsync(read, stop), stop);

    public Task<(T Result, long LastChange)> WriteAsync<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop) => writer.WriteAsync(write, database, stop);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await Task.Run(writer.Stop);
        while (readers.TryTake(out var reader)) await reader.DisposeAsync();
    }

    private async Task<T> ReadHereAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop)
    {
        await reading.WaitAsync(stop);
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed) != 0, this);
            if (!readers.TryTake(out var connection)) connection = Connect(text, ReaderCache);
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
    }

    private static PreparedConnection Connect(string text, int cacheKiB)
    {
        var connection = new PreparedConnection(text);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"pragma busy_timeout=15000; pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma cache_size=-{cacheKiB}; pragma wal_autocheckpoint=4000;";
        command.ExecuteNonQuery();
        return connection;
    }
}
