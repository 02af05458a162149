using System.Runtime.CompilerServices;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/xivo.md as it stands: its settings, commands, calls and access file, before an upstream that notes what reaches it; and nothing that the program says holds a token.</summary>
public sealed class XivoGuideTests
{
    private static readonly string Guide = Path.Combine(Root(), "docs/guides/xivo.md");

    [Fact]
    public async Task The_guides_settings_commands_and_calls_work()
    {
        await using var xuc = await RecordingUpstream.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-xivo-guide-").FullName;
        var text = await File.ReadAllTextAsync(Guide);
        var settings = text[text.IndexOf("{ \"facades\"", StringComparison.Ordinal)..];
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), settings[..settings.IndexOf('`', StringComparison.Ordinal)]);
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, string.Join('\n', text.Split('\n').SkipWhile(line => line != "    realm: contact-centre").TakeWhile(line => line.Length > 0)).Replace("${XUC:-http://127.0.0.1:8090}", xuc.Url, StringComparison.Ordinal));
        await using var program = await RunningProgram.StartWithAsync(access, folder);
        var env = Path.Combine(folder, "custom.env");
        await File.WriteAllTextAsync(env, "PLAY_AUTH_TOKEN=a-shared-value-of-this-very-test-4711\n");
        foreach (var command in Shell.Commands(Guide))
        {
            var check = command.StartsWith("gatehouse xivo", StringComparison.Ordinal);
            var (code, output) = await Shell.RunAsync(folder, check ? $"gatehouse xivo check {env} {env}" : $"{command} --data {program.Data} 2>/dev/null");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
        }

        // The calls, one after the other: the second shows the first one's token.
        var calls = text.Split('\n').Where(line => line.StartsWith("    curl ", StringComparison.Ordinal)).Select(line => line.Trim().Replace("https://OUR-ADDRESS", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)).ToList();
        var first = await AnswerAsync(folder, calls[0].Replace("PASSWORD", RunningProgram.Password, StringComparison.Ordinal));
        var token = first.GetProperty("token").GetString()!;
        var second = await AnswerAsync(folder, calls[1].Replace("TOKEN", token, StringComparison.Ordinal));
        Assert.Equal(("alice", 3600), (second.GetProperty("login").GetString(), second.GetProperty("TTL").GetInt32()));

        // Behind the gate.
        var origin = program.Url.GetLeftPart(UriPartial.Authority);
        using var http = new HttpClient();
        async Task<(int Status, string Body)> AskAsync(string path, string? header)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, origin + path);
            if (header is not null) request.Headers.Add("X-Auth-Token", header);
            using var answer = await http.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal(200, (await AskAsync("/xuc/api/2.0/contact/personal", token)).Status);
        Assert.StartsWith("eyJ", xuc.Last.Headers["X-Auth-Token"], StringComparison.Ordinal);
        Assert.NotEqual(token, xuc.Last.Headers["X-Auth-Token"]);
        Assert.Equal(200, (await AskAsync("/xuc/api/2.0/cti?token=" + token, null)).Status);
        Assert.StartsWith("/xuc/api/2.0/cti?token=eyJ", xuc.Last.Target, StringComparison.Ordinal);
        Assert.DoesNotContain(token, xuc.Last.Target, StringComparison.Ordinal);
        Assert.Equal(400, (await AskAsync("/xuc/api/2.0/contact/personal?token=" + token, null)).Status);
        var (status, body) = await AskAsync("/xuc/api/2.0/contact/personal", null);
        Assert.True(status == 401 && body.Contains("BearerNotFound", StringComparison.Ordinal), body);
        Assert.DoesNotContain(token[^40..], program.Output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<JsonElement> AnswerAsync(string folder, string curl)
    {
        var (code, said) = await Shell.RunAsync(folder, curl);
        Assert.True(code == 0 && said.StartsWith('{'), $"{curl}: {said}");
        using var json = JsonDocument.Parse(said);
        Assert.True(json.RootElement.TryGetProperty("token", out _), said);
        return json.RootElement.Clone();
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
