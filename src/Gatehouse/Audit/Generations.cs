using System.Collections.Concurrent;

namespace Gatehouse.Audit;

/// <summary>A bounded memory of two generations: when the young one is full it becomes the old one, and the old one is forgotten. What is used moves on to the young one. Looking up takes no lock.</summary>
internal sealed class Generations<TKey, TValue>(int most) where TKey : notnull where TValue : class
{
    private readonly Lock turning = new();
    private volatile Pair now = new(new ConcurrentDictionary<TKey, TValue>(), new ConcurrentDictionary<TKey, TValue>());
    // Counted here: a ConcurrentDictionary takes all its locks to count itself.
    private int kept;

    /// <summary>What is remembered of a key; null when nothing is.</summary>
    public TValue? Find(TKey key)
    {
        var pair = now;
        if (pair.Young.TryGetValue(key, out var value)) return value;
        if (!pair.Old.TryGetValue(key, out value)) return null;
        Keep(key, value);
        return value;
    }

    /// <summary>Remembers.</summary>
    public void Keep(TKey key, TValue value)
    {
        Count();
        now.Young[key] = value;
    }

    /// <summary>What is remembered, or what is made now: the same for all who ask at once.</summary>
    public TValue FindOrKeep(TKey key, Func<TKey, TValue> make)
    {
        if (Find(key) is { } found) return found;
        Count();
        return now.Young.GetOrAdd(key, make);
    }

    private void Count()
    {
        if (Interlocked.Increment(ref kept) <= most) return;
        lock (turning)
        {
            if (kept <= most) return;
            now = new Pair(new ConcurrentDictionary<TKey, TValue>(), now.Young);
            kept = 1;
        }
    }

    private sealed record Pair(ConcurrentDictionary<TKey, TValue> Young, ConcurrentDictionary<TKey, TValue> Old);
}
