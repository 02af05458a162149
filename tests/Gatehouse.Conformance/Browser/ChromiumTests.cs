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

    [Fact]
    public async Task Whoever_has_a_second_factor_is_asked_for_its_code()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        await using var program = await RunningProgram.StartDemoAsync(
            ("GATEHOUSE__FACADES__EXPERTFLOW__REALM", "contact-centre"), ("GATEHOUSE__FACADES__EXPERTFLOW__CLIENT", "agent-desk"), ("GATEHOUSE__FACADES__EXPERTFLOW__SECONDFACTOR", "app"),
            ("GATEHOUSE__FACADES__EXPERTFLOW__UNTIL__LOGIN", "2099-12-31"), ("GATEHOUSE__FACADES__EXPERTFLOW__UNTIL__VALIDATEOTP", "2099-12-31"));
        string[] pictures = Environment.GetEnvironmentVariable("GATEHOUSE_PICTURES") is { Length: > 0 } folder ? [folder] : [];
        var (code, output) = await Npm.RunAsync("browser", "code.mjs", [program.Url.GetLeftPart(UriPartial.Authority), "contact-centre", "ada", RunningProgram.Password, .. pictures]);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["the code page in three languages, light and dark", "signed in with a code by the keyboard"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }
}
