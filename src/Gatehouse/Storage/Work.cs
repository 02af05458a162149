using System.Data.Common;

namespace Gatehouse.Storage;

/// <summary>One write in progress: its connection and transaction (for Dapper), and what the other nodes must hear once it is committed.</summary>
public sealed class Work
{
    /// <summary>Connection on which the write runs.</summary>
    public DbConnection Connection => throw new NotImplementedException();

    /// <summary>Transaction to hand to Dapper.</summary>
    public DbTransaction Transaction => throw new NotImplementedException();

    /// <summary>Appends to the change feed within this transaction; subscribers on every node hear it after the commit.</summary>
    public Task AnnounceAsync(Change change) => throw new NotImplementedException();
}

/// <summary>One entry of the change feed.</summary>
/// <param name="Kind">What changed, as <c>user</c>, <c>client</c>, <c>realm</c>, <c>role</c>, <c>group</c>, <c>session.ended</c>, <c>token.revoked</c>, <c>keys</c>.</param>
/// <param name="Realm">Realm name.</param>
/// <param name="Subject">Id of what changed.</param>
/// <param name="Detail">More, as the kind defines; null when nothing.</param>
public sealed record Change(string Kind, string Realm, string Subject, string? Detail = null);
