using System.Collections.Concurrent;
using Gatehouse.Storage;

namespace Gatehouse.People;

/// <summary>
/// Users by the first value of an attribute, in memory: a facade's own ids for people, which come with each request and which anybody may ask for. The users of a realm are read once for each attribute; after that the feed says
/// whose attributes are to be read again.
/// </summary>
public sealed class AttributeIndex : IDisposable
{
    private readonly ConcurrentDictionary<(string Realm, string Attribute), Index> indexes = new();
    private readonly Users users;
    private readonly UserCache cache;
    private readonly IDisposable hearing;

    /// <summary>Wires the room's parts together; the cache is asked for first, so that it hears of a change before this does.</summary>
    public AttributeIndex(Users users, UserCache cache, ChangeFeed feed)
    {
        (this.users, this.cache) = (users, cache);
        hearing = feed.Subscribe(Hear);
    }

    /// <summary>The user who alone has this value, exactly, as the first of an attribute; null when nobody has, or several do. The attribute is the program's to name, never a client's: each is kept for good.</summary>
    public async ValueTask<User?> FindAsync(string realm, string attribute, string value, CancellationToken stop)
    {
        var index = indexes.GetOrAdd((realm, attribute), static _ => new Index());
        if (!index.IsCurrent) await index.RenewAsync(users, realm, attribute, stop);
        return index.Find(value) is { } id && await cache.FindAsync(realm, id, stop) is { } user && user.Attributes.GetValueOrDefault(attribute, []) is [var first, ..] && first == value ? user : null;
    }

    /// <inheritdoc/>
    public void Dispose() => hearing.Dispose();

    private void Hear(Change change)
    {
        if (change is not ({ Kind: "realm" } or { Kind: "user", Detail: null or "removed" })) return;
        foreach (var (key, index) in indexes)
            if (key.Realm == change.Realm) index.Changed(change.Kind == "user" && change.Subject.Length > 0 ? change.Subject : null);
    }

    private sealed class Index
    {
        // More than so many are not read one by one.
        private const int Some = 200;

        private readonly Lock door = new();
        private readonly SemaphoreSlim reading = new(1, 1);
        private readonly Dictionary<string, HashSet<string>> byValue = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> byId = new(StringComparer.Ordinal);
        private HashSet<string> changed = [];
        private bool isWhole;
        private bool isBeingRead;

        public bool IsCurrent
        {
            get
            {
                lock (door) return isWhole && !isBeingRead && changed.Count == 0;
            }
        }

        public string? Find(string value)
        {
            lock (door) return byValue.TryGetValue(value, out var ids) && ids.Count == 1 ? ids.First() : null;
        }

        public void Changed(string? id)
        {
            lock (door)
            {
                if (id is null || changed.Count >= Some) (isWhole, changed) = (false, []);
                else if (isWhole) changed.Add(id);
            }
        }

        // One reads, the others wait for it: what strangers ask for must not be read as often as they ask.
        public async Task RenewAsync(Users users, string realm, string attribute, CancellationToken stop)
        {
            await reading.WaitAsync(stop);
            try
            {
                HashSet<string>? some;
                lock (door)
                {
                    if (isWhole && changed.Count == 0) return;
                    (some, changed, isWhole, isBeingRead) = (isWhole ? changed : null, [], true, true);
                }

                var found = await users.FirstValuesAsync(realm, attribute, some, stop);
                lock (door) Take(some, found);
            }
            catch
            {
                lock (door) isWhole = false;
                throw;
            }
            finally
            {
                lock (door) isBeingRead = false;
                reading.Release();
            }
        }

        private void Take(HashSet<string>? some, IReadOnlyList<(string Id, string Value)> found)
        {
            if (some is null)
            {
                byValue.Clear();
                byId.Clear();
            }

            foreach (var id in some ?? [])
                if (byId.Remove(id, out var old) && byValue.TryGetValue(old, out var ids) && ids.Remove(id) && ids.Count == 0) byValue.Remove(old);
            foreach (var (id, value) in found)
            {
                byId[id] = value;
                if (!byValue.TryGetValue(value, out var ids)) byValue[value] = ids = [];
                ids.Add(id);
            }
        }
    }
}
