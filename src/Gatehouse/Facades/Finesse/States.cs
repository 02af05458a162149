using System.Collections.Concurrent;
using Gatehouse.People;
using Gatehouse.Sessions;

namespace Gatehouse.Facades.Finesse;

/// <summary>The states that agents asked for, in this node's memory alone: which calls somebody takes is the contact centre's business, and here it is only repeated to who asks. One ends with the session that it was asked for in.</summary>
internal sealed class States
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<(string Realm, string User), State> known = new();
    private readonly ConcurrentDictionary<(string Realm, string Session), string> users = new();
    private readonly TimeProvider time;

    /// <summary>A state, and since when; the session is null where somebody sends a password each time and has none.</summary>
    public sealed record State(string Name, string? Reason, DateTimeOffset Since, string? Session);

    public States(SessionStore sessions, TimeProvider time)
    {
        this.time = time;
        sessions.OnEnded((realm, session) =>
        {
            if (users.TryRemove((realm, session), out var user) && known.TryGetValue((realm, user), out var state) && state.Session == session) known.TryRemove((realm, user), out _);
        });
    }

    /// <summary>Somebody's state; null when none was asked for.</summary>
    public State? Of(User user) => known.GetValueOrDefault((user.Realm, user.Id));

    /// <summary>Keeps a state.</summary>
    public void Keep(User user, Session? session, string name, string? reason)
    {
        if (known.Count >= Most)
        {
            known.Clear();
            users.Clear();
        }

        // A session that was over by time has told nobody.
        if (known.TryGetValue((user.Realm, user.Id), out var before) && before.Session is { } old && old != session?.Id) users.TryRemove((user.Realm, old), out _);
        known[(user.Realm, user.Id)] = new State(name, reason, time.GetUtcNow(), session?.Id);
        if (session is not null) users[(user.Realm, session.Id)] = user.Id;
    }

    /// <summary>Forgets it: the agent is signed out.</summary>
    public void Drop(User user)
    {
        if (known.TryRemove((user.Realm, user.Id), out var state) && state.Session is { } session) users.TryRemove((user.Realm, session), out _);
    }
}
