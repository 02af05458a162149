using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/gadgets.md: its settings and its commands as they stand, with a gadget's host and a back end on this machine.</summary>
public sealed partial class GadgetsGuideTests
{
    [Fact]
    public async Task The_guides_commands_cut_a_token_and_send_a_gadgets_request()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Root(), "docs/guides/gadgets.md"));
        await using var third = await Thirds.StartAsync();
        third.Put("/crm-lookup.xml", "<Module><ModulePrefs title=\"Lookup\"/><Content>x</Content></Module>", "text/xml");
        third.Put("/api/customers", """{"name":"Mina"}""", "application/json");
        string Here(string text) => text.Replace("https://gadgets.example.org", third.Url, StringComparison.Ordinal).Replace("https://crm.example.org", third.Url, StringComparison.Ordinal);
        var data = Directory.CreateTempSubdirectory("gatehouse-gadgets-guide-").FullName;

        await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), Here(Blocks.Json(Path.Combine(Root(), "docs/guides/gadgets.md"))[0]));
        await CommandAsync("gatehouse realms add contact-centre", data);
        var secret = "";
        foreach (var command in Shell.Commands(Path.Combine(Root(), "docs/guides/gadgets.md")).Where(line => line.Contains("clients add", StringComparison.Ordinal))) secret = (await CommandAsync(command, data)).Trim();
        await CommandAsync("gatehouse roles add agent", data);
        await CommandAsync("gatehouse users add alice --first-name Alice --role agent", data, $"echo {RunningProgram.Password} |");
        await using var program = await RunningProgram.StartNodeAsync(await EmptyAccessAsync(data), data, 0, null);
        var address = program.Url.GetLeftPart(UriPartial.Authority);
        var said = new Dictionary<string, string> { ["https://OUR-ADDRESS"] = address, ["PASSWORD"] = RunningProgram.Password, ["SECRET"] = secret };
        var answers = new List<string>();
        foreach (var curl in Curls(guide))
        {
            var line = said.Aggregate(Here(curl), (text, one) => text.Replace(one.Key, one.Value, StringComparison.Ordinal));
            var (code, output) = await Shell.RunAsync(data, line);
            Assert.True(code == 0, $"{line}: {code}\n{output}\n{program.Output}");
            answers.Add(output);
            if (answers.Count == 1) said["TOKEN"] = JsonDocument.Parse(output).RootElement.GetProperty("token").GetString()!;
            if (answers.Count != 2) continue;
            var gadget = JsonDocument.Parse(output).RootElement.GetProperty("gadgets")[0];
            (said["NARROW"], said["=ST"]) = (gadget.GetProperty("token").GetString()!, "=" + gadget.GetProperty("st").GetString());
        }

        Assert.Equal(5, answers.Count);
        Assert.True(JsonDocument.Parse(answers[2]).RootElement.TryGetProperty("access_token", out _), answers[2]);
        Assert.Contains("Mina", answers[3], StringComparison.Ordinal);
        Assert.Equal("Bearer " + said["NARROW"], third.All.Last().Headers["Authorization"]);
        Assert.Contains("gadget.target", answers[4], StringComparison.Ordinal);
        foreach (var command in Shell.Commands(Path.Combine(Root(), "docs/guides/gadgets.md")).Where(line => line.Contains("gadgets ", StringComparison.Ordinal))) Assert.DoesNotContain("No gadget is stopped", await CommandAsync(command, data), StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static async Task<string> EmptyAccessAsync(string data)
    {
        var file = Path.Combine(data, "access.yaml");
        await File.WriteAllTextAsync(file, "realm: contact-centre\nservices: {}\n");
        return file;
    }

    private static async Task<string> CommandAsync(string command, string data, string before = "")
    {
        var (code, output) = await Shell.RunAsync(data, $"{before} {command} --data {data} 2>/dev/null");
        Assert.True(code == 0, $"{command}: {code}\n{output}");
        return output;
    }

    private static IEnumerable<string> Curls(string guide) => Continued().Replace(guide, " ").Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)).Select(line => line.Trim());

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    [GeneratedRegex(@"\\\n\s+")]
    private static partial Regex Continued();
}
