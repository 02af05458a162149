using System.Collections.Concurrent;

namespace Gatehouse.SignIn;

/// <summary>
/// Throttles the guesser, not the victim: wrong passwords are counted per user × network × device, so that an outsider who guesses at an agent's name cannot lock that agent out at their own desk.
/// A known device (a cookie set at an earlier sign-in of that user) has counters of its own.
/// </summary>
public sealed class Guard(TimeProvider time)
{
    private const int Free = 5;
    private const int FreeNetwork = 50;
    private const int Most = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Count> counts = new();

    /// <summary>How long this guesser must wait before the next try; zero when it may go on.</summary>
    public TimeSpan Wait(string realm, string username, string network, string? device)
    {
        var mine = WaitOf(PairKey(realm, username, network, device), Free);
        var wide = device is null ? WaitOf(NetworkKey(realm, network), FreeNetwork) : TimeSpan.Zero;
        return mine > wide ? mine : wide;
    }

    /// <summary>Counts a wrong password. One that came before with the same <paramref name="mark"/> counts no more against its network: it is no guess, but a program that was left with an old password.</summary>
    public void Failed(string realm, string username, string network, string? device, ulong? mark = null)
    {
        Add(PairKey(realm, username, network, device));
        if (device is not null) return;
        if (mark is { } known)
        {
            var seen = $"{realm}\n\n{network}\n{known:x}";
            var again = counts.TryGetValue(seen, out var count) && time.GetUtcNow() - count.Last <= Window;
            Add(seen);
            if (again) return;
        }

        Add(NetworkKey(realm, network));
    }

    /// <summary>A right password clears the pair's counter, never the network's: else a guesser would clear it with an account of their own.</summary>
    public void Succeeded(string realm, string username, string network, string? device) => counts.TryRemove(PairKey(realm, username, network, device), out _);

    /// <summary>The network of an address: /24 for IPv4, /56 for IPv6, since one guesser has many addresses of one network.</summary>
    public static string NetworkOf(System.Net.IPAddress? address)
    {
        if (address is null) return "local";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 3 : 7));
    }

    private static string PairKey(string realm, string username, string network, string? device) => device is null ? $"{realm}\n{username}\n{network}" : $"{realm}\n{username}\n\n{device}";

    private static string NetworkKey(string realm, string network) => $"{realm}\n\n{network}";

    private TimeSpan WaitOf(string key, int free)
    {
        if (!counts.TryGetValue(key, out var count)) return TimeSpan.Zero;
        var now = time.GetUtcNow();
        if (now - count.Last > Window || count.Number < free) return TimeSpan.Zero;
        // 2, 4, 8 … seconds, at most five minutes.
        var seconds = Math.Min(LongestWait.TotalSeconds, Math.Pow(2, Math.Min(20, count.Number - free + 1)));
        var until = count.Last + TimeSpan.FromSeconds(seconds);
        return until > now ? until - now : TimeSpan.Zero;
    }

    private void Add(string key)
    {
        var now = time.GetUtcNow();
        if (counts.Count >= Most)
            foreach (var (old, count) in counts)
                if (now - count.Last > Window) counts.TryRemove(old, out _);
        counts.AddOrUpdate(key, _ => new Count(1, now), (_, count) => now - count.Last > Window ? new Count(1, now) : new Count(count.Number + 1, now));
    }

    private readonly record struct Count(int Number, DateTimeOffset Last);
}
