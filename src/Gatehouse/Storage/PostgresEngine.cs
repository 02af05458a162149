using System.Data;
using System.Data.Common;
using Npgsql;

namespace Gatehouse.Storage;

/// <summary>PostgreSQL: a pooled connection and a transaction per write; serialisation failures, deadlocks and lost races for a name are tried again.</summary>
internal sealed class PostgresEngine(string connection) : IAsyncDisposable
{
    private const int Tries = 5;
    private const string NoNul = "The text has a NUL character.";

    public NpgsqlDataSource Source { get; } = NpgsqlDataSource.Create(connection);

    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var open = new WholeRowConnection(await Source.OpenConnectionAsync(stop));
                return await read(open);
            }
            catch (NpgsqlException wrong) when (wrong.IsTransient && attempt < Tries)
            {
                // A pooled connection that died with a restart or a failover; the next one is new or fails for good.
            }
            catch (PostgresException wrong) when (wrong.SqlState == PostgresErrorCodes.CharacterNotInRepertoire)
            {
                throw new ArgumentException(NoNul, wrong);
            }
        }
    }

    public async Task<(T Result, long LastChange)> WriteAsync<T>(Func<Work, Task<T>> write, Database database, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            var committing = false;
            try
            {
                await using var open = new WholeRowConnection(await Source.OpenConnectionAsync(stop));
                await using var transaction = await open.BeginTransactionAsync(IsolationLevel.ReadCommitted, stop);
                var work = new Work(open, transaction, database);
                var result = await write(work);
                // Not cancellable, and not tried again when the connection breaks: after the commit was sent only its answer tells the truth.
                committing = true;
                await transaction.CommitAsync(CancellationToken.None);
                return (result, work.LastChange);
            }
            catch (PostgresException wrong) when (Passing(wrong.SqlState) && attempt < Tries)
            {
                // Another transaction won; the next attempt sees its result and answers as if it had come later.
            }
            catch (PostgresException wrong) when (wrong.SqlState == PostgresErrorCodes.CharacterNotInRepertoire)
            {
                throw new ArgumentException(NoNul, wrong);
            }
            catch (NpgsqlException wrong) when (wrong.IsTransient && !committing && attempt < Tries)
            {
                // The connection died before anything was committed.
            }
        }
    }

    // A unique violation is a race between a room's own look and its write: the second attempt finds the name taken.
    private static bool Passing(string state) => state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation;

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
