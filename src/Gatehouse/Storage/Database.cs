using System.Data.Common;

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
    /// <summary>Dialect of this database.</summary>
    public Dialect Dialect => throw new NotImplementedException();

    /// <summary>Runs a read on a pooled connection. SQLite's calls block, so they leave the calling thread first.</summary>
    public Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Runs <paramref name="write"/> in a transaction and returns after it is durable. On SQLite one writer takes waiting writes together (group commit), each in its own savepoint.</summary>
    public Task<T> WriteAsync<T>(Func<Work, Task<T>> write, CancellationToken stop) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
