using System.Net;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Durability;

/// <summary>The program is killed in the middle of its work. What it acknowledged is there afterwards.</summary>
public sealed class KillTests
{
    [Fact]
    public async Task Sigkill_under_load_loses_nothing_acknowledged_and_the_next_start_is_clean()
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-kill-").FullName;
        string[] newest;
        int port;
        await using (var first = await RunningProgram.StartAsync(data))
        {
            port = first.Url.Port;
            using var alice = await SignedIn.AliceAsync(first);
            newest = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => (await alice.TokensAsync()).GetProperty("refresh_token").GetString()!));
            var acknowledged = 0;
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var load = Enumerable.Range(0, newest.Length).Select(async i =>
            {
                try
                {
                    while (true)
                    {
                        var (status, body) = await alice.RefreshAsync(newest[i]);
                        Assert.Equal(HttpStatusCode.OK, status);
                        newest[i] = body.GetProperty("refresh_token").GetString()!;
                        if (Interlocked.Increment(ref acknowledged) == 200) enough.TrySetResult();
                    }
                }
                catch (Exception gone) when (gone is HttpRequestException or System.Text.Json.JsonException)
                {
                    // Killed in the middle of a request: that one was not acknowledged.
                }
            }).ToList();
            await enough.Task.WaitAsync(TimeSpan.FromSeconds(60));
            first.Process.Kill(entireProcessTree: true);
            await Task.WhenAll(load);
            await first.Process.WaitForExitAsync();

            // The same folder again, on the same port: sessions and every acknowledged token are there. A request that was cut off may have
            // been carried out; then the token it used is answered again inside the grace.
            await using var second = await RunningProgram.StartAsync(data, port);
            foreach (var token in newest) Assert.Equal(HttpStatusCode.OK, (await alice.RefreshAsync(token)).Status);
            Assert.Equal(0, await second.StopAsync());
            Assert.DoesNotContain("fail", second.Output, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_wrong_root_key_refuses_to_start_and_names_the_file()
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-root-").FullName;
        await using (var first = await RunningProgram.StartAsync(data))
        {
            Assert.Equal(0, await first.StopAsync());
            var file = Path.Combine(data, "root.key");
            await File.WriteAllTextAsync(file, new string('a', 64));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => RunningProgram.StartAsync(data));
            Assert.Contains("root.key", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", refused.Message, StringComparison.Ordinal);
        }
    }
}
