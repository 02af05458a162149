using System.Runtime.CompilerServices;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/permissions.md as it stands: its settings, commands and calls.</summary>
public sealed class PermissionsGuideTests
{
    private static readonly string Guide = Path.Combine(Root(), "docs/guides/permissions.md");

    [Fact]
    public async Task The_guides_settings_commands_and_calls_work()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-permissions-guide-").FullName;
        var text = await File.ReadAllTextAsync(Guide);
        var blocks = Blocks.Json(Guide);
        await File.WriteAllTextAsync(Path.Combine(folder, "settings.json"), blocks[0]);
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), blocks[1]);
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, "realm: contact-centre\nservices:\n  crm:\n    upstreams: [http://127.0.0.1:1]\n    rules:\n      - path: /crm/**\n        allow: { kinds: [user] }\n");
        await using var program = await RunningProgram.StartWithAsync(access, folder);
        var secret = "";
        foreach (var command in Shell.Commands(Guide))
        {
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data} 2>/dev/null");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            if (command.Contains("add cim", StringComparison.Ordinal)) secret = output.Trim();
            if (command.Contains("export", StringComparison.Ordinal)) Assert.Contains("agents see customers", output, StringComparison.Ordinal);
        }

        var calls = text.Replace(" \\\n      ", " ", StringComparison.Ordinal).Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)).Select(line => line.Trim().Replace("https://OUR-ADDRESS", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)).ToList();
        var signedIn = await AnswerAsync(folder, calls[1].Replace("SECRET", secret, StringComparison.Ordinal).Replace("PASSWORD", RunningProgram.Password, StringComparison.Ordinal));
        var token = signedIn.GetProperty("access_token").GetString()!;
        var ask = calls[0].Replace("TOKEN", token, StringComparison.Ordinal);
        Assert.True((await AnswerAsync(folder, ask)).GetProperty("result").GetBoolean());
        Assert.Equal("access_denied", (await AnswerAsync(folder, ask.Replace("#view", "#manage", StringComparison.Ordinal))).GetProperty("error").GetString());
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<JsonElement> AnswerAsync(string folder, string call)
    {
        var (code, output) = await Shell.RunAsync(folder, call);
        Assert.True(code == 0, $"{call}: {code}\n{output}");
        return JsonDocument.Parse(output).RootElement;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
