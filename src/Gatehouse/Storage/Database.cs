using System.Data.Common;
using Npgsql;

namespace Gatehouse.Storage;

/// <summary>The SQL dialect in use.</summary>
public enum Dialect
{
    /// <summary>SQLite 3.40 or later, embedded.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or later.</summary>
    Postgres,
}

/// <summary>The one way to the database. Reads and writes run off the connection threads; a write that returned is durable.</summary>
public sealed class Database : IAsyncDisposable
{
    private readonly SqliteEngine? sqlite;
    private readonly PostgresEngine? postgres;

    private Database(SqliteEngine? sqlite, PostgresEngine? postgres, TimeProvider time, ILogger? log)
    {
        (this.sqlite, this.postgres) = (sqlite, postgres);
        Feed = new ChangeFeed(this, time, log);
        Time = time;
    }

    /// <summary>Dialect of this database.</summary>
    public Dialect Dialect => sqlite is not null ? Dialect.Sqlite : Dialect.Postgres;

    /// <summary>The change feed of this database.</summary>
    public ChangeFeed Feed { get; }

    /// <summary>Data source for LISTEN; null on SQLite.</summary>
    internal NpgsqlDataSource? Source => postgres?.Source;

    internal TimeProvider Time { get; }

    /// <summary>Opens the configured database; nothing is read yet. Throws <see cref="StorageFault"/> when the connection text, the folder or the library cannot be used.</summary>
    public static Database Open(StorageSettings settings, TimeProvider time, ILogger? log = null)
    {
        var where = Place.Parse(settings);
        return where.File is { } file ? new Database(SqliteEngine.Open(file), null, time, log) : new Database(null, new PostgresEngine(where.Postgres!), time, log);
    }

    /// <summary>Opens a database that is ready to use: migrated, its change feed running. For tests, tools and the command line; the program does the same in its start order.</summary>
    public static async Task<Database> OpenReadyAsync(StorageSettings settings, TimeProvider time, ILogger log, CancellationToken stop)
    {
        var database = Open(settings, time, log);
        try
        {
            await Migrations.ApplyAsync(database, log, stop);
            await database.Feed.StartAsync(stop);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a read on a pooled connection. SQLite's calls block, so they leave the calling thread first.</summary>
    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop)
        => sqlite is not null ? sqlite.ReadAsync(read, stop) : postgres!.ReadAsync(read, stop);

    /// <summary>
    /// Runs <paramref name="write"/> in a transaction and returns after it is durable. On SQLite one writer takes waiting writes together (group commit), and one that fails harms no other,
    /// so that a hundred waiting sign-ins cost one fsync. The function must touch nothing but its <see cref="Work"/>: it may run twice, when another write of the same commit failed or PostgreSQL asks for a retry.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<Work, Task<T>> write, CancellationToken stop)
    {
        var (result, lastChange) = sqlite is not null ? await sqlite.WriteAsync(write, this, stop) : await postgres!.WriteAsync(write, this, stop);
        // Read your own writes: what is kept in memory on this node knows of the change before the writer goes on.
        if (lastChange > 0) await Feed.HeardAsync(lastChange);
        return result;
    }

    /// <summary>Repeats a write that deletes at most <paramref name="full"/> rows until it deletes fewer: one small step after another, so that no other write waits long, and what is begun in a flood does not outlive it. Returns how many it were.</summary>
    public async Task<int> RepeatAsync(Func<Work, Task<int>> step, int full, CancellationToken stop)
    {
        var (all, last) = (0, 0);
        do all += last = await WriteAsync(step, stop);
        while (last >= full);
        return all;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Feed.StopAsync();
        if (sqlite is not null) await sqlite.DisposeAsync();
        if (postgres is not null) await postgres.DisposeAsync();
    }
}
