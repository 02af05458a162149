using System.Data.Common;
using Dapper;

namespace Gatehouse.Storage;

/// <summary>One write in progress: its connection and transaction (for Dapper), and what the other nodes must hear once it is committed.</summary>
public sealed class Work
{
    private const string Insert = "insert into changes (at, kind, realm, subject, detail) values (@at, @kind, @realm, @subject, @detail) returning seq";
    private const string Notify = "select pg_notify('gatehouse_changes', ''); ";
    private const string Lock = "select pg_advisory_xact_lock(72601); ";
    private static readonly string[] Names = ["@at", "@kind", "@realm", "@subject", "@detail"];
    private static readonly Statement Append = new(Insert, Names);
    private static readonly Statement NotifyAndAppend = new(Notify + Insert, Names);
    private static readonly Statement LockNotifyAndAppend = new(Lock + Notify + Insert, Names);

    private readonly Database database;

    internal Work(DbConnection connection, DbTransaction transaction, Database database)
        => (Connection, Transaction, this.database) = (connection, transaction, database);

    /// <summary>Connection on which the write runs.</summary>
    public DbConnection Connection { get; }

    /// <summary>Transaction to hand to Dapper.</summary>
    public DbTransaction Transaction { get; }

    /// <summary>Dialect, for the few places that differ.</summary>
    public Dialect Dialect => database.Dialect;

    /// <summary>Now, in unix milliseconds.</summary>
    public long Now => database.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Last entry that this write put into the feed; 0 when none.</summary>
    internal long LastChange { get; private set; }

    /// <summary>From here to the commit no other announcing write runs: for checks that two concurrent writes could each pass. SQLite's writes never overlap.</summary>
    public Task OneAtATimeAsync() => Dialect == Dialect.Postgres ? Connection.ExecuteAsync(Lock, transaction: Transaction) : Task.CompletedTask;

    /// <summary>Appends to the change feed within this transaction; subscribers on every node hear it after the commit.</summary>
    public async Task AnnounceAsync(Change change)
    {
        // On PostgreSQL sequence order must be commit order, or a reader would step over a slower transaction's entry for good. All in one round trip: everybody else who announces waits from the lock to the commit.
        var statement = Dialect == Dialect.Sqlite ? Append : LastChange > 0 ? NotifyAndAppend : LockNotifyAndAppend;
        LastChange = (long)await statement.LastScalarAsync(this, Now, change.Kind, change.Realm, change.Subject, change.Detail);
    }
}

/// <summary>One entry of the change feed.</summary>
/// <param name="Kind">What changed, as <c>user</c>, <c>client</c>, <c>realm</c>, <c>role</c>, <c>group</c>, <c>session.ended</c>, <c>token.revoked</c>, <c>keys</c>.</param>
/// <param name="Realm">Realm name.</param>
/// <param name="Subject">Id of what changed.</param>
/// <param name="Detail">More, as the kind defines; null when nothing.</param>
public sealed record Change(string Kind, string Realm, string Subject, string? Detail = null);
