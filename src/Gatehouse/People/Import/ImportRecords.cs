using System.Text.Json;
using Dapper;
using Gatehouse.Federation;
using Gatehouse.Storage;

namespace Gatehouse.People.Import;

/// <summary>What is known of an upstream's imports.</summary>
/// <param name="Mark">From where the next listing of changes reads; null before everybody was listed once.</param>
/// <param name="BegunAt">When an import last began.</param>
/// <param name="WholeAt">When everybody was last gone over to the end; null for never.</param>
/// <param name="Last">The import under way, or the last one.</param>
public sealed record ImportRecord(string? Mark, DateTimeOffset BegunAt, DateTimeOffset? WholeAt, ImportStatus Last);

/// <summary>One row per upstream: who imports it now (a lease, so that it is one node alone), how far it is, and where the next one reads on.</summary>
public sealed class ImportRecords(Database database, TimeProvider time)
{
    /// <summary>How long a lease holds without a word; then another node may take over.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>What is known; null when it was never imported. An import whose lease ran out without its end was interrupted.</summary>
    public async Task<ImportRecord?> FindAsync(string upstream, CancellationToken stop)
        => (await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Row>("select mark, begun_at as BegunAt, whole_at as WholeAt, held_until as HeldUntil, body from upstream_imports where upstream = @upstream", new { upstream }), stop))?.ToRecord(Now);

    /// <summary>Takes the lease. False when another holds it.</summary>
    public Task<bool> TakeAsync(Upstream upstream, string holder, ImportStatus begun, CancellationToken stop)
        => database.WriteAsync(async work => await work.Connection.ExecuteAsync(
            """
            insert into upstream_imports (upstream, realm, holder, held_until, mark, begun_at, whole_at, body) values (@Id, @Realm, @holder, @until, null, @now, 0, @body)
            on conflict (upstream) do update set holder = excluded.holder, held_until = excluded.held_until, begun_at = excluded.begun_at, body = excluded.body where upstream_imports.held_until < @now
            """, new { upstream.Id, upstream.Realm, holder, until = work.Now + (long)Lease.TotalMilliseconds, now = work.Now, body = Write(begun) }, work.Transaction) == 1, stop);

    /// <summary>Tells how far it is and renews the lease, within a write or alone. False when the lease is lost: nothing more may be written then.</summary>
    public async Task<bool> TellAsync(Work work, Upstream upstream, string holder, ImportStatus status)
        => await work.Connection.ExecuteAsync("update upstream_imports set held_until = @until, body = @body where upstream = @Id and holder = @holder", new { upstream.Id, holder, until = work.Now + (long)Lease.TotalMilliseconds, body = Write(status) }, work.Transaction) == 1;

    /// <summary>Gives the lease back with how it ended; with a mark when the next listing of changes may read from there.</summary>
    public Task EndAsync(Work work, Upstream upstream, string holder, ImportStatus status, string? mark, bool whole)
        => work.Connection.ExecuteAsync(
            "update upstream_imports set holder = null, held_until = 0, body = @body, mark = coalesce(@mark, mark), whole_at = case when @whole then @now else whole_at end where upstream = @Id and holder = @holder",
            new { upstream.Id, holder, body = Write(status), mark, whole, now = work.Now }, work.Transaction);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static string Write(ImportStatus status) => JsonSerializer.Serialize(status);

    private sealed class Row
    {
        public string? Mark { get; init; }

        public long BegunAt { get; init; }

        public long WholeAt { get; init; }

        public long HeldUntil { get; init; }

        public string Body { get; init; } = "{}";

        public ImportRecord ToRecord(long now)
        {
            var last = JsonSerializer.Deserialize<ImportStatus>(Body)!;
            if (last.State == ImportState.Running && HeldUntil < now) last = last with { State = ImportState.Interrupted, Fault = "It ended without a word." };
            return new ImportRecord(Mark, DateTimeOffset.FromUnixTimeMilliseconds(BegunAt), WholeAt == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(WholeAt), last);
        }
    }
}
