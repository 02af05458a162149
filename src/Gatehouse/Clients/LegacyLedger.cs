using System.Collections.Concurrent;

namespace Gatehouse.Clients;

/// <summary>
/// Counts uses of shared secrets in memory; they are written off the path of requests. Bounded, since whoever knows the secret chooses its User-Agent: of one address so many agents, and so many clients, routes and methods in all;
/// what finds no place is counted among the others.
/// </summary>
public sealed class LegacyLedger(LegacyUses store)
{
    private const int Most = LegacyUses.Most;
    private const int MostAgents = 16;
    private const int Batch = 200;

    private readonly ConcurrentDictionary<LegacyUseKey, Pending> pending = new();
    private readonly Dictionary<(string Realm, string Address), HashSet<string>> agents = [];
    private readonly Lock making = new();

    /// <summary>How many different uses memory holds.</summary>
    public int Count => pending.Count;

    /// <summary>Notes a use.</summary>
    public void Note(LegacyUseKey key, DateTimeOffset at)
    {
        while (!(pending.TryGetValue(key, out var one) ? one : Place(key)).TryAdd(at.ToUnixTimeMilliseconds()))
        {
            // It was just given up for want of use: it begins anew.
        }
    }

    /// <summary>Writes what was counted. What cannot be written is kept for the next time.</summary>
    internal async Task FlushAsync(CancellationToken stop)
    {
        var taken = new List<(LegacyUse Use, Pending From)>();
        foreach (var (key, one) in pending)
            if (one.Take() is { Times: > 0 } some) taken.Add((new LegacyUse(key.Id(), key, some.Times, DateTimeOffset.FromUnixTimeMilliseconds(some.First), DateTimeOffset.FromUnixTimeMilliseconds(some.Last)), one));
        var written = 0;
        try
        {
            for (; written < taken.Count; written = Math.Min(written + Batch, taken.Count)) await store.AddAsync([.. taken.Skip(written).Take(Batch).Select(one => one.Use)], stop);
        }
        catch
        {
            foreach (var (use, from) in taken.Skip(written)) from.GiveBack(use.Times, use.First.ToUnixTimeMilliseconds(), use.Last.ToUnixTimeMilliseconds());
            throw;
        }
    }

    /// <summary>Gives up memory of what was not used since and is written; the database has it.</summary>
    internal void Forget(DateTimeOffset before)
    {
        lock (making)
        {
            foreach (var (key, one) in pending)
                if (one.TryEnd(before.ToUnixTimeMilliseconds())) pending.TryRemove(key, out _);
            agents.Clear();
            foreach (var key in pending.Keys) AgentsOf(key).Add(key.Agent);
        }
    }

    private Pending Place(LegacyUseKey key)
    {
        lock (making)
        {
            if (pending.TryGetValue(key, out var there)) return there;
            var known = AgentsOf(key);
            if (!known.Contains(key.Agent) && known.Count >= MostAgents) key = key with { Agent = LegacyUseKey.Several };
            if (pending.TryGetValue(key, out there)) return there;
            // Places of the others are as many as the access file has routes, for each method.
            if (pending.Count >= Most) key = key with { Address = LegacyUseKey.Others, Agent = "" };
            AgentsOf(key).Add(key.Agent);
            return pending.GetOrAdd(key, static _ => new Pending());
        }
    }

    private HashSet<string> AgentsOf(LegacyUseKey key)
        => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(agents, (key.Realm, key.Address), out _) ??= [];

    private sealed class Pending
    {
        private readonly Lock counting = new();
        private long times;
        private long first;
        private long last;
        private bool over;

        public bool TryAdd(long at)
        {
            lock (counting)
            {
                if (over) return false;
                first = times++ == 0 ? at : Math.Min(first, at);
                last = Math.Max(last, at);
                return true;
            }
        }

        public (long Times, long First, long Last) Take()
        {
            lock (counting)
            {
                var some = (times, first, last);
                times = 0;
                return some;
            }
        }

        public void GiveBack(long some, long since, long until)
        {
            lock (counting)
            {
                first = times == 0 ? since : Math.Min(first, since);
                last = Math.Max(last, until);
                times += some;
            }
        }

        public bool TryEnd(long before)
        {
            lock (counting) return over |= times == 0 && last < before;
        }
    }
}
