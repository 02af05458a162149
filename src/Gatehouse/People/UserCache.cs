using System.Collections.Concurrent;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>
/// Users in memory, as they are used; the feed forgets who changed. As fresh as the rights beside it: on the node that changes a user, before the change returns; on others, as soon as they hear of it.
/// </summary>
public sealed class UserCache : IDisposable
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<(string Realm, string Id), User> known = new();
    private readonly Users users;
    private readonly IDisposable hearing;
    private long age;

    /// <summary>Wires the room's parts together.</summary>
    public UserCache(Users users, ChangeFeed feed)
    {
        this.users = users;
        hearing = feed.Subscribe(Forget);
    }

    /// <summary>By id, from memory, else from the database; null when there is none.</summary>
    public ValueTask<User?> FindAsync(string realm, string id, CancellationToken stop)
        => known.TryGetValue((realm, id), out var user) ? ValueTask.FromResult<User?>(user) : new ValueTask<User?>(LoadAsync(realm, id, stop));

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    private async Task<User?> LoadAsync(string realm, string id, CancellationToken stop)
    {
        var before = Interlocked.Read(ref age);
        if (await users.FindAsync(realm, id, stop) is not { } user) return null;
        if (known.Count >= Most) known.Clear();
        // What changed while we read must not be remembered in its old form. Looked at after it is put there: a change from now on takes it away itself.
        known[(realm, id)] = user;
        if (Interlocked.Read(ref age) != before) known.TryRemove((realm, id), out _);
        return user;
    }

    private void Forget(Change change)
    {
        if (change.Kind is not ("user" or "realm")) return;
        Interlocked.Increment(ref age);
        if (change.Kind == "user" && change.Subject.Length > 0) known.TryRemove((change.Realm, change.Subject), out _);
        else known.Clear();
    }
}
