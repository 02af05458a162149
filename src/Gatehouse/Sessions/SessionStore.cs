using Gatehouse.Storage;

namespace Gatehouse.Sessions;

/// <summary>A signed-in person on one device.</summary>
public sealed record Session
{
    /// <summary>Id, as <c>sid</c> in tokens. Not the cookie's value.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>User id.</summary>
    public required string User { get; init; }

    /// <summary>When the person last proved who they are (<c>auth_time</c>).</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>Authentication context class (<c>acr</c>).</summary>
    public string Level { get; init; } = "1";

    /// <summary>Methods used (<c>amr</c>, RFC 8176).</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["pwd"];

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was last used, to the minute.</summary>
    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>When it ends for good.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When it ends if it is not used before.</summary>
    public required DateTimeOffset IdleEndsAt { get; init; }

    /// <summary>Address at sign-in.</summary>
    public string? Address { get; init; }

    /// <summary>User agent at sign-in, shortened.</summary>
    public string? Agent { get; init; }
}

/// <summary>Who is signed in. Answers from memory; ends are announced as <c>session.ended</c>.</summary>
public sealed class SessionStore
{
    /// <summary>Starts a session and returns the value of its cookie, shown nowhere else (the store keeps a keyed hash).</summary>
    public Task<string> StartAsync(Work work, Session session) => throw new NotImplementedException();

    /// <summary>By cookie value; null when unknown, ended, idle too long or past its end. From memory after the first time.</summary>
    public ValueTask<Session?> FindByCookieAsync(string realm, string cookie, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>By id; null as above.</summary>
    public ValueTask<Session?> FindAsync(string realm, string id, CancellationToken stop) => throw new NotImplementedException();

    /// <summary>Whether a session id is known to have ended; memory only, for token checks at the gate.</summary>
    public bool HasEnded(string realm, string id) => throw new NotImplementedException();

    /// <summary>Notes use: moves the idle end. Written at most once a minute per session, never awaited by a request.</summary>
    public void Touch(Session session, TimeSpan idle) => throw new NotImplementedException();

    /// <summary>The person proved again who they are: new <c>auth_time</c> and a new cookie value.</summary>
    public Task<string> RenewAsync(Work work, Session session) => throw new NotImplementedException();

    /// <summary>Ends a session. False when it was not there.</summary>
    public Task<bool> EndAsync(Work work, string realm, string id) => throw new NotImplementedException();

    /// <summary>Ends all sessions of a user; returns how many.</summary>
    public Task<int> EndAllAsync(Work work, string realm, string userId) => throw new NotImplementedException();

    /// <summary>A page of a user's sessions, newest first; of all users when null.</summary>
    public Task<Page<Session>> ListAsync(string realm, string? userId, string? after, int limit, CancellationToken stop) => throw new NotImplementedException();
}
