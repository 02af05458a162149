using Gatehouse.People;

namespace Gatehouse.SignIn;

/// <summary>
/// Throttles the guesser, not the victim: wrong passwords are counted per user × network × device, so that an outsider who guesses at an agent's name cannot lock that agent out at their own desk.
/// A known device (a cookie set at an earlier sign-in of that user) has counters of its own. Tries under way count as wrong ones until they are judged: guesses that come all at once are no more than those that come in turn.
/// </summary>
public sealed class Guard(TimeProvider time)
{
    private const int Free = 5;
    private const int FreeNetwork = 50;

    // A shift start behind one address comes at once, too; its passwords are right.
    private const int AtOnceOfNetwork = 300;
    private const int Most = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    // Each try costs a hash, or a directory's answer: one lock for all is nothing beside it.
    private readonly Lock gate = new();
    private readonly Dictionary<Key, Count> counts = [];
    private DateTimeOffset swept;

    private enum Kind
    {
        Pair,
        Device,
        Network,
        Mark,
    }

    /// <summary>Entries that are kept; for tests.</summary>
    internal int Kept
    {
        get
        {
            lock (gate) return counts.Count;
        }
    }

    /// <summary>How long this guesser must wait before the next try; zero when it may go on.</summary>
    public TimeSpan Wait(string realm, string username, string network, string? device)
    {
        lock (gate)
        {
            var mine = WaitOf(PairKey(realm, username, network, device), Free, Free);
            var wide = device is null ? WaitOf(NetworkKey(realm, network), FreeNetwork, AtOnceOfNetwork) : TimeSpan.Zero;
            return mine > wide ? mine : wide;
        }
    }

    /// <summary>As <see cref="Wait"/>; zero when the try may begin, which then counts as under way until <see cref="Leave"/>.</summary>
    public TimeSpan Enter(string realm, string username, string network, string? device)
    {
        lock (gate)
        {
            if (Wait(realm, username, network, device) is { Ticks: > 0 } wait) return wait;
            UnderWay(PairKey(realm, username, network, device), 1);
            if (device is null) UnderWay(NetworkKey(realm, network), 1);
            return TimeSpan.Zero;
        }
    }

    /// <summary>A try that began is judged, or was given up.</summary>
    public void Leave(string realm, string username, string network, string? device)
    {
        lock (gate)
        {
            UnderWay(PairKey(realm, username, network, device), -1);
            if (device is null) UnderWay(NetworkKey(realm, network), -1);
        }
    }

    /// <summary>Counts a wrong password. One that came before with the same <paramref name="mark"/> counts no more against its network: it is no guess, but a program that was left with an old password.</summary>
    public void Failed(string realm, string username, string network, string? device, ulong? mark = null)
    {
        lock (gate)
        {
            Add(PairKey(realm, username, network, device));
            if (device is not null) return;
            if (mark is { } known)
            {
                var seen = new Key(Kind.Mark, realm, $"{known:x}", network);
                var again = counts.TryGetValue(seen, out var count) && time.GetUtcNow() - count.Last <= Window;
                Add(seen);
                if (again) return;
            }

            Add(NetworkKey(realm, network));
        }
    }

    /// <summary>A right password clears the pair's counter, never the network's: else a guesser would clear it with an account of their own.</summary>
    public void Succeeded(string realm, string username, string network, string? device)
    {
        lock (gate)
        {
            var key = PairKey(realm, username, network, device);
            if (!counts.TryGetValue(key, out var count)) return;
            if (count.UnderWay == 0) counts.Remove(key);
            else counts[key] = count with { Number = 0 };
        }
    }

    /// <summary>The network of an address: /24 for IPv4, /56 for IPv6, since one guesser has many addresses of one network.</summary>
    public static string NetworkOf(System.Net.IPAddress? address)
    {
        if (address is null) return "local";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 3 : 7));
    }

    // A name that nobody can have is one name, however long it is.
    private static Key PairKey(string realm, string username, string network, string? device)
        => (username.Length > Names.Longest ? "" : username) is var name && device is null ? new Key(Kind.Pair, realm, name, network) : new Key(Kind.Device, realm, name, device!);

    private static Key NetworkKey(string realm, string network) => new(Kind.Network, realm, "", network);

    private TimeSpan WaitOf(Key key, int free, int atOnce)
    {
        if (!counts.TryGetValue(key, out var count)) return TimeSpan.Zero;
        var now = time.GetUtcNow();
        var wrong = now - count.Last > Window ? 0 : count.Number;
        if (wrong < free) return count.UnderWay >= (atOnce == free ? free - wrong : atOnce) ? Moment : TimeSpan.Zero;
        // 2, 4, 8 … seconds, at most five minutes; then one try at a time.
        var seconds = Math.Min(LongestWait.TotalSeconds, Math.Pow(2, Math.Min(20, wrong - free + 1)));
        var until = count.Last + TimeSpan.FromSeconds(seconds);
        return until > now ? until - now : count.UnderWay > 0 ? Moment : TimeSpan.Zero;
    }

    private void UnderWay(Key key, int more)
    {
        var count = counts.GetValueOrDefault(key);
        count = count with { UnderWay = Math.Max(0, count.UnderWay + more) };
        if (count is { UnderWay: 0, Number: 0 }) counts.Remove(key);
        else counts[key] = count;
    }

    private void Add(Key key)
    {
        var now = time.GetUtcNow();
        if (now - swept >= SweepEvery || counts.Count >= Most) Sweep(now);
        var count = counts.GetValueOrDefault(key);
        counts[key] = count with { Number = now - count.Last > Window ? 1 : count.Number + 1, Last = now };
    }

    private void Sweep(DateTimeOffset now)
    {
        swept = now;
        foreach (var (old, count) in counts)
            if (count.UnderWay == 0 && now - count.Last > Window) counts.Remove(old);

        // Each entry cost a hash: whoever fills this pays for it. The oldest tenth goes.
        if (counts.Count >= Most)
            foreach (var (old, _) in counts.Where(one => one.Value.UnderWay == 0).OrderBy(one => one.Value.Last).Take(Most / 10).ToList()) counts.Remove(old);
    }

    private readonly record struct Key(Kind Kind, string Realm, string Name, string Place);

    private readonly record struct Count(int Number, DateTimeOffset Last, int UnderWay);
}
