using System.Collections.Concurrent;

namespace Gatehouse.Sessions;

/// <summary>Sessions as they are used, by id and by the hash of their cookie. Ending one costs the same however many there are.</summary>
internal sealed class SessionMemory
{
    private const int Most = 200_000;

    private readonly ConcurrentDictionary<(string Realm, string Id), Held> byId = new();
    private readonly ConcurrentDictionary<string, (string Realm, string Id)> byCookie = new();
    private long age;

    /// <summary>Counts what was forgotten; taken before a row is read, handed to <see cref="Keep"/> after.</summary>
    public long Age => Interlocked.Read(ref age);

    public Session? ById(string realm, string id) => byId.GetValueOrDefault((realm, id))?.Session;

    public Session? ByCookie(string hash)
        => byCookie.TryGetValue(hash, out var key) && byId.TryGetValue(key, out var held) && held.Cookie == hash ? held.Session : null;

    /// <summary>Remembers what was read; not when anything was forgotten since <paramref name="readAt"/>, since the row may be of before.</summary>
    public void Keep(Session session, string cookie, long readAt)
    {
        if (byId.Count >= Most) Clear();
        var key = (session.Realm, session.Id);
        byId[key] = new Held(session, cookie);
        byCookie[cookie] = key;
        if (Age != readAt) Forget(session.Realm, session.Id);
    }

    /// <summary>Notes when a session that is remembered was used. All else of it stays: it may have been read anew, with another seat or proof, since <paramref name="moved"/> was looked at.</summary>
    public void Move(Session moved)
    {
        if (byId.TryGetValue((moved.Realm, moved.Id), out var held)) byId.TryUpdate((moved.Realm, moved.Id), held with { Session = held.Session with { LastUsedAt = moved.LastUsedAt, IdleEndsAt = moved.IdleEndsAt } }, held);
    }

    public void Forget(string realm, string id)
    {
        Interlocked.Increment(ref age);
        if (byId.TryRemove((realm, id), out var held)) byCookie.TryRemove(held.Cookie, out _);
    }

    /// <summary>Drops what is over.</summary>
    public void Prune(DateTimeOffset now)
    {
        foreach (var (key, held) in byId)
            if (held.Session.EndsAt <= now || held.Session.IdleEndsAt <= now) Forget(key.Realm, key.Id);
    }

    private void Clear()
    {
        byId.Clear();
        byCookie.Clear();
    }

    private sealed record Held(Session Session, string Cookie);
}
