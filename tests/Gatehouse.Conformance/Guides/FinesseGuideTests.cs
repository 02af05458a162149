using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/finesse.md as it stands: its settings, commands and calls.</summary>
public sealed partial class FinesseGuideTests
{
    private static readonly string Guide = Path.Combine(Root(), "docs/guides/finesse.md");

    [Fact]
    public async Task The_guides_settings_commands_and_calls_work()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-finesse-guide-").FullName;
        var text = await File.ReadAllTextAsync(Guide);
        var settings = text[text.IndexOf("{ \"facades\"", StringComparison.Ordinal)..];
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), settings[..settings.IndexOf('`', StringComparison.Ordinal)]);
        await using var program = await RunningProgram.StartAsync(folder);

        // The demo has a desktop of its own; the guide begins without one.
        Assert.Equal(0, (await Shell.RunAsync(folder, $"gatehouse clients delete finesse --yes --realm contact-centre --data {program.Data}")).Code);
        foreach (var command in Shell.Commands(Guide))
        {
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data} 2>/dev/null");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
        }

        // The calls, in their order: how alice signs in, in at an extension, what is known of her, out again.
        var calls = text.Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)).Select(line => line.Trim().Replace("https://OUR-ADDRESS", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal).Replace("PASSWORD", RunningProgram.Password, StringComparison.Ordinal)).ToList();
        var told = new List<string>();
        foreach (var call in calls)
        {
            var (code, said) = await Shell.RunAsync(folder, call + " -w ' %{http_code}'");
            Assert.True(code == 0, $"{call}: {said}");
            told.Add(said);
        }

        Assert.Contains("<authMode>NON_SSO</authMode>", told[0], StringComparison.Ordinal);
        Assert.Equal(" 202", told[1]);
        Assert.Matches("<extension>1573</extension>.*<loginId>1001002</loginId>.*<state>NOT_READY</state>.* 200$", told[2]);
        Assert.Equal(" 202", told[3]);
        Assert.DoesNotContain(RunningProgram.Password, program.Output, StringComparison.Ordinal);

        // What the tables name is there.
        var api = await File.ReadAllTextAsync(Path.Combine(Root(), "docs/settings.md"));
        foreach (Match setting in Setting().Matches(text)) Assert.Contains($"`facades:finesse:{setting.Groups[1].Value}`", api, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    [GeneratedRegex("`\"?(mode|seats|seatPage|supervisorRole|withoutPkce|userAuthMode|origins)\"?`")]
    private static partial Regex Setting();
}
