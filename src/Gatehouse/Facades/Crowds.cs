using System.Collections.Concurrent;

namespace Gatehouse.Facades;

/// <summary>Keeps a flood of refusals from filling the audit log: of one error and network, and of each person who is known, the first twenty of a minute are noted one by one, then every thousandth, which tells how many it stands for.</summary>
internal sealed class Crowds(TimeProvider time)
{
    private const int OneByOne = 20;
    private const int Then = 1000;
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<(string Error, string Network, string User), (long Minute, int Count)> seen = new();

    /// <summary>How many refusals the note stands for; 0 when none is to be written. <paramref name="user"/> is null where nobody is known: what strangers do hides nothing of a colleague behind the same address.</summary>
    public int Take(string error, string network, string? user)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        if (seen.Count >= Most) seen.Clear();
        var count = seen.AddOrUpdate((error, network, user ?? ""), (minute, 1), (_, one) => one.Minute == minute ? (minute, one.Count + 1) : (minute, 1)).Count;
        return count <= OneByOne ? 1 : count % Then == 0 ? Then : 0;
    }
}
