using System.Collections.Concurrent;
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
    private const string Columns = "id, realm, user_id as User, cookie, body, last_used_at as LastUsedAt, idle_ends_at as IdleEndsAt, ends_at as EndsAt, (select seats.extension from seats where seats.realm = sessions.realm and seats.session_id = sessions.id limit 1) as Extension";

    private static readonly Statement ByCookie = new($"select {Columns} from sessions where realm = @realm and cookie = @value", "realm", "value");
    private static readonly Statement ById = new($"select {Columns} from sessions where realm = @realm and id = @value", "realm", "value");

    // A token outlives its session by no more than this; then its session need not be remembered.
    private static readonly TimeSpan RememberEnded = TimeSpan.FromHours(24);
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Fine = TimeSpan.FromMinutes(1);

    private readonly Database database;
    private readonly Sealer sealer;
    private readonly TimeProvider time;
    private readonly SessionMemory memory = new();
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
            else if (change.Kind == "session.renewed") memory.Forget(change.Realm, change.Subject);
        });
    }

    /// <summary>Calls <paramref name="callback"/> with realm and session id after a session ended, on every node.</summary>
    public void OnEnded(Action<string, string> callback) => System.Collections.Immutable.ImmutableInterlocked.Update(ref listeners, list => list.Add(callback));

    /// <summary>Starts a session and returns the value of its cookie, shown nowhere else (the store keeps a keyed hash).</summary>
    public async Task<string> StartAsync(Work work, Session session)
    {
        var (value, hash) = NewCookie();
        await work.Connection.ExecuteAsync(
            "insert into sessions (id, realm, user_id, cookie, body, started_at, last_used_at, idle_ends_at, ends_at, upstream_session) values (@Id, @Realm, @User, @hash, @body, @started, @used, @idle, @ends, @there)",
            new { session.Id, session.Realm, session.User, hash, body = JsonSerializer.Serialize(session), started = Ms(session.StartedAt), used = Ms(session.LastUsedAt), idle = Ms(session.IdleEndsAt), ends = Ms(session.EndsAt), there = ThereOf(session.Upstream, session.UpstreamSession) },
            work.Transaction);
        return value;
    }

    /// <summary>By cookie value; null when unknown, ended, idle too long or past its end. From memory after the first time.</summary>
    public ValueTask<Session?> FindByCookieAsync(string realm, string cookie, CancellationToken stop)
    {
        if (cookie.Length > 128) return ValueTask.FromResult<Session?>(null);
        var hash = Hash(cookie);
        return memory.ByCookie(hash) is { } found && Alive(found) ? ValueTask.FromResult(found.Realm == realm ? found : null) : new ValueTask<Session?>(LoadAsync(ByCookie, realm, hash, stop));
    }

    /// <summary>By id; null as above.</summary>
    public ValueTask<Session?> FindAsync(string realm, string id, CancellationToken stop)
        => HasEnded(realm, id) || !StoredText.IsSound(id) ? ValueTask.FromResult<Session?>(null)
            : memory.ById(realm, id) is { } found && Alive(found) ? ValueTask.FromResult<Session?>(found) : new ValueTask<Session?>(LoadAsync(ById, realm, id, stop));

    /// <summary>Whether a session id is known to have ended; memory only, for token checks at the gate.</summary>
    public bool HasEnded(string realm, string id) => ended.ContainsKey((realm, id));

    /// <summary>Notes use: moves the idle end. Written at most once a minute per session, never awaited by a request.</summary>
    public void Touch(Session session, TimeSpan idle)
    {
        var now = time.GetUtcNow();
        var current = memory.ById(session.Realm, session.Id) ?? session;
        // Whoever uses it with the shorter patience takes nothing from whoever was promised more.
        var end = now + idle > current.IdleEndsAt ? now + idle : current.IdleEndsAt;
        if (now - current.LastUsedAt < Fine && end - current.IdleEndsAt < Fine) return;
        var moved = current with { LastUsedAt = now, IdleEndsAt = end };
        memory.Move(moved);
        touched[(session.Realm, session.Id)] = moved;
    }

    /// <summary>The person proved again who they are: new <c>auth_time</c> and a new cookie value; the old one is worth nothing.</summary>
    public async Task<string> RenewAsync(Work work, Session session)
    {
        var (value, hash) = NewCookie();
        await work.Connection.ExecuteAsync("update sessions set cookie = @hash, body = @body, last_used_at = @used, idle_ends_at = @idle, ends_at = @ends, upstream_session = @there where realm = @Realm and id = @Id",
            new { hash, body = JsonSerializer.Serialize(session), used = Ms(session.LastUsedAt), idle = Ms(session.IdleEndsAt), ends = Ms(session.EndsAt), there = ThereOf(session.Upstream, session.UpstreamSession), session.Realm, session.Id }, work.Transaction);
        await work.AnnounceAsync(new Change("session.renewed", session.Realm, session.Id));
        return value;
    }

    /// <summary>Ends a session. False when it was not there.</summary>
    public async Task<bool> EndAsync(Work work, string realm, string id)
    {
        var count = await work.Connection.ExecuteAsync("delete from sessions where realm = @realm and id = @id", new { realm, id }, work.Transaction);
        if (count == 0) return false;
        await work.Connection.ExecuteAsync("delete from seats where realm = @realm and session_id = @id", new { realm, id }, work.Transaction);
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

    /// <summary>Ends all sessions of a realm that is deleted; returns how many.</summary>
    public async Task<int> EndRealmAsync(Work work, string realm)
    {
        var ids = (await work.Connection.QueryAsync<string>("select id from sessions where realm = @realm", new { realm }, work.Transaction)).AsList();
        foreach (var id in ids) await EndAsync(work, realm, id);
        return ids.Count;
    }

    /// <summary>A page of a user's sessions, newest first; of all users when null.</summary>
    public async Task<Page<Session>> ListAsync(string realm, string? userId, string? after, int limit, CancellationToken stop)
    {
        var take = Math.Clamp(limit, 1, 1000);
        var now = Ms(time.GetUtcNow());
        var mark = after?.Split('.', 2);
        var at = 0L;
        if (mark is not null && (mark.Length != 2 || !long.TryParse(mark[0], out at) || !StoredText.IsSound(mark[1]))) throw new ArgumentException("The cursor is not one of this list.");
        var rows = await database.ReadAsync(async connection => (await connection.QueryAsync<Row>(
            $"""
            select {Columns} from sessions where realm = @realm and ends_at > @now and idle_ends_at > @now {(userId is null ? "" : "and user_id = @userId")}
              {(mark is null ? "" : "and (started_at < @at or (started_at = @at and id > @last))")} order by started_at desc, id limit @rows
            """, new { realm, userId, now, at, last = mark?[1], rows = take + 1 })).AsList(), stop);
        var items = rows.Take(take).Select(row => row.ToSession()).ToList();
        return new Page<Session>(items, rows.Count > take ? $"{Ms(items[^1].StartedAt)}.{items[^1].Id}" : null);
    }

    /// <summary>Ids of the sessions that came of a session at an upstream.</summary>
    public Task<IReadOnlyList<string>> OfUpstreamAsync(string realm, string alias, string session, CancellationToken stop)
        => !StoredText.IsSound(session) ? Task.FromResult<IReadOnlyList<string>>([]) : database.ReadAsync<IReadOnlyList<string>>(async connection => (await connection.QueryAsync<string>("select id from sessions where realm = @realm and upstream_session = @there limit 1000", new { realm, there = ThereOf(alias, session) })).AsList(), stop);

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
        try
        {
            foreach (var some in moved.Chunk(200)) await WriteUsesAsync(some, stop);
        }
        catch
        {
            // Tried again at the next turn, unless a later use has taken the place.
            foreach (var one in moved) touched.TryAdd((one.Realm, one.Id), one);
            throw;
        }
    }

    private Task<bool> WriteUsesAsync(Session[] some, CancellationToken stop)
        => database.WriteAsync(async work =>
        {
            foreach (var one in some)
            {
                await work.Connection.ExecuteAsync("update sessions set last_used_at = @used, idle_ends_at = @idle where realm = @Realm and id = @Id and last_used_at < @used", new { used = Ms(one.LastUsedAt), idle = Ms(one.IdleEndsAt), one.Realm, one.Id }, work.Transaction);
            }

            return true;
        }, stop);

    internal async Task PruneAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        // Other nodes write uses late: what looks idle may just not have been told yet.
        var (at, before) = (Ms(now - Late), Ms(now - RememberEnded));
        await database.RepeatAsync(async work =>
        {
            var gone = await work.Connection.ExecuteAsync("delete from sessions where (realm, id) in (select realm, id from sessions where ends_at < @at or idle_ends_at < @at limit 500)", new { at }, work.Transaction);
            await work.Connection.ExecuteAsync("delete from seats where not exists (select 1 from sessions s where s.realm = seats.realm and s.id = seats.session_id)", transaction: work.Transaction);
            return gone;
        }, 500, stop);
        await database.RepeatAsync(work => work.Connection.ExecuteAsync("delete from ended_sessions where (realm, id) in (select realm, id from ended_sessions where at < @before limit 500)", new { before }, work.Transaction), 500, stop);
        foreach (var (key, when) in ended)
            if (when < before) ended.TryRemove(key, out _);
        memory.Prune(now);
    }

    private async Task<Session?> LoadAsync(Statement which, string realm, string value, CancellationToken stop)
    {
        var readAt = memory.Age;
        var row = await database.ReadAsync(connection => which.FirstAsync(connection, Row.Read, realm, value), stop);
        if (row is null) return null;
        var session = row.ToSession();
        if (touched.TryGetValue((realm, session.Id), out var used) && used.LastUsedAt > session.LastUsedAt) session = session with { LastUsedAt = used.LastUsedAt, IdleEndsAt = used.IdleEndsAt };
        if (!Alive(session)) return null;
        memory.Keep(session, row.Cookie, readAt);
        return session;
    }

    // Idle too long in memory may be another node's use not heard of here: then the row says.
    private bool Alive(Session session)
    {
        var now = time.GetUtcNow();
        return !HasEnded(session.Realm, session.Id) && session.EndsAt > now && session.IdleEndsAt > now;
    }

    private void Remember(string realm, string id)
    {
        ended[(realm, id)] = Ms(time.GetUtcNow());
        touched.TryRemove((realm, id), out _);
        memory.Forget(realm, id);
        foreach (var listener in listeners) listener(realm, id);
    }

    private (string Value, string Hash) NewCookie()
    {
        var value = Terms.SecretKinds.Make(Terms.SecretKinds.Cookie);
        return (value, Hash(value));
    }

    private string Hash(string cookie) => Convert.ToHexStringLower(sealer.Hash(Purpose, Encoding.UTF8.GetBytes(cookie)));

    private static string? ThereOf(string? alias, string? session) => alias is null || session is null || !StoredText.IsSound(session) ? null : $"{alias} {session}";

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private sealed class Row
    {
        public string Id { get; init; } = "";

        public string Realm { get; init; } = "";

        public string User { get; init; } = "";

        public string Cookie { get; init; } = "";

        public string Body { get; init; } = "";

        public long LastUsedAt { get; init; }

        public long IdleEndsAt { get; init; }

        public long EndsAt { get; init; }

        public string? Extension { get; init; }

        public static Row Read(System.Data.Common.DbDataReader row) => new()
        {
            Id = row.GetString(0), Realm = row.GetString(1), User = row.GetString(2), Cookie = row.GetString(3), Body = row.GetString(4), LastUsedAt = row.GetInt64(5), IdleEndsAt = row.GetInt64(6), EndsAt = row.GetInt64(7), Extension = row.IsDBNull(8) ? null : row.GetString(8),
        };

        public Session ToSession() => JsonSerializer.Deserialize<Session>(Body)! with
        {
            LastUsedAt = DateTimeOffset.FromUnixTimeMilliseconds(LastUsedAt), IdleEndsAt = DateTimeOffset.FromUnixTimeMilliseconds(IdleEndsAt), EndsAt = DateTimeOffset.FromUnixTimeMilliseconds(EndsAt), Extension = Extension,
        };
    }
}
