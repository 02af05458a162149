using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Gatehouse.Conformance.Examples;

/// <summary>examples/finesse/walk as a newcomer runs it, with the built program: a real SAML provider and a real Chromium.</summary>
public sealed class FinesseWalkTests
{
    [Fact]
    public async Task The_walk_shows_each_step_and_leaves_nothing_running()
    {
        var start = new ProcessStartInfo(Path.Combine(Root(), "examples/finesse/walk")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GATEHOUSE"] = Path.Combine(AppContext.BaseDirectory, "gatehouse");
        using var process = Process.Start(start)!;
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(4));

        // Read to their ends: whatever the walk started and left behind would hold them open.
        var told = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        await process.WaitForExitAsync(late.Token);
        if (process.ExitCode == 2) Assert.Skip(told[1]);
        Assert.True(process.ExitCode == 0, string.Concat(told));
        foreach (var step in (string[])["HYBRID", "SSO by SAML in a real browser, with an extension", "the SSO test tells the desktop alone", "without SSO in a real browser; a seat claimed twice is refused", "nobody gets in by another's door", "a busy seat", "a third party validates the token", "a gadget calls its service", "three tabs renew once", "renewal", "after sign-out nothing counts", "tokens in no log"])
            Assert.Contains(told[0].Split('\n'), line => line.StartsWith("ok ", StringComparison.Ordinal) && line.Contains(step, StringComparison.Ordinal));
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
