using System.Collections.Concurrent;

namespace Gatehouse.Audit;

/// <summary>
/// Who would have been refused, why and how often, gathered in memory and written off the path of requests. Bounded whatever strangers send: of one address so many agents, of one network so many addresses, and so many groups in all;
/// who finds no place is counted in a group that stands for many. Proven clients keep a share that strangers cannot take.
/// </summary>
public sealed class ObservedLedger(ObservedStore store)
{
    /// <summary>Groups held, in memory and in the database.</summary>
    public const int MostGroups = 10_000;

    /// <summary>Groups of these that nobody proven may take.</summary>
    public const int MostUnproven = 9_000;

    private const int MostAgents = 8;
    private const int MostNeighbours = 64;
    private const int Batch = 200;
    /// <summary>Stands for the programs of one address that were too many to be told apart.</summary>
    internal const string Several = "several";

    private readonly ConcurrentDictionary<ObservedKey, Pending> groups = new();
    private readonly ConcurrentDictionary<(string Realm, string Service, string Rule, long Hour), Tally> hours = new();
    private readonly Dictionary<ObservedKey, int> crowds = [];
    private readonly Lock making = new();
    private int unproven;
    private int proven;

    /// <summary>How many groups memory holds, those that stand for many included.</summary>
    public int Count => groups.Count;

    /// <summary>Notes a request that would have been refused.</summary>
    public void Refused(ObservedRequest request)
    {
        var key = request.Key;
        HourOf(key.Realm, key.Service, key.Rule, request.At, request.Until).AddRefused();
        while (!(groups.TryGetValue(key, out var pending) ? pending : Place(request)).TryAdd(request.At.ToUnixTimeMilliseconds()))
        {
            // It was just given up for want of use: it begins anew.
        }
    }

    /// <summary>Notes a request of an observed route or client that passed properly.</summary>
    public void Passed(string realm, string service, string rule, DateTimeOffset at, DateTimeOffset until) => HourOf(realm, service, rule, at, until).AddPassed();

    /// <summary>Writes what was gathered. What cannot be written is kept for the next time.</summary>
    internal async Task FlushAsync(CancellationToken stop)
    {
        // In one order on all nodes, or two of them would wait for one another.
        var deltas = new List<(ObservedDelta Delta, Pending From)>();
        foreach (var (key, pending) in groups)
            if (pending.Take() is > 0 and var times) deltas.Add((new ObservedDelta(key, key.Id(), pending.Method, pending.Path, times, pending.First, pending.Last), pending));
        deltas.Sort((a, b) => string.CompareOrdinal(a.Delta.Id, b.Delta.Id));
        var counts = new List<(ObservedHour Hour, Tally From)>();
        foreach (var ((realm, service, rule, hour), tally) in hours.OrderBy(one => $"{one.Key.Realm} {one.Key.Service} {one.Key.Rule} {one.Key.Hour}", StringComparer.Ordinal))
        {
            var (passed, refused) = tally.Take();
            if (passed + refused > 0) counts.Add((new ObservedHour(realm, service, rule, hour, passed, refused, tally.Until), tally));
        }

        var (written, told) = (0, 0);
        try
        {
            for (; written < deltas.Count; written = Math.Min(written + Batch, deltas.Count)) await store.AddAsync([.. deltas.Skip(written).Take(Batch).Select(one => one.Delta)], stop);
            for (; told < counts.Count; told = Math.Min(told + Batch, counts.Count)) await store.AddAsync([.. counts.Skip(told).Take(Batch).Select(one => one.Hour)], stop);
        }
        catch
        {
            foreach (var (delta, from) in deltas.Skip(written)) from.GiveBack(delta.Times);
            foreach (var (hour, from) in counts.Skip(told)) from.GiveBack(hour.Passed, hour.Refused);
            throw;
        }
    }

    /// <summary>Gives up memory of groups and hours that were not used since; the database has them. Called between flushes.</summary>
    internal void Forget(DateTimeOffset before)
    {
        lock (making)
        {
            foreach (var (key, pending) in groups)
                if (pending.Last < before.ToUnixTimeMilliseconds() && pending.TryEnd()) groups.TryRemove(key, out _);
            (unproven, proven) = (0, 0);
            crowds.Clear();
            foreach (var (key, pending) in groups) Enrol(key, pending.Wider);
        }

        // Only hours that are over: nobody adds to them but a request that has come in before.
        foreach (var (key, tally) in hours)
            if (key.Hour < HourOf(before) && tally.IsEmpty) hours.TryRemove(key, out _);
    }

    private Pending Place(ObservedRequest request)
    {
        lock (making)
        {
            foreach (var key in Places(request))
            {
                if (groups.TryGetValue(key, out var there)) return there;
                if (!MayBegin(key, request.Wider)) continue;
                Enrol(key, request.Wider);
                return groups[key] = new Pending(request, key.Kind == ObservedKind.Address ? request.Wider : "");
            }

            throw new System.Diagnostics.UnreachableException("There is always a place among the others.");
        }
    }

    // From the finest to the coarsest.
    private static IEnumerable<ObservedKey> Places(ObservedRequest request)
    {
        var key = request.Key;
        yield return key;
        if (key.Kind == ObservedKind.Address)
        {
            yield return key with { Agent = Several };
            yield return key with { Kind = ObservedKind.Network, Name = request.Wider, Agent = "" };
        }

        yield return key with { Kind = ObservedKind.Others, Missing = "", Name = "", Agent = "" };
    }

    private bool MayBegin(ObservedKey key, string wider) => key.Kind switch
    {
        ObservedKind.Others => true,
        ObservedKind.Client or ObservedKind.Principal => proven + unproven < MostGroups,
        ObservedKind.Network => unproven < MostUnproven && proven + unproven < MostGroups,
        _ => unproven < MostUnproven && proven + unproven < MostGroups && (key.Agent == Several || crowds.GetValueOrDefault(Crowd(key, key.Name)) < MostAgents) && (crowds.ContainsKey(Crowd(key, key.Name)) || crowds.GetValueOrDefault(Crowd(key, wider)) < MostNeighbours),
    };

    private void Enrol(ObservedKey key, string wider)
    {
        if (key.Kind is ObservedKind.Client or ObservedKind.Principal) proven++;
        if (key.Kind is ObservedKind.Address or ObservedKind.Network) unproven++;
        if (key.Kind != ObservedKind.Address) return;
        if (crowds.TryAdd(Crowd(key, key.Name), 0)) crowds[Crowd(key, wider)] = crowds.GetValueOrDefault(Crowd(key, wider)) + 1;
        crowds[Crowd(key, key.Name)]++;
    }

    private static ObservedKey Crowd(ObservedKey key, string network) => key with { Missing = "", Kind = ObservedKind.Network, Name = network, Agent = "" };

    private Tally HourOf(string realm, string service, string rule, DateTimeOffset at, DateTimeOffset until)
        => hours.GetOrAdd((realm, service, rule, HourOf(at)), static (_, ends) => new Tally(ends.ToUnixTimeMilliseconds()), until);

    private static long HourOf(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 3_600_000;

    private sealed class Pending(ObservedRequest first, string wider)
    {
        private long times;
        private long last;

        public string Method { get; } = first.Method;

        public string Path { get; } = first.Path;

        public string Wider { get; } = wider;

        public long First { get; } = first.At.ToUnixTimeMilliseconds();

        public long Last => Volatile.Read(ref last);

        // A negative count is the end: whoever finds it looks for the group anew.
        public bool TryAdd(long at)
        {
            while (true)
            {
                var seen = Volatile.Read(ref times);
                if (seen < 0) return false;
                if (Volatile.Read(ref last) < at) Volatile.Write(ref last, at);
                if (Interlocked.CompareExchange(ref times, seen + 1, seen) == seen) return true;
            }
        }

        public long Take() => Interlocked.Exchange(ref times, 0);

        public void GiveBack(long some) => Interlocked.Add(ref times, some);

        public bool TryEnd() => Interlocked.CompareExchange(ref times, long.MinValue, 0) == 0;
    }

    private sealed class Tally(long until)
    {
        private long passed;
        private long refused;

        public long Until { get; } = until;

        public bool IsEmpty => Volatile.Read(ref passed) == 0 && Volatile.Read(ref refused) == 0;

        public void AddPassed() => Interlocked.Increment(ref passed);

        public void AddRefused() => Interlocked.Increment(ref refused);

        public (long Passed, long Refused) Take() => (Interlocked.Exchange(ref passed, 0), Interlocked.Exchange(ref refused, 0));

        public void GiveBack(long some, long more)
        {
            Interlocked.Add(ref passed, some);
            Interlocked.Add(ref refused, more);
        }
    }
}
