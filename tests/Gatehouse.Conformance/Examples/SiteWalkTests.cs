using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Gatehouse.Conformance.Examples;

/// <summary>The walks that bring a whole site with them, as a newcomer runs them, with the built program: real providers, a real browser.</summary>
public sealed class SiteWalkTests
{
    [Theory]
    [InlineData("finesse", "HYBRID", "SSO by SAML in a real browser, with an extension", "the SSO test tells the desktop alone", "without SSO the real desktop in a real browser, with a gadget that has no password", "Basic with each request; a seat claimed twice is refused", "nobody gets in by another's door", "a busy seat", "a third party validates the token", "a gadget calls its service", "three tabs renew once", "renewal", "after sign-out nothing counts", "tokens in no log")]
    [InlineData("xivo", "login", "check renews", "Kerberos", "CAS", "OpenID", "the token in a header", "a WebSocket by query token", "the shared token, two values alive", "weaned", "tokens in no log")]
    public async Task A_walk_shows_each_step_and_leaves_nothing_running(string example, params string[] steps)
    {
        var start = new ProcessStartInfo(Path.Combine(Root(), "examples", example, "walk")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GATEHOUSE"] = Path.Combine(AppContext.BaseDirectory, "gatehouse");
        using var process = Process.Start(start)!;
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(4));

        // Read to their ends: whatever the walk started and left behind would hold them open.
        var told = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        await process.WaitForExitAsync(late.Token);
        if (process.ExitCode == 2) Assert.Skip(told[1]);
        Assert.True(process.ExitCode == 0, string.Concat(told));
        foreach (var step in steps) Assert.Contains(told[0].Split('\n'), line => line.StartsWith("ok ", StringComparison.Ordinal) && line.Contains(step, StringComparison.Ordinal));
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
