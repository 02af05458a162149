using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace Gatehouse.Storage;

/// <summary>
/// Numbered .sql files of all rooms, forward only, each in a transaction of its own. A changed file or a database from a newer version refuses to start. Lines that begin with
/// <c>-- sqlite:</c> or <c>-- postgres:</c> belong to that dialect only.
/// </summary>
public static class Migrations
{
    private const string Prefix = "migrations/";

    /// <summary>Brings the database up to this version. Throws <see cref="StorageFault"/> when it cannot be.</summary>
    public static async Task ApplyAsync(Database database, ILogger log, CancellationToken stop)
    {
        await database.WriteAsync(async work =>
        {
            if (work.Dialect == Dialect.Postgres) await work.Connection.ExecuteAsync("select pg_advisory_xact_lock(72600)", transaction: work.Transaction);
            await work.Connection.ExecuteAsync("create table if not exists migrations (name text primary key, hash text not null, at bigint not null)", transaction: work.Transaction);
            return true;
        }, stop);
        var all = await ReadAllAsync(stop);
        var done = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Name, string Hash)>("select name, hash from migrations order by name")).ToDictionary(row => row.Name, row => row.Hash), stop);
        foreach (var (name, hash) in done)
        {
            if (!all.TryGetValue(name, out var sql)) throw new StorageFault($"The database was made by a newer version: it has migration '{name}', which this one does not know. Start the newer version.");
            if (Hash(sql) != hash) throw new StorageFault($"Migration '{name}' differs from the one that made this database. Use the version that made it.");
        }

        var missing = all.Where(one => !done.ContainsKey(one.Key)).ToList();
        for (var i = 0; i < missing.Count; i++)
        {
            var (name, sql) = missing[i];
            if (done.Count > 0) log.LogInformation("Migration {Name} ({Number} of {Count})", name, i + 1, missing.Count);
            await ApplyOneAsync(database, name, sql, stop);
        }
    }

    private static Task<bool> ApplyOneAsync(Database database, string name, string sql, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            // Two nodes may start together: the second waits here, then finds the work done.
            if (work.Dialect == Dialect.Postgres) await work.Connection.ExecuteAsync("select pg_advisory_xact_lock(72600)", transaction: work.Transaction);
            if (await work.Connection.ExecuteScalarAsync<long>("select count(*) from migrations where name = @name", new { name }, work.Transaction) > 0) return false;
            await work.Connection.ExecuteAsync(For(work.Dialect, sql), transaction: work.Transaction);
            await work.Connection.ExecuteAsync("insert into migrations (name, hash, at) values (@name, @hash, @at)", new { name, hash = Hash(sql), at = work.Now }, work.Transaction);
            return true;
        }, stop);

    private static async Task<SortedDictionary<string, string>> ReadAllAsync(CancellationToken stop)
    {
        var assembly = typeof(Migrations).Assembly;
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            all.Add(resource[Prefix.Length..], await reader.ReadToEndAsync(stop));
        }

        return all;
    }

    private static string For(Dialect dialect, string sql)
    {
        var mine = dialect == Dialect.Sqlite ? "-- sqlite:" : "-- postgres:";
        var text = new StringBuilder();
        foreach (var line in sql.Split('\n'))
            text.Append(line.StartsWith(mine, StringComparison.Ordinal) ? line[mine.Length..] : line).Append('\n');
        return text.ToString();
    }

    private static string Hash(string sql) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql.ReplaceLineEndings("\n"))));
}
