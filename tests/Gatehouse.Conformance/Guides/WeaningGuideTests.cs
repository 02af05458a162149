using System.Runtime.CompilerServices;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/weaning.md as it stands, from the first check to the day when nobody needs the secret: its commands and access file, before an upstream that notes what reaches it.</summary>
public sealed class WeaningGuideTests
{
    private const string Before = "k3jH5kd92JdmWq8vN4tR7wXb2LkPm5cY";
    private const string After = "Rb5kW8sJ3nVx7CtMq2yHf4LpGd6zAe9U";
    private const string Account = "play-recorder-192-0-2-10";
    private const string Rule = """{ path: "/recording/records/{search}", methods: [POST], allow: { clients: ["legacy:play"] } }""";

    [Fact]
    public async Task The_guide_leads_from_one_secret_for_all_to_an_account_for_each()
    {
        await using var recording = await RecordingUpstream.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-weaning-guide-").FullName;
        var (guide, env, access) = (Path.Combine(Root(), "docs/guides/weaning.md"), Path.Combine(folder, "custom.env"), Path.Combine(folder, "access.yaml"));
        await File.WriteAllTextAsync(env, $"PLAY_AUTH_TOKEN={Before}\n");
        var written = string.Join('\n', File.ReadLines(guide).SkipWhile(line => line != "    realm: contact-centre").TakeWhile(line => line.Length > 0))
            .Replace("${RECORDING:-http://127.0.0.1:9400}", recording.Url, StringComparison.Ordinal).Replace("${CUSTOM_ENV:-/etc/docker/compose/custom.env}", env, StringComparison.Ordinal)
            .Replace("    realm: contact-centre", "    realm: contact-centre\n    trusted-proxies: [127.0.0.0/8]", StringComparison.Ordinal);
        Assert.Contains(Rule, written, StringComparison.Ordinal);
        await ReplaceAsync(access, written);
        await using var program = await RunningProgram.StartWithAsync(access, folder);
        var commands = Shell.Commands(guide).ToList();
        async Task<string> RunAsync(string begins)
        {
            var command = commands.Single(line => line.StartsWith(begins, StringComparison.Ordinal) && !line.Contains("--days", StringComparison.Ordinal));
            var (code, output) = await Shell.RunAsync(folder, begins is "gatehouse xivo" ? $"gatehouse xivo check {env} {env}" : begins is "gatehouse check" ? command : $"{command} --data {program.Data}");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            Assert.DoesNotContain(Before[..10], output, StringComparison.Ordinal);
            return output;
        }

        Assert.Contains("hold the same PLAY_AUTH_TOKEN", await RunAsync("gatehouse xivo"), StringComparison.Ordinal);
        Assert.Contains("It loads", await RunAsync("gatehouse check"), StringComparison.Ordinal);

        // The secret counts, is changed with both values alive, and the recording server knows the new one only.
        using var http = new HttpClient { BaseAddress = new Uri(program.Url.GetLeftPart(UriPartial.Authority)) };
        async Task<int> SearchAsync(string header, string value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/recording/records/search");
            request.Headers.Add(header, value);
            request.Headers.Add("User-Agent", "recorder/2.1");
            request.Headers.Add("X-Forwarded-For", "192.0.2.10");
            using var answer = await http.SendAsync(request);
            return (int)answer.StatusCode;
        }

        async Task BecomesAsync(int status, string header, string value)
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await SearchAsync(header, value) != status) await tick.WaitForNextTickAsync(late.Token);
        }

        Assert.Equal(200, await SearchAsync("X-Auth-Token", Before));
        await ReplaceAsync(env, $"PLAY_AUTH_TOKEN={After}\nPLAY_AUTH_TOKEN_OLD={Before}\n");
        await BecomesAsync(200, "X-Auth-Token", After);
        Assert.Equal(200, await SearchAsync("X-Auth-Token", Before));
        Assert.Equal(After, recording.Last.Headers["X-Auth-Token"]);

        // The report names the very account that the guide makes; flushing takes a moment.
        var told = "";
        using (var late = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        using (var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(500)))
            while (!(told = await RunAsync("gatehouse legacy")).Contains(Account, StringComparison.Ordinal)) await tick.WaitForNextTickAsync(late.Token);
        Assert.Contains(commands.Single(line => line.StartsWith("gatehouse clients", StringComparison.Ordinal)), told, StringComparison.Ordinal);
        var rule = told.Split('\n').Single(line => line.Contains("methods: [POST]", StringComparison.Ordinal)).Trim()[2..];
        Assert.Contains(rule, await File.ReadAllTextAsync(guide), StringComparison.Ordinal);
        var secret = (await RunAsync("gatehouse clients")).Trim().Split('\n')[0].Trim();

        // Its own token passes by the rule that was pasted, then the shared secret goes.
        await ReplaceAsync(access, written.Replace(Rule, rule, StringComparison.Ordinal));
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", Account), new("client_secret", secret)]);
        using var answer = await http.PostAsync(new Uri(program.Issuer + "/protocol/openid-connect/token"), form);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var token = "Bearer " + json.RootElement.GetProperty("access_token").GetString();
        await BecomesAsync(200, "Authorization", token);
        Assert.Equal(After, recording.Last.Headers["X-Auth-Token"]);
        Assert.Equal(200, await SearchAsync("X-Auth-Token", After));
        await ReplaceAsync(access, written.Replace(Rule, rule.Replace(", \"legacy:play\"", "", StringComparison.Ordinal), StringComparison.Ordinal).Replace(", \"legacy:play\"]", "]", StringComparison.Ordinal));
        await BecomesAsync(401, "X-Auth-Token", After);
        Assert.Equal(200, await SearchAsync("Authorization", token));
        foreach (var shared in (string[])[Before, After]) Assert.DoesNotContain(shared[..10], program.Output, StringComparison.Ordinal);
    }

    private static async Task ReplaceAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
