using System.Data.Common;

namespace Gatehouse.Storage;

/// <summary>
/// SQL that the busiest requests run. SQLite prepares it once per connection, where preparing costs more than running; Npgsql prepares what it sees often by itself.
/// All else goes through Dapper.
/// </summary>
public sealed class Statement
{
    private readonly string sql;
    private readonly string[] names;

    /// <summary>Names the parameters in the order in which the values will come.</summary>
    public Statement(string sql, params string[] names) => (this.sql, this.names) = (sql, names);

    /// <summary>Runs within a write; returns how many rows it changed.</summary>
    public async Task<int> ExecuteAsync(Work work, params object?[] values)
    {
        var command = Take(work.Connection, work.Transaction, values, out var ours);
        try
        {
            return await command.ExecuteNonQueryAsync();
        }
        finally
        {
            if (ours) await command.DisposeAsync();
        }
    }

    /// <summary>The first column of the first row within a write; null when there is no row.</summary>
    public async Task<object?> ScalarAsync(Work work, params object?[] values)
    {
        var command = Take(work.Connection, work.Transaction, values, out var ours);
        try
        {
            return await command.ExecuteScalarAsync() is { } value and not DBNull ? value : null;
        }
        finally
        {
            if (ours) await command.DisposeAsync();
        }
    }

    /// <summary>Several statements in one round trip within a write; the first column of the last one's row.</summary>
    internal async Task<object> LastScalarAsync(Work work, params object?[] values)
    {
        var command = Take(work.Connection, work.Transaction, values, out var ours);
        try
        {
            object? last = null;
            await using var reader = await command.ExecuteReaderAsync();
            do last = await reader.ReadAsync() ? reader.GetValue(0) : null;
            while (await reader.NextResultAsync());
            return last ?? throw new InvalidOperationException("The last statement gave no row.");
        }
        finally
        {
            if (ours) await command.DisposeAsync();
        }
    }

    /// <summary>The first row, read by <paramref name="read"/>; null when there is none.</summary>
    public Task<T?> FirstAsync<T>(DbConnection connection, Func<DbDataReader, T> read, params object?[] values)
        where T : class
        => FirstAsync(connection, null, read, values);

    /// <summary>The first row within a write, read by <paramref name="read"/>; null when there is none.</summary>
    public Task<T?> FirstAsync<T>(Work work, Func<DbDataReader, T> read, params object?[] values)
        where T : class
        => FirstAsync(work.Connection, work.Transaction, read, values);

    private async Task<T?> FirstAsync<T>(DbConnection connection, DbTransaction? transaction, Func<DbDataReader, T> read, object?[] values)
        where T : class
    {
        var command = Take(connection, transaction, values, out var ours);
        try
        {
            await using var reader = await command.ExecuteReaderAsync();
            return await reader.ReadAsync() ? read(reader) : null;
        }
        finally
        {
            if (ours) await command.DisposeAsync();
        }
    }

    private DbCommand Take(DbConnection connection, DbTransaction? transaction, object?[] values, out bool ours)
    {
        ours = connection is not PreparedConnection;
        var command = connection is PreparedConnection prepared ? prepared.CommandOf(this) : Make(connection);
        command.Transaction = transaction;
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    internal DbCommand Make(DbConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in names)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
