using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Federation;

/// <summary>Sign-in by a real OpenID provider of others' making, npm's oidc-provider, in a real browser.</summary>
public sealed class OidcProviderTests
{
    [Fact]
    public async Task Npm_oidc_provider_vouches_for_a_person_who_becomes_a_user()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        await using var program = await RunningProgram.StartAsync();
        var guide = Guides.Shell.Commands(Path.Combine(Root(), "docs/guides/providers.md")).Single(line => line.StartsWith("gatehouse providers add hq", StringComparison.Ordinal));
        var (code, output) = await Npm.RunAsync("oidc-upstream", "walk.mjs", program.Url.GetLeftPart(UriPartial.Authority), "contact-centre", Path.Combine(AppContext.BaseDirectory, "gatehouse"), program.Data, guide);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["provider added and tested", "the guide's command", "the test in a browser", "sign-in at the real provider", "a user made of the claims"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }

    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
