using System.Net;
using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/saml.md, its commands as they stand, with the addresses of a real SimpleSAMLphp: people sign in from it, and to it.</summary>
public sealed partial class SamlGuideTests
{
    [Fact]
    public async Task The_guides_commands_set_both_ways_up()
    {
        await using var program = await RunningProgram.StartAsync();
        await using var ssp = await SimpleSamlKit.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-saml-guide-").FullName;
        using var http = new HttpClient();
        await File.WriteAllBytesAsync(Path.Combine(folder, "app-metadata.xml"), await http.GetByteArrayAsync(ssp.SpMetadata));
        var guide = Shell.Commands(Path.Combine(Root(), "docs/guides/saml.md")).Select(line => line.Replace("https://sso.example/metadata", ssp.IdpMetadata, StringComparison.Ordinal)).ToList();
        var before = await http.GetStringAsync($"{program.Issuer}/protocol/saml/descriptor");
        foreach (var command in guide.Where(line => !line.Contains("ids-metadata", StringComparison.Ordinal)))
        {
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data}");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
        }

        // The running program hears of its new key from the command line within a second; whoever took in the old one before would encrypt to a key that is gone.
        await UntilAsync(async () => Certificate().Matches(await http.GetStringAsync($"{program.Issuer}/protocol/saml/descriptor")).All(one => !before.Contains(one.Value, StringComparison.Ordinal)));

        // The other sides take in who we are.
        await ssp.TrustSpAsync(await http.GetStringAsync($"{program.Issuer}/broker/sso/endpoint/descriptor"));
        await ssp.TrustIdpAsync(await http.GetStringAsync($"{program.Issuer}/protocol/saml/descriptor"), program.Issuer, "");

        using var walker = new Walker();
        await walker.OpenAsync($"{program.Issuer}/sign-in");
        await walker.FollowAsync("Company sign-in");
        await walker.SubmitAsync(("username", "mina"), ("password", "mina-password"));
        await walker.GoOnAsync();
        Assert.True(walker.At.AbsolutePath.EndsWith("/signed-in", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{program.Output}");

        // The very session that came by SAML signs in to an application by SAML.
        await walker.OpenAsync($"{ssp.Url}/module.php/core/authenticate.php?as=default-sp");
        await walker.GoOnAsync();
        Assert.True(walker.Status == HttpStatusCode.OK && walker.Text.Contains("mina", StringComparison.Ordinal) && walker.Text.Contains("agent", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}");
        Directory.Delete(folder, recursive: true);
    }

    private static async Task UntilAsync(Func<Task<bool>> done)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await done()) await tick.WaitForNextTickAsync(late.Token);
    }

    [System.Text.RegularExpressions.GeneratedRegex("<[^>]*X509Certificate>[^<]+<")]
    private static partial System.Text.RegularExpressions.Regex Certificate();

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
