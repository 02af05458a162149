using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Keys;
using Gatehouse.Storage;

namespace Gatehouse.Sessions;

/// <summary>Who is signed in. Answers from memory after the first time; ends are announced as <c>session.ended</c>.</summary>
public sealed class SessionStore : IDisposable
{
    private const string Purpose = "session cookie";
    private const string Columns = "id, realm, user_id as User, body, last_used_at as LastUsedAt, idle_ends_at as IdleEndsAt, ends_at as EndsAt";
    private const int Most = 200_000;

    // A token outlives its session by no more than this; then its session need not be remembered.
    private static readonly TimeSpan RememberEnded = TimeSpan.FromHours(24);
    private static readonly TimeSpan Fine = TimeSpan.FromMinutes(1);

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, Session> byCookie = new();
    private readonly ConcurrentDictionary<(string Realm, string Id), Session> byId = new();
    private readonly ConcurrentDictionary<(string Realm, string Id), long> ended = new();
    private readonly ConcurrentDictionary<(string Realm, string Id), Session> touched = new();
    private readonly IDisposable hearing;
    private System.Collections.Immutable.ImmutableArray<Action<string, string>> listeners = [];

    /// <summary>Wires the room's parts together.</summary>
    public SessionStore(Database database, Sealer sealer, TimeProvider time)
    {
        (this.database, this.sealer, this.time) = (database, sealer, time);
        hearing = database.Feed.Subscribe(change =>
        {
            if (change.Kind == "session.ended") Remember(change.Realm, change.Subject);
            else if (change.Kind == "session.renewed") Forget(change.Realm, change.Subject);
        });
    }

    /// <summary>Calls <paramref name="callback"/> with realm and session id after a session ended, on every node.</summary>
    public void OnEnded(Action<string, string> callback) => System.Collections.Immutable.ImmutableInterlocked.Update(ref listeners, list => list.Add(callback));

    /// <summary>Starts a session and returns the value of its cookie, shown nowhere else (the store keeps a keyed hash).</summary>
    public async Task<string> StartAsync(Work work, Session session)
    {
        var (value, hash) = NewCookie();
        await work.Connection.ExecuteAsync(
            "insert into sessions (id, realm, user_id, cookie, body, started_at, last_used_at, idle_ends_at, ends_at) values (@Id, @Realm, @User, @hash, @body, @started, @used, @idle, @ends)",
            new { session.Id, session.Realm, session.User, hash, body = JsonSerializer.Serialize(session), started = Ms(session.StartedAt), used = Ms(session.LastUsedAt), idle = Ms(session.IdleEndsAt), ends = Ms(session.EndsAt) },
            work.Transaction);
        return value;
    }

    /// <summary>By cookie value; null when unknown, ended, idle too long or past its end. From memory after the first time.</summary>
    public ValueTask<Session?> FindByCookieAsync(string realm, string cookie, CancellationToken stop)
    {
        if (cookie.Length > 128) return ValueTask.FromResult<Session?>(null);
        var hash = Hash(cookie);
        return byCookie.TryGetValue(hash, out var found) ? ValueTask.FromResult(found.Realm == realm ? Alive(found) : null) : new ValueTask<Session?>(LoadAsync("cookie = @value", realm, hash, hash, stop));
    }

    /// <summary>By id; null as above.</summary>
    public ValueTask<Session?> FindAsync(string realm, string id, CancellationToken stop)
        => byId.TryGetValue((realm, id), out var found) ? ValueTask.FromResult(Alive(found)) : new ValueTask<Session?>(LoadAsync("id = @value", realm, id, null, stop));

    /// <summary>Whether a session id is known to have ended; memory only, for token checks at the gate.</summary>
    public bool HasEnded(string realm, string id) => ended.ContainsKey((realm, id));

    /// <summary>Notes use: moves the idle end. Written at most once a minute per session, never awaited by a request.</summary>
    public void Touch(Session session, TimeSpan idle)
    {
        var now = time.GetUtcNow();
        if (!byId.TryGetValue((session.Realm, session.Id), out var current)) current = session;
        if (now - current.LastUsedAt < Fine) return;
        var moved = current with { LastUsedAt = now, IdleEndsAt = now + idle };
        byId[(session.Realm, session.Id)] = moved;
        touched[(session.Realm, session.Id)] = moved;
    }

    /// <summary>The person proved again who they are: new <c>auth_time</c> and a new cookie value; the old one is worth nothing.</summary>
    public async Task<string> RenewAsync(Work work, Session session)
    {
        var (value, hash) = NewCookie();
        await work.Connection.ExecuteAsync("update sessions set cookie = @hash, body = @body, last_used_at = @used, idle_ends_at = @idle where realm = @Realm and id = @Id",
            new { hash, body = JsonSerializer.Serialize(session), used = Ms(session.LastUsedAt), idle = Ms(session.IdleEndsAt), session.Realm, session.Id }, work.Transaction);
        await work.AnnounceAsync(new Change("session.renewed", session.Realm, session.Id));
        return value;
    }

    /// <summary>Ends a session. False when it was not there.</summary>
    public async Task<bool> EndAsync(Work work, string realm, string id)
    {
        var count = await work.Connection.ExecuteAsync("delete from sessions where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (count == 0) return false;
        await work.Connection.ExecuteAsync("insert into ended_sessions (realm, id, at) values (@realm, @id, @at) on conflict do nothing", new { realm, id, at = work.Now }, work.Transaction);
        await work.AnnounceAsync(new Change("session.ended", realm, id));
        return true;
    }

    /// <summary>Ends all sessions of a user; returns how many.</summary>
    public async Task<int> EndAllAsync(Work work, string realm, string userId)
    {
        var ids = (await work.Connection.QueryAsync<string>("select id from sessions where realm = @realm and user_id = @userId", new { realm, userId }, work.Transaction)).AsList();
        foreach (var id in ids) await EndAsync(work, realm, id);
        return ids.Count;
    }

    /// <summary>A page of a user's sessions, newest first; of all users when null.</summary>
    public async Task<Page<Session>> ListAsync(string realm, string? userId, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 1000);
        var now = Ms(time.GetUtcNow());
        var mark = after?.Split('.', 2);
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"""
            select {Columns} from sessions where realm = @realm and ends_at > @now and idle_ends_at > @now {(userId is null ? "" : "and user_id = @userId")}
              {(mark is null ? "" : "and (started_at < @at or (started_at = @at and id > @last))")} order by started_at desc, id limit @rows
            """, new { realm, userId, now, at = mark is null ? 0 : long.Parse(mark[0]), last = mark?[1], rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToSession()).ToList();
        return new Page<Session>(items, rows.Count > take ? $"{Ms(items[^1].StartedAt)}.{items[^1].Id}" : null);
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    internal async Task LoadEndedAsync(CancellationToken stop)
    {
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<(string Realm, string Id, long At)>("select realm, id, at from ended_sessions")).AsList(), stop);
        foreach (var (realm, id, at) in rows) ended[(realm, id)] = at;
    }

    internal async Task FlushAsync(CancellationToken stop)
    {
        var moved = new List<Session>();
        foreach (var key in touched.Keys)
            if (touched.TryRemove(key, out var session)) moved.Add(session);
        foreach (var some in moved.Chunk(200))
        {
            await database.WriteAsync(async work =>
            {
                foreach (var one in some)
                    await work.Connection.ExecuteAsync("update sessions set last_used_at = @used, idle_ends_at = @idle where realm = @Realm and id = @Id and last_used_at < @used", new { used = Ms(one.LastUsedAt), idle = Ms(one.IdleEndsAt), one.Realm, one.Id }, work.Transaction);
                return true;
            }, stop);
        }
    }

    internal async Task PruneAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var (at, before) = (Ms(now), Ms(now - RememberEnded));
        await database.WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("delete from sessions where (realm, id) in (select realm, id from sessions where ends_at < @at or idle_ends_at < @at limit 500)", new { at }, work.Transaction);
            await work.Connection.ExecuteAsync("delete from ended_sessions where (realm, id) in (select realm, id from ended_sessions where at < @before limit 500)", new { before }, work.Transaction);
            return true;
        }, stop);
        foreach (var (key, when) in ended)
            if (when < before) ended.TryRemove(key, out _);
        foreach (var (hash, session) in byCookie)
            if (Alive(session) is null) byCookie.TryRemove(hash, out _);
        foreach (var (key, session) in byId)
            if (Alive(session) is null) byId.TryRemove(key, out _);
    }

    private async Task<Session?> LoadAsync(string where, string realm, string value, string? cookieHash, CancellationToken stop)
    {
        var row = await database.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Row>($"select {Columns} from sessions where realm = @realm and {where}", new { realm, value }), stop);
        if (row is null) return null;
        var session = row.ToSession();
        if (Alive(session) is null) return null;
        if (byId.Count >= Most)
        {
            byId.Clear();
            byCookie.Clear();
        }

        byId.TryAdd((realm, session.Id), session);
        if (cookieHash is not null) byCookie[cookieHash] = session;
        return session;
    }

    // The idle end may have moved since the copy at hand was made.
    private Session? Alive(Session session)
    {
        var current = byId.GetValueOrDefault((session.Realm, session.Id), session);
        var now = time.GetUtcNow();
        return ended.ContainsKey((session.Realm, session.Id)) || current.EndsAt <= now || current.IdleEndsAt <= now ? null : current;
    }

    private void Remember(string realm, string id)
    {
        ended[(realm, id)] = Ms(time.GetUtcNow());
        Forget(realm, id);
        foreach (var listener in listeners) listener(realm, id);
    }

    private void Forget(string realm, string id)
    {
        byId.TryRemove((realm, id), out _);
        foreach (var (hash, session) in byCookie)
            if (session.Id == id && session.Realm == realm) byCookie.TryRemove(hash, out _);
    }

    private (string Value, string Hash) NewCookie()
    {
        var value = $"ghc_{System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        return (value, Hash(value));
    }

    private string Hash(string cookie) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(cookie)));

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string User { get; init; } = "";

        public string Body { get; init; } = "";

        public long LastUsedAt { get; init; }

        public long IdleEndsAt { get; init; }

        public long EndsAt { get; init; }

        public Session ToSession() => JsonSerializer.Deserialize<Session>(Body)! with
        {
            LastUsedAt = DateTimeOffset.FromUnixTimeMilliseconds(LastUsedAt), IdleEndsAt = DateTimeOffset.FromUnixTimeMilliseconds(IdleEndsAt), EndsAt = DateTimeOffset.FromUnixTimeMilliseconds(EndsAt),
        };
    }
}
