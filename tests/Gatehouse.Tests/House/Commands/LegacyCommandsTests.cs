using System.Text.Json.Nodes;
using Gatehouse.Clients;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.House.Commands;

/// <summary><c>gatehouse legacy report</c> over the uses of a running gate.</summary>
public sealed class LegacyCommandsTests
{
    private const string Current = "Zq8vN4tR7wXb2LkPm5cYd9GhJf3sUa6E";
    private const string Old = "Hn2yT6rB9mKd4XvQw8LpZc5JgFs7aEu3";

    [Fact]
    public async Task The_report_leads_from_the_first_use_to_the_end_of_the_secret()
    {
        var (env, previous) = ("GATEHOUSE_TEST_REPORT_TOKEN", "GATEHOUSE_TEST_REPORT_TOKEN_OLD");
        Environment.SetEnvironmentVariable(env, Current);
        Environment.SetEnvironmentVariable(previous, Old);
        await using var gate = await GateDesk.OpenAsync($$"""
            realm: contact-centre
            trusted-proxies: [127.0.0.0/8]
            legacy: { play: { values: ["env:{{env}}", "env:{{previous}}"], in: ["header:X-Auth-Token"], until: {{DateTime.UtcNow.AddDays(90):yyyy-MM-dd}} } }
            services:
              recording: { upstreams: ["{upstream}"], accept: [token, "legacy:play"], rules: [{ path: "/recording/records/{id}", allow: {} }, { path: /recording/records/search, allow: {} }] }
            """);
        Assert.Contains("No use of a shared secret", (await ReportAsync(gate)).Output);
        Assert.Contains("No use of 'play'", (await ReportAsync(gate, "--secret", "play")).Output);
        const string Recorder = "X-Forwarded-For: 192.0.2.7";
        Assert.Equal((200, "pass"), await gate.AskAsync("POST", "/recording/records/search", "X-Auth-Token: " + Current, Recorder, "User-Agent: recorder/2.1"));
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/recording/records/4711", "X-Auth-Token: " + Current, Recorder, "User-Agent: recorder/2.1"));
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/recording/records/4712", "X-Auth-Token: " + Old, "X-Forwarded-For: 192.0.2.8", "User-Agent: wallboard"));
        await gate.Desk.Part<LegacyLedger>().FlushAsync(default);

        var told = (await ReportAsync(gate, "--secret", "play")).Output;
        Assert.Contains("2 clients use 'play' yet, 1 of them with an old value", told);
        Assert.Matches(@"192\.0\.2\.7\s+recorder/2\.1\s+2\s+\S.*current\s+POST /recording/records/search; GET /recording/records/\{id\}", told);
        Assert.Matches(@"192\.0\.2\.8\s+wallboard\s+1\s+\S.*old\s+GET", told);
        Assert.Contains("gatehouse clients add play-wallboard-192-0-2-8 --service-account --realm contact-centre", told);
        Assert.Contains("- { path: \"/recording/records/{id}\", methods: [GET], allow: { clients: [play-recorder-192-0-2-7, play-wallboard-192-0-2-8, \"legacy:play\"] } }", told);
        foreach (var secret in (string[])[Current, Old]) Assert.DoesNotContain(secret[..8], told);

        var json = JsonNode.Parse((await ReportAsync(gate, "--json")).Output)!;
        Assert.Equal(2, json[0]!["clients"]!.AsArray().Count);
        Assert.False((bool)json[0]!["weaned"]!);
        Assert.Equal(1, (await ReportAsync(gate, "--days", "0")).Code);
        Assert.Equal(2, (await ReportAsync(gate, "--dais", "1")).Code);
        Assert.Contains("--days 14", (await Program.HereAsync("", "legacy", "report", "--help")).Output);
    }

    private static Task<Program.Ended> ReportAsync(GateDesk gate, params string[] words) => Program.HereAsync("", ["legacy", "report", "--realm", Desk.Realm, "--data", gate.Desk.Data, .. words]);
}
