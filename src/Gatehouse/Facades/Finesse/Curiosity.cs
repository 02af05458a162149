using System.Collections.Concurrent;

namespace Gatehouse.Facades.Finesse;

/// <summary>How often a network may ask how somebody signs in: a shift of agents behind one address asks some thousand times, who tries names asks on and on.</summary>
internal sealed class Curiosity(TimeProvider time)
{
    private const int Most = 3000;
    private const int Networks = 20_000;

    private readonly ConcurrentDictionary<string, (long Window, int Count)> asked = new();

    /// <summary>Counts a question; false when there were too many in the five minutes that run.</summary>
    public bool Allows(string network)
    {
        var window = time.GetUtcNow().ToUnixTimeSeconds() / 300;
        // Whoever has so many networks at once is not stopped by a count for each: what counts then is that they fill nothing, and that nobody is made to look through all of it.
        if (asked.Count >= Networks) asked.Clear();
        return asked.AddOrUpdate(network, (window, 1), (_, count) => count.Window == window ? (window, count.Count + 1) : (window, 1)).Count <= Most;
    }
}
