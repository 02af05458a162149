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
        await using var program = await RunningProgram.StartDemoAsync(("GATEHOUSE__FACADES__FINESSE__ACCESSEXPIRES", "00:01:00"), ("GATEHOUSE__FACADES__GADGETS__LIST__0__LIFE", "00:01:00"), ("GATEHOUSE__FACADES__GADGETS__LIST__1__LIFE", "00:01:00"));
        string[] pictures = Environment.GetEnvironmentVariable("GATEHOUSE_PICTURES") is { Length: > 0 } folder ? [folder] : [];
        var (code, output) = await Npm.RunAsync("browser", "desk.mjs", [program.Url.GetLeftPart(UriPartial.Authority), RunningProgram.Password, .. pictures]);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["signed in by the keyboard, without single sign-on", "gadgets hold their own tokens", "forged messages change nothing", "everything by the keyboard", "axe finds nothing serious", "signed out", "single sign-on in three tabs", "renewed once for three tabs", "a reload fetches anew", "two tabs by password share", "a quiet console"])
            Assert.Contains($"ok {step}", output, StringComparison.Ordinal);

        // Who forged a message is in the audit log: the page itself, a gadget in its neighbour's name, and what that neighbour heard.
        var (_, audit) = await Gatehouse.Conformance.Guides.Shell.RunAsync(program.Data, $"gatehouse audit list --type GADGET_REQUEST_ERROR --json --data {program.Data}");
        var forged = System.Text.Json.JsonDocument.Parse(audit).RootElement.EnumerateArray().Where(one => one.GetProperty("error").GetString() == "gadget.forged").Select(one => one.GetProperty("details")).ToList();
        string Of(System.Text.Json.JsonElement details) => string.Join(' ', ((string[])["gadget", "claimed", "origin", "heard_by"]).Select(name => details.GetProperty(name).GetString() is { Length: > 0 } text ? text : "-"));
        Assert.Equal(new[] { "- - null customers", $"- customers {program.Url.GetLeftPart(UriPartial.Authority)} desktop", "queues customers null desktop" }, forged.Select(Of).Order(StringComparer.Ordinal));
    }
}
