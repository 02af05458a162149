using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/expertflow.md as it stands: its settings, commands and calls, from a token to a component and to the last day; and no password or token in what the program says.</summary>
public sealed partial class ExpertflowGuideTests
{
    private static readonly string Guide = Path.Combine(Root(), "docs/guides/expertflow.md");

    [Fact]
    public async Task The_guides_settings_commands_and_calls_work()
    {
        await using var component = await RecordingUpstream.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-expertflow-guide-").FullName;
        var text = await File.ReadAllTextAsync(Guide);
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), string.Join('\n', text.Split('\n').SkipWhile(line => line != "    {").TakeWhile(line => line.Length > 0)));
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, Upstream().Replace(await File.ReadAllTextAsync(Path.Combine(Root(), "examples/expertflow/access.yaml")), $"[\"{component.Url}\"]"));
        await using var program = await RunningProgram.StartWithAsync(access, folder);
        var secrets = new Dictionary<string, string> { ["PASSWORD"] = RunningProgram.Password };
        // What takes alice's tokens away comes last: of the second in which it is done, none counts.
        var (before, after) = (Shell.Commands(Guide).Where(command => !Ends(command)), Shell.Commands(Guide).Where(Ends));
        foreach (var command in before)
        {
            var elsewhere = command.StartsWith("gatehouse check", StringComparison.Ordinal);
            var (code, output) = await Shell.RunAsync(folder, elsewhere ? command : $"{command} --data {program.Data} 2>/dev/null");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            if (command.StartsWith("gatehouse clients add cim", StringComparison.Ordinal)) secrets["CIM-SECRET"] = output.Trim();
            if (command.StartsWith("gatehouse clients add crm", StringComparison.Ordinal)) secrets["CRM-SECRET"] = output.Trim();
        }

        // The calls, one after the other: each shows what the ones before it gave.
        foreach (var line in text.Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)))
        {
            var curl = line.Trim().Replace("https://OUR-ADDRESS", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
            foreach (var (name, value) in secrets.OrderByDescending(one => one.Key.Length)) curl = curl.Replace(name, value, StringComparison.Ordinal);
            var (code, said) = await Shell.RunAsync(folder, $"{curl} -w '\\n%{{http_code}}'");
            Assert.True(code == 0 && said.EndsWith("\n200", StringComparison.Ordinal), $"{line.Trim()}: {said}");
            if (!said.StartsWith('{')) continue;
            using var json = JsonDocument.Parse(said[..^4]);
            var root = json.RootElement.TryGetProperty("data", out var data) ? data : json.RootElement;
            foreach (var (member, name) in ((string, string)[])[("access_token", "ACCESS-TOKEN"), ("token", "ACCESS-TOKEN"), ("refresh_token", "REFRESH-TOKEN")])
                if (root.TryGetProperty(member, out var value)) secrets[name] = value.GetString()!;
        }

        foreach (var command in after) Assert.Equal(0, (await Shell.RunAsync(folder, $"{command} --data {program.Data} 2>/dev/null")).Code);
        Assert.Equal("/cim-customer/customers", component.All.First().Target);
        Assert.True(secrets.ContainsKey("REFRESH-TOKEN"));
        foreach (var (name, value) in secrets) Assert.False(program.Output.Contains(value, StringComparison.Ordinal), $"{name} stands in the output.");
        Directory.Delete(folder, recursive: true);
    }

    private static bool Ends(string command) => command.StartsWith("gatehouse users forget-second-factor", StringComparison.Ordinal);

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    [GeneratedRegex(@"\[""\$\{GATEHOUSE_[A-Z_]+:-[^}]+\}""\]")]
    private static partial Regex Upstream();
}
