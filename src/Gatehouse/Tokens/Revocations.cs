using System.Collections.Concurrent;
using Dapper;
using Gatehouse.Storage;

namespace Gatehouse.Tokens;

/// <summary>What a revocation names.</summary>
public enum RevocationKind
{
    /// <summary>One token, by <c>jti</c>.</summary>
    Token,

    /// <summary>All of a user's (or service account's) tokens.</summary>
    Subject,

    /// <summary>All tokens given to a client, by <c>client_id</c>.</summary>
    Client,

    /// <summary>All of a realm's tokens.</summary>
    Realm,
}

/// <summary>Tokens that died before their time: "all issued before" an instant, by token, subject, client or realm. Held in memory, spread by the feed, forgotten when the last such token has expired anyway.</summary>
public sealed class Revocations : IDisposable
{
    // No access token lives longer than this, so no revocation needs to.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<(RevocationKind Kind, string Realm, string Value), long> known = new();
    private readonly IDisposable hearing;

    /// <summary>Wires the room's parts together.</summary>
    public Revocations(Database database, TimeProvider time)
    {
        (this.database, this.time) = (database, time);
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind != "token.revoked" || change.Detail?.Split(':') is not [var kind, var before]) return;
            known[(Enum.Parse<RevocationKind>(kind), change.Realm, change.Subject)] = long.Parse(before);
            foreach (var listener in listeners) listener();
        });
    }

    private System.Collections.Immutable.ImmutableArray<Action> listeners = [];

    /// <summary>Calls <paramref name="callback"/> after anything was revoked, on every node.</summary>
    public void OnRevoked(Action callback) => System.Collections.Immutable.ImmutableInterlocked.Update(ref listeners, list => list.Add(callback));

    /// <summary>Revokes all that was issued up to now.</summary>
    public async Task AddAsync(Work work, RevocationKind kind, string realm, string value)
    {
        var values = new { kind = (int)kind, realm, value, before = work.Now, ends = work.Now + (long)Longest.TotalMilliseconds };
        await work.Connection.ExecuteAsync(
            """
            insert into revocations (kind, realm, value, before, ends_at) values (@kind, @realm, @value, @before, @ends)
            on conflict (kind, realm, value) do update set before = excluded.before, ends_at = excluded.ends_at
            """, values, work.Transaction);
        await work.AnnounceAsync(new Change("token.revoked", realm, value, $"{kind}:{values.before}"));
    }

    /// <summary>Whether a token is dead. Memory only. A token counts as issued at the start of its second, so one of the same second dies too.</summary>
    public bool Has(string realm, string? tokenId, string subject, string? client, DateTimeOffset issuedAt)
    {
        if (known.IsEmpty) return false;
        var at = issuedAt.ToUnixTimeMilliseconds();
        return Covers(RevocationKind.Subject, realm, subject, at) || (tokenId is not null && Covers(RevocationKind.Token, realm, tokenId, at))
            || (client is not null && Covers(RevocationKind.Client, realm, client, at)) || Covers(RevocationKind.Realm, realm, realm, at);
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(long Kind, string Realm, string Value, long Before)>("select kind, realm, value, before from revocations")).AsList(), stop);
        foreach (var (kind, realm, value, before) in rows) known[((RevocationKind)kind, realm, value)] = before;
    }

    internal async Task PruneAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await database.WriteAsync(work => work.Connection.ExecuteAsync("delete from revocations where ends_at < @now", new { now }, work.Transaction), stop);
        foreach (var (key, before) in known)
            if (before + (long)Longest.TotalMilliseconds < now) known.TryRemove(key, out _);
    }

    private bool Covers(RevocationKind kind, string realm, string value, long issuedAt) => known.TryGetValue((kind, realm, value), out var before) && issuedAt <= before;
}
