using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.Bot;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Conformance.Bots;

/// <summary>The TypeScript kit and the simulator: built strictly from their lock file, then held to the shared vectors, to hostile requests and to bots that misuse tokens by their own tests; the guide; and the .NET kit in front of the simulator.</summary>
public sealed partial class BotKitTests(BotKit kit) : IClassFixture<BotKit>
{
    private const string Token = "bot-token-of-the-tests";
    private static readonly string Secret = "whsec_" + Convert.ToBase64String(new byte[32]);

    [Fact]
    public async Task The_typescript_kit_and_the_simulator_pass_their_tests()
    {
        var (code, output) = await kit.RunAsync("npm", "test");
        Assert.True(code == 0, output);
        Assert.True(int.Parse(Passed().Match(output).Groups[1].Value) > 280, output);
    }

    [Fact]
    public async Task The_packages_are_whole()
    {
        var (code, output) = await kit.AsStrangerAsync("""
            import { execFileSync } from 'node:child_process';
            import { createBot, verifyEvent } from '@gatehouse/bot';
            console.log(typeof createBot, typeof verifyEvent);
            console.log(execFileSync('node_modules/.bin/gatehouse-dialogs', ['--help']).toString());
            """, "typescript", "simulator");
        Assert.True(code == 0, output);
        Assert.Contains("function function", output, StringComparison.Ordinal);
        Assert.Contains("gatehouse-dialogs", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guides_bot_and_its_commands_run_as_they_stand()
    {
        var guide = File.ReadAllText(Path.Combine(kit.Root, "docs/guides/bots.md")).Replace("5005", Loopback.FreePort().ToString(), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(kit.Folder, "bot.mjs"), Block(guide, "and save this there"));
        var commands = Commands().Matches(guide).Select(found => found.Groups[1].Value).ToList();
        Assert.True(commands.Count >= 5);
        var script = $$"""
            set -e
            {{Line(guide, "export BOT_TOKEN")}}
            exec 3< <(exec node bot.mjs)
            bot=$!
            trap 'kill $bot' EXIT
            read -r -t 30 said <&3
            echo "$said"
            {{string.Join('\n', commands)}}
            """;
        var (code, output) = await kit.RunAsync("bash", "-c", script);
        Assert.True(code == 0, output);
        Assert.Contains("The bot listens.", output, StringComparison.Ordinal);
        Assert.Equal(commands.Count, NothingWrong().Count(output));
        foreach (Match line in Shown().Matches(guide)) Assert.Contains(line.Groups[1].Value, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bot_of_the_dotnet_kit_plays_every_dialog_well()
    {
        var (port, platform) = (Loopback.FreePort(), Loopback.FreePort());
        Dialog? last = null;
        await using var app = await ServeAsync(port, new VoiceBot(new BotRules
        {
            BotTokens = [Token], Secrets = [Secret], Issuer = $"http://127.0.0.1:{platform}/realms/simulated",
            OnSession = async (dialog, _, stop) =>
            {
                last = dialog;
                await dialog.SayAsync("Hello! Press 5 for a person.", stop);
                return SessionAnswer.Accept;
            },
            OnMessage = async (dialog, message, stop) =>
            {
                if (message is { Type: "DTMF", Text: "5" }) await dialog.CallAsync("call/forward", new JsonObject { ["destinationNumber"] = "+4972112345" }, stop);
                else await dialog.SayAsync($"You said: {message.Text}", stop);
            },
            OnInactivity = (dialog, _, stop) => dialog.SayAsync("Are you there?", stop),
            OnTerminated = (dialog, _, stop) => dialog.DataAsync(new Dictionary<string, string> { ["seen"] = "yes" }, stop),
            OnRecording = async (dialog, recording, stop) =>
            {
                using var download = await dialog.RecordingAsync(recording.RecordingId, stop);
                await download.Stream.CopyToAsync(Stream.Null, stop);
            },
        }));
        await PlayAsync(port, 0, ["--port", platform.ToString()], ["start", "expect:say", "say:hello", "dtmf:5", "transfer", "freeze", "silence:30s", "expect:say", "again", "forge", "hangup", "recording", "expire"]);
        await PlayAsync(port, 0, ["--dialogs", "20", "--token-in", "header"], ["start", "say:hello", "dtmf:5", "transfer:fails", "hangup", "recording", "expire"]);
        Assert.True(last!.Ended);
    }

    [Fact]
    public async Task A_bot_of_the_dotnet_kit_renews_a_token_that_died_early()
    {
        var (port, platform) = (Loopback.FreePort(), Loopback.FreePort());
        await using var app = await ServeAsync(port, new VoiceBot(new BotRules
        {
            BotTokens = [Token], Secrets = [Secret], Issuer = $"http://127.0.0.1:{platform}/realms/simulated",
            OnSession = (dialog, session, stop) =>
            {
                // It talks on by itself: sooner or later with a token that went stale.
                _ = Task.Run(async () =>
                {
                    while (!dialog.Ended) await dialog.SayAsync("still here", stop);
                }, stop);
                return Task.FromResult(SessionAnswer.Accept);
            },
        }));
        var output = await PlayAsync(port, null, ["--port", platform.ToString()], ["start", "stale", "expect:renew", "expect:say"]);
        Assert.Matches(@"refuses token 1 with 401 \(say\)\n.*renews token 1: 2\n(.*\n)*.*say ""still here""", output);
        Assert.DoesNotContain("WRONG ", output, StringComparison.Ordinal);
    }

    private async Task<string> PlayAsync(int port, int? wanted, string[] options, string[] words)
    {
        var (code, output) = await kit.RunAsync("env", [$"BOT_TOKEN={Token}", $"BOT_SECRET={Secret}", "npx", "gatehouse-dialogs", "--bot", $"http://127.0.0.1:{port}", .. options, "play", .. words]);
        Assert.True(code == (wanted ?? code), output);
        return output;
    }

    private static async Task<Served> ServeAsync(int port, VoiceBot bot)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapVoiceBot(bot);
        await app.StartAsync();
        return new Served(app, bot);
    }

    private static string Line(string guide, string begins) => guide.Split('\n').Single(line => line.StartsWith($"    {begins}", StringComparison.Ordinal)).Trim();

    private static string Block(string guide, string after)
        => string.Join('\n', guide.Split('\n').SkipWhile(line => !line.StartsWith(after, StringComparison.Ordinal)).Skip(1).SkipWhile(line => line.Length == 0).TakeWhile(line => line.Length == 0 || line.StartsWith("    ", StringComparison.Ordinal)));

    [GeneratedRegex(@"^\W*pass (\d+)", RegexOptions.Multiline)]
    private static partial Regex Passed();

    [GeneratedRegex("^    (npx gatehouse-dialogs .*)$", RegexOptions.Multiline)]
    private static partial Regex Commands();

    [GeneratedRegex(@"^    (00:\d\d  .*)$", RegexOptions.Multiline)]
    private static partial Regex Shown();

    [GeneratedRegex("nothing wrong$", RegexOptions.Multiline)]
    private static partial Regex NothingWrong();

    private sealed class Served(WebApplication app, VoiceBot bot) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            bot.Dispose();
            await app.DisposeAsync();
        }
    }
}
