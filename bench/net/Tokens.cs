using System.Text.Json;
using Gatehouse.Dialogs;

namespace Gatehouse.Bench;

/// <summary>Makes and opens dialog tokens on one thread, beside what others would use; per second of CPU, so that other work on the machine does not count.</summary>
internal static class Tokens
{
    /// <summary>Prints a line of JSON for each round and peer, after a round to warm up.</summary>
    public static void Run(double seconds, int rounds)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var dialog = new Dialog("support", now, now + 300_000, 0, now + 14_400_000, 0, 600);
        var ids = Enumerable.Range(0, 1000).Select(_ => Guid.NewGuid().ToString()).ToArray();
        var peers = Peers.All(dialog);
        for (var round = -1; round < rounds; round++)
        {
            foreach (var peer in peers)
            {
                var mint = Measure(seconds, i => peer.Mint(ids[i % ids.Length]).Length);
                var texts = ids.Select(peer.Mint).ToArray();
                var open = Measure(seconds, i => peer.Open(texts[i % texts.Length]) is { } id && id[0] == ids[i % ids.Length][0] ? 1 : throw new InvalidOperationException($"{peer.Name}: not opened"));
                if (round >= 0) Console.WriteLine(JsonSerializer.Serialize(new { name = peer.Name, mint = mint.Rate, mint_bytes = mint.Bytes, open = open.Rate, open_bytes = open.Bytes, chars = texts[0].Length }));
            }
        }
    }

    // How often in a second of CPU, and the bytes that each allocates.
    private static (double Rate, double Bytes) Measure(double seconds, Func<int, int> once)
    {
        var (cpu, bytes, count, sink) = (Environment.CpuUsage.TotalTime, GC.GetAllocatedBytesForCurrentThread(), 0, 0L);
        TimeSpan used;
        do
        {
            for (var i = 0; i < 1000; i++) sink += once(count++);
            used = Environment.CpuUsage.TotalTime - cpu;
        }
        while (used.TotalSeconds < seconds);
        if (sink == 0) throw new InvalidOperationException("Nothing was done.");
        return (count / used.TotalSeconds, (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)count);
    }
}
