using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/observe.md: its access file and its commands, with a client that sends no token.</summary>
public sealed partial class ObserveGuideTests
{
    [Fact]
    public async Task The_guides_commands_find_a_client_without_a_token_and_then_it_is_refused()
    {
        var guide = Path.Combine(Root(), "docs/guides/observe.md");
        var access = string.Join('\n', File.ReadLines(guide).SkipWhile(line => line != "    realm: contact-centre").TakeWhile(line => line.Length > 0).Select(line => line[4..]));
        // The guide's days will come.
        await using var gate = await GateDesk.OpenAsync(access.Replace("http://10.1.0.5:80", "{upstream}", StringComparison.Ordinal).Replace("until: 2027", "until: 2999", StringComparison.Ordinal));
        Assert.Equal((401, "credential.missing"), await gate.AskAsync("GET", "/calls/1/recording"));
        using (var answer = await gate.SendAsync("POST", "/calls/1/forward", "User-Agent: python-requests/2.31")) Assert.Equal(["credential.missing"], answer.Headers.GetValues("Gatehouse-Observed"));

        var folder = Path.GetDirectoryName(gate.AccessFile)!;
        var (commands, id) = (Shell.Commands(guide).ToList(), "");
        Assert.Equal(["check", "observe report", "observe acknowledge", "observe report"], commands.Select(one => Verbs().Match(one).Value));
        using var late = new CancellationTokenSource(GateDesk.Patience);
        while (id.Length == 0)
        {
            // The ledger is written every two seconds.
            var (_, report) = await Shell.RunAsync(folder, $"{commands[1]} --data {gate.Desk.Data}");
            if (Said().Match(report) is { Success: true } said) id = said.Groups[1].Value;
            Assert.False(late.IsCancellationRequested, report);
        }

        Assert.Contains("Observed only, until 2999-03-01", (await Shell.RunAsync(folder, commands[0])).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Shell.RunAsync(folder, $"{commands[2].Replace("b1946a", id[..6], StringComparison.Ordinal)} --data {gate.Desk.Data}")).Code);
        var (code, checkedReport) = await Shell.RunAsync(folder, $"{commands[3]} --data {gate.Desk.Data}");
        Assert.Equal(1, code);
        Assert.Contains("less than 7 days", checkedReport, StringComparison.Ordinal);
        Assert.DoesNotContain("python-requests", checkedReport, StringComparison.Ordinal);

        await File.WriteAllTextAsync(gate.AccessFile, Observe().Replace(await File.ReadAllTextAsync(gate.AccessFile, late.Token), "observe: off", 1), late.Token);
        await gate.BecomesAsync(401, "POST", "/calls/1/forward");
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    [GeneratedRegex("(?<=^gatehouse )(check|observe [a-z]+)")]
    private static partial Regex Verbs();

    [GeneratedRegex(@"^([0-9a-f]{12})  1 times, last .* ago: Client at 127\.0\.0\.1 \(python-requests/2\.31\) calls POST /calls/\{call\}/forward without a credential; it needs 'Authorization: Bearer <access token>'\.", RegexOptions.Multiline)]
    private static partial Regex Said();

    [GeneratedRegex(@"observe: \{[^}]*\}")]
    private static partial Regex Observe();
}
