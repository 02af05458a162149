using System.Collections.Concurrent;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>Rights in memory, as they are used; the feed forgets what changed. Tokens and session cookies ask here, so that a request costs no query.</summary>
public sealed class RightsCache : IDisposable
{
    private const int Most = 50_000;

    private readonly ConcurrentDictionary<(string Realm, RoleHolder Holder, string Id), Rights> known = new();
    private readonly Roles roles;
    private readonly IDisposable hearing;
    private long age;

    /// <summary>Wires the room's parts together.</summary>
    public RightsCache(Roles roles, ChangeFeed feed)
    {
        this.roles = roles;
        hearing = feed.Subscribe(Forget);
    }

    /// <summary>Rights from memory, else from the database.</summary>
    public ValueTask<Rights> OfAsync(string realm, RoleHolder holder, string id, CancellationToken stop)
        => known.TryGetValue((realm, holder, id), out var rights) ? ValueTask.FromResult(rights) : new ValueTask<Rights>(LoadAsync(realm, holder, id, stop));

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    private async Task<Rights> LoadAsync(string realm, RoleHolder holder, string id, CancellationToken stop)
    {
        var before = Interlocked.Read(ref age);
        var rights = await roles.RightsAsync(realm, holder, id, stop);
        if (known.Count >= Most) known.Clear();
        // What changed while we read must not be remembered in its old form. Looked at after it is put there: a change from now on takes it away itself.
        known[(realm, holder, id)] = rights;
        if (Interlocked.Read(ref age) != before) known.TryRemove((realm, holder, id), out _);
        return rights;
    }

    private void Forget(Change change)
    {
        if (change.Kind is not ("user" or "role" or "group" or "realm")) return;
        Interlocked.Increment(ref age);
        if (change.Kind == "user") known.TryRemove((change.Realm, RoleHolder.User, change.Subject), out _);
        else known.Clear();
    }
}
