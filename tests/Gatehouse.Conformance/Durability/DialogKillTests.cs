using System.Collections.Concurrent;
using System.Diagnostics;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Durability;

/// <summary>
/// Dialogs opened, extended and ended by several gateways at once, a node killed in the middle: no token outlives its dialog, no live dialog loses its token. A few thousand by default; GATEHOUSE_DIALOGS=100000 runs the whole size.
/// </summary>
public sealed class DialogKillTests
{
    private const int Sources = 4;
    private const int Lanes = 8;
    private static readonly int Size = int.TryParse(Environment.GetEnvironmentVariable("GATEHOUSE_DIALOGS"), out var size) ? size : 0;

    [Fact]
    public async Task One_node_on_SQLite()
    {
        await using var site = await DialogSite.OpenAsync(Sources, null);
        await RunAsync(site, Size > 0 ? Size : 3000);
    }

    [Fact]
    public async Task Two_nodes_over_PostgreSQL()
    {
        await using var site = await DialogSite.OpenAsync(Sources, await PostgresKit.DatabaseAsync());
        await RunAsync(site, Size > 0 ? Size : 1500);
    }

    private static async Task RunAsync(DialogSite site, int count)
    {
        var all = new ConcurrentBag<KnownDialog>();
        var sources = site.Sources.Select((client, i) => new DialogSource(site, client, i)).ToList();
        // What lived then was opened under the process that died.
        var before = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var next = 0;
        var clock = Stopwatch.StartNew();
        var lanes = sources.SelectMany(source => Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) <= count;)
            {
                if (number == count / 2)
                {
                    DialogSite.Kill(site.Nodes[0]);
                    before.TrySetResult(all.Where(one => one is { First: not null, EndAsked: false, Project: not "mute" }).Count());
                }

                all.Add(await LiveAsync(source, number));
            }
        }))).ToList();
        // Whatever went wrong before the middle is told by the lanes.
        var done = Task.WhenAll(lanes);
        if (await Task.WhenAny(before.Task, done).WaitAsync(TimeSpan.FromMinutes(15)) == done) await done;
        var lived = await before.Task;
        await site.StartAgainAsync(site.Nodes[0]);
        await done.WaitAsync(TimeSpan.FromMinutes(15));
        var took = clock.Elapsed;

        Assert.Equal(count, all.Count);
        Assert.True(lived > count / 10, $"{lived} dialogs lived when the node was killed");
        Assert.True(sources.Sum(one => one.Cut) > 0, "no call was cut off: the kill came too late");
        clock.Restart();
        foreach (var node in site.Nodes)
            await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (dialog, _) => await CheckAsync(sources[0], node, dialog));
        foreach (var source in sources) source.Dispose();
        foreach (var node in site.Nodes) Assert.DoesNotContain("fail", DialogSite.OutputOf(node), StringComparison.OrdinalIgnoreCase);
        TestContext.Current.TestOutputHelper?.WriteLine($"{count} dialogs in {took.TotalSeconds:F1} s, the restart included: {count / took.TotalSeconds:F0}/s, {sources.Sum(one => one.Cut)} calls cut off; all compared in {clock.Elapsed.TotalSeconds:F1} s");
    }

    // One dialog's life as its gateway tells it: one in three is left alive, every tenth call is not sent again when no answer comes.
    private static async Task<KnownDialog> LiveAsync(DialogSource source, int number)
    {
        var dialog = new KnownDialog(number, (number % 20) switch { 7 => "mute", < 10 => "cut", _ => "kept" });
        var (once, look) = (number % 10 == 3, number % 8 == 1);
        if (!await source.SayAsync(dialog, "dialogs", new { id = dialog.Id, project = dialog.Project, party = "bot" }, once)) return dialog;
        if (look) Assert.True(await source.CallAsync(source.Node, "call", dialog, dialog.Newest!) is "pass" or null, "opened, and refused");
        if (dialog.Project == "mute") return dialog;
        if (number % 2 == 0) await source.SayAsync(dialog, $"dialogs/{dialog.Id}/extend", new { party = "bot" }, once);
        if (number % 3 == 0) return dialog;

        dialog.EndAsked = true;
        var there = source.Node;
        dialog.Ended = await source.SayAsync(dialog, $"dialogs/{dialog.Id}/end", new { }, once);
        // At the node that acknowledged it the end is felt at once.
        if (look && dialog.Ended && source.Node == there) Assert.True(await source.CallAsync(there, "call", dialog, dialog.Newest!) is var code && (code is null || IsEnd(dialog, code)), $"ended, and {code}");
        return dialog;
    }

    private static async Task CheckAsync(DialogSource source, DialogSite.Node node, KnownDialog dialog)
    {
        // Never acknowledged: nobody has a token.
        if (dialog.First is null) return;
        var first = await source.CallAsync(node, "call", dialog, dialog.First);
        var newest = dialog.Newest == dialog.First ? first : await source.CallAsync(node, "call", dialog, dialog.Newest!);
        if (dialog.Project == "mute")
        {
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() < dialog.AliveUntil) await tick.WaitForNextTickAsync();
            AssertEnd(dialog, await source.CallAsync(node, "call", dialog, dialog.First));
        }
        else if (!dialog.EndAsked)
        {
            Assert.Equal(("pass", "pass"), (first, newest));
            await source.SayAsync(dialog, $"dialogs/{dialog.Id}/token", new { party = "bot" });
            Assert.Equal("pass", await source.CallAsync(node, "call", dialog, dialog.Newest!));
        }
        else if (dialog.Ended)
        {
            AssertEnd(dialog, first);
            AssertEnd(dialog, newest);
            var recording = await source.CallAsync(node, "recording", dialog, dialog.First);
            if (dialog.Project == "kept") Assert.Equal("pass", recording);
            else AssertEnd(dialog, recording);
        }
        else
        {
            Assert.Equal(first, newest);
            if (first != "pass") AssertEnd(dialog, first);
        }
    }

    private static void AssertEnd(KnownDialog dialog, string? code) => Assert.True(IsEnd(dialog, code), $"{dialog.Id} of {dialog.Project} has ended, and its token is answered {code}");

    // A gate forgets what is over.
    private static bool IsEnd(KnownDialog dialog, string? code) => dialog.Project == "kept" ? code == "dialog.ended" : code is "dialog.over" or "dialog.unknown";
}
