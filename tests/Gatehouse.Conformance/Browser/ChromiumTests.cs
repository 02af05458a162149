using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Browser;

/// <summary>The pages in a real browser: by keyboard alone, in ten tabs, without scripts, small, in three languages, light and dark.</summary>
public sealed class ChromiumTests
{
    [Fact]
    public async Task Pages_serve_people_however_they_come()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        await using var program = await RunningProgram.StartAsync();
        var (code, output) = await Npm.RunAsync("browser", "walk.mjs", program.Url.GetLeftPart(UriPartial.Authority), "contact-centre", "alice", RunningProgram.Password);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["keyboard sign-in", "keyboard sign-out", "ten tabs", "ten applications", "without scripts", "a quiet console"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }
}
