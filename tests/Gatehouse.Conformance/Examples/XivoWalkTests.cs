using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Gatehouse.Conformance.Examples;

/// <summary>examples/xivo/walk as a newcomer runs it, with the built program: a real KDC, CAS server and OpenID provider.</summary>
public sealed class XivoWalkTests
{
    [Fact]
    public async Task The_walk_shows_each_step_and_leaves_nothing_running()
    {
        var start = new ProcessStartInfo(Path.Combine(Root(), "examples/xivo/walk")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GATEHOUSE"] = Path.Combine(AppContext.BaseDirectory, "gatehouse");
        using var process = Process.Start(start)!;
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(4));

        // Read to their ends: whatever the walk started and left behind would hold them open.
        var told = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        await process.WaitForExitAsync(late.Token);
        if (process.ExitCode == 2) Assert.Skip(told[1]);
        Assert.True(process.ExitCode == 0, string.Concat(told));
        foreach (var step in (string[])["login", "check renews", "Kerberos", "CAS", "OpenID", "the token in a header", "a WebSocket by query token", "the shared token, two values alive", "weaned", "tokens in no log"])
            Assert.Contains(told[0].Split('\n'), line => line.StartsWith("ok ", StringComparison.Ordinal) && line.Contains(step, StringComparison.Ordinal));
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
