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

    /// <summary>All access tokens of one family of refresh tokens.</summary>
    Family,

    /// <summary>All tokens of a gadget, by its id.</summary>
    Gadget,
}

/// <summary>Tokens that died before their time: "all issued before" an instant, by token, subject, client, gadget or realm. Held in memory, spread by the feed, forgotten when the last such token has expired anyway.</summary>
public sealed class Revocations : IDisposable
{
    /// <summary>No access token lives longer than this: the mint sees to it. So no revocation needs to.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly Database database;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<(RevocationKind Kind, string Realm, string Value), long> known = new();
    private readonly IDisposable hearing;
    private volatile bool any;

    /// <summary>Wires the room's parts together.</summary>
    public Revocations(Database database, TimeProvider time)
    {
        (this.database, this.time) = (database, time);
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind != "token.revoked" || change.Detail?.Split(':') is not [var kind, var before]) return;
            Keep(Enum.Parse<RevocationKind>(kind), change.Realm, change.Subject, long.Parse(before));
            foreach (var listener in listeners) listener();
        });
    }

    private System.Collections.Immutable.ImmutableArray<Action> listeners = [];

    /// <summary>Calls <paramref name="callback"/> after anything was revoked, on every node.</summary>
    public void OnRevoked(Action callback) => System.Collections.Immutable.ImmutableInterlocked.Update(ref listeners, list => list.Add(callback));

    /// <summary>Revokes all that was issued up to now. One token and one family never come back, so whatever a racing request still issues of them is covered too.</summary>
    public async Task AddAsync(Work work, RevocationKind kind, string realm, string value)
    {
        var before = work.Now + (kind is RevocationKind.Token or RevocationKind.Family ? (long)Longest.TotalMilliseconds : 0);
        var values = new { kind = (int)kind, realm, value, before, ends = before + (long)Longest.TotalMilliseconds };
        await work.Connection.ExecuteAsync(
            """
            insert into revocations (kind, realm, value, before, ends_at) values (@kind, @realm, @value, @before, @ends)
            on conflict (kind, realm, value) do update set before = excluded.before, ends_at = excluded.ends_at
            """, values, work.Transaction);
        await work.AnnounceAsync(new Change("token.revoked", realm, value, $"{kind}:{values.before}"));
    }

    /// <summary>Whether a token is dead. Memory only. A token counts as issued at the start of its second, so one of the same second dies too.</summary>
    public bool Has(string realm, string? tokenId, string subject, string? client, DateTimeOffset issuedAt, string? gadget = null)
    {
        // Not IsEmpty: an empty ConcurrentDictionary takes all its locks to answer that, and this is asked on every request.
        if (!any) return false;
        var at = issuedAt.ToUnixTimeMilliseconds();
        return Covers(RevocationKind.Subject, realm, subject, at) || (tokenId is not null && (Covers(RevocationKind.Token, realm, tokenId, at) || (TokenIds.FamilyOf(tokenId) is { } family && Covers(RevocationKind.Family, realm, family, at))))
            || (gadget is not null && Covers(RevocationKind.Gadget, realm, gadget, at))
            || (client is not null && Covers(RevocationKind.Client, realm, client, at)) || Covers(RevocationKind.Realm, realm, realm, at);
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(long Kind, string Realm, string Value, long Before)>("select kind, realm, value, before from revocations")).AsList(), stop);
        foreach (var (kind, realm, value, before) in rows) Keep((RevocationKind)kind, realm, value, before);
    }

    internal async Task PruneAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        await database.WriteAsync(work => work.Connection.ExecuteAsync("delete from revocations where ends_at < @now", new { now }, work.Transaction), stop);
        foreach (var (key, before) in known)
            if (before + (long)Longest.TotalMilliseconds < now) known.TryRemove(key, out _);
    }

    // The later one counts: what is loaded may be older than what was just heard.
    private void Keep(RevocationKind kind, string realm, string value, long before)
    {
        known.AddOrUpdate((kind, realm, value), before, (_, old) => Math.Max(old, before));
        any = true;
    }

    private bool Covers(RevocationKind kind, string realm, string value, long issuedAt) => known.TryGetValue((kind, realm, value), out var before) && issuedAt <= before;
}
