using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Browser;

/// <summary>The agent desktop of the demo in a real browser: in both ways of signing in, by keyboard alone, with what gadgets hold and cannot reach, forged messages, axe, and one renewal for three tabs.</summary>
public sealed class DesktopTests
{
    [Fact]
    public async Task The_desktop_serves_agents_and_holds_their_gadgets_apart()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        // The shortest tokens, so that a renewal is due within the test.
        await using var program = await RunningProgram.StartDemoAsync(("GATEHOUSE__FACADES__FINESSE__ACCESSEXPIRES", "00:01:00"));
        string[] pictures = Environment.GetEnvironmentVariable("GATEHOUSE_PICTURES") is { Length: > 0 } folder ? [folder] : [];
        var (code, output) = await Npm.RunAsync("browser", "desk.mjs", [program.Url.GetLeftPart(UriPartial.Authority), RunningProgram.Password, .. pictures]);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["signed in by the keyboard, without single sign-on", "gadgets hold their own tokens", "forged messages change nothing", "everything by the keyboard", "axe finds nothing serious", "signed out", "single sign-on in three tabs", "renewed once for three tabs", "a quiet console"])
            Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }
}
