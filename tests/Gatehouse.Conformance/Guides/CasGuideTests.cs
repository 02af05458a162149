using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/cas.md, its commands as they stand, with the address of a real LemonLDAP::NG: a person signs in from there, and on to an application by CAS.</summary>
public sealed class CasGuideTests
{
    [Fact]
    public async Task The_guides_commands_set_both_ways_up()
    {
        await using var program = await RunningProgram.StartAsync();
        await using var llng = await LemonldapKit.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-cas-guide-").FullName;
        foreach (var command in Shell.Commands(Path.Combine(Root(), "docs/guides/cas.md")).Select(line => line.Replace("https://cas.example/cas", llng.Cas, StringComparison.Ordinal).Replace("https://wallboard.example/login", $"{program.Issuer}/signed-in?app=1", StringComparison.Ordinal)))
        {
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data}");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
        }

        using var walker = new Walker();
        await walker.OpenAsync($"{program.Issuer}/sign-in");
        await walker.FollowAsync("Intranet");
        await walker.SubmitAsync(("user", "dwho"), ("password", "dwho"));
        Assert.True(walker.At.AbsolutePath.EndsWith("/signed-in", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{llng.Output}\n{program.Output}");
        var service = $"{program.Issuer}/signed-in?app=1";
        await walker.OpenAsync($"{program.Issuer}/protocol/cas/login?service={Uri.EscapeDataString(service)}");
        var ticket = walker.At.Query.Split("ticket=")[1];
        await walker.OpenAsync($"{program.Issuer}/protocol/cas/p3/serviceValidate?service={Uri.EscapeDataString(service)}&ticket={ticket}");
        foreach (var part in (string[])["<cas:user>dwho</cas:user>", "<cas:mail>dwho@badwolf.org</cas:mail>", "<cas:Role>agent</cas:Role>"]) Assert.Contains(part, walker.Text, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
