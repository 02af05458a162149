using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Gatehouse.Audit;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.House.Commands;

/// <summary>The report of observe mode: what to send to whom, by the command line and the admin API, while the gate serves.</summary>
public sealed class ObserveReportTests
{
    private const string Access = """
        realm: contact-centre
        services:
          calls:
            upstreams: ["{upstream}"]
            observe: { until: 2999-01-01, note: customers get tokens by then }
            rules:
              - { methods: [POST], path: "/calls/{call}/forward", allow: { roles: [supervisor] } }
              - { path: "/calls/scoped", allow: { scopes: [calls.write] } }
              - { methods: [GET], path: "/calls/**", allow: { roles: [integration] } }
        """;

    [Fact]
    public async Task It_says_what_to_send_to_whom_and_when_it_is_safe()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var token = "Authorization: Bearer " + await gate.Desk.ServiceTokenAsync();
        await gate.AskAsync("POST", "/calls/1/forward", "User-Agent: python-requests/2.31");
        await gate.AskAsync("POST", "/calls/2/forward", "User-Agent: python-requests/2.31");
        await gate.AskAsync("POST", "/calls/2/forward", token);
        await gate.AskAsync("GET", "/calls/scoped", token);
        await gate.AskAsync("GET", "/calls/x", token);
        await gate.Desk.Part<ObservedLedger>().FlushAsync(default);

        var report = await SayAsync(gate, "report");
        Assert.Contains("Client at 127.0.0.1 (python-requests/2.31) calls POST /calls/{call}/forward without a credential; it needs 'Authorization: Bearer <access token>'.", report, StringComparison.Ordinal);
        Assert.Contains("Client 'crm-sync' (service) calls POST /calls/{call}/forward and lacks a right; it needs the role supervisor: grant that, or it will be refused.", report, StringComparison.Ordinal);
        Assert.Contains("Client 'crm-sync' (service) calls GET /calls/scoped with a token that lacks a scope; it must request its token with the scope calls.write.", report, StringComparison.Ordinal);
        Assert.Contains("3 of 3 (100 %)", report, StringComparison.Ordinal);
        Assert.Contains("calls GET /calls/**: not safe, observed since", report, StringComparison.Ordinal);
        Assert.Contains("It is not safe to enforce yet.", report, StringComparison.Ordinal);
        Assert.DoesNotContain("ey", report, StringComparison.Ordinal);
        Assert.Equal(1, (await Program.HereAsync("", "observe", "report", "--check", "--data", gate.Desk.Data)).Code);

        var json = JsonNode.Parse(await SayAsync(gate, "report", "--json", "--service", "calls"))!;
        Assert.Equal((false, 7, 3, 3), ((bool)json["safe"]!, (int)json["days"]!, json["rules"]!.AsArray().Count, json["groups"]!.AsArray().Count));
        var id = (string)json["groups"]!.AsArray().Single(one => (string?)one!["reason"] == "credential.missing")!["id"]!;

        await RefusedAsync(gate, "--note", "acknowledge", id);
        await RefusedAsync(gate, "six characters", "acknowledge", id[..5], "--note", "x");
        await RefusedAsync(gate, "no group", "acknowledge", "ffffffffffff", "--note", "x");
        await SayAsync(gate, "acknowledge", id[..12], "--note", "an old scanner");
        Assert.DoesNotContain("python-requests", await SayAsync(gate, "report"), StringComparison.Ordinal);
        Assert.Contains("an old scanner", await SayAsync(gate, "report", "--all"), StringComparison.Ordinal);
        await SayAsync(gate, "acknowledge", id[..12], "--undo");
        Assert.Contains("python-requests", await SayAsync(gate, "report"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_admin_api_has_pages_and_asks_for_rights()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        for (var i = 0; i < 5; i++) await gate.AskAsync("GET", "/calls/x", "User-Agent: agent " + i);
        await gate.Desk.Part<ObservedLedger>().FlushAsync(default);
        using var browser = new Browser(gate.Desk);
        using var admin = gate.Desk.NewClient();
        admin.DefaultRequestHeaders.Authorization = new("Bearer", (await browser.TokensAsync("ada")).Access);

        var seen = new List<string>();
        for (var path = "/admin/realms/contact-centre/observe?max=2&open=true&service=calls"; path is not null;)
        {
            using var answer = await admin.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var page = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            seen.AddRange(page["groups"]!.AsArray().Select(one => (string)one!["id"]!));
            Assert.Equal((5, 5), ((int)page["rules"]![0]!["requests24h"]!, (int)page["rules"]![0]!["wouldBeRefused24h"]!));
            Assert.Contains("it needs", (string?)page["groups"]![0]!["tell"], StringComparison.Ordinal);
            path = answer.Headers.TryGetValues("Link", out var link) ? link.Single()[1..link.Single().IndexOf('>', StringComparison.Ordinal)] : null;
        }

        Assert.Equal(5, seen.Distinct().Count());
        var one = $"/admin/realms/contact-centre/observe/{seen[0]}/acknowledgement";
        Assert.Equal(HttpStatusCode.BadRequest, (await admin.PutAsJsonAsync(one, new { note = " " })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.PutAsJsonAsync(one, new { note = "a scanner" })).StatusCode);
        Assert.Equal(4, (await GroupsAsync("?open=true")).Count);
        Assert.Equal("a scanner", (string?)(await GroupsAsync("")).Single(group => (string?)group!["id"] == seen[0])!["note"]);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync(one)).StatusCode);
        Assert.Equal(5, (await GroupsAsync("?open=true")).Count);
        foreach (var id in (string[])["nothing", "'%20or%201=1", seen[0][..12], new string('0', 32)])
            Assert.Equal(HttpStatusCode.NotFound, (await admin.DeleteAsync($"/admin/realms/contact-centre/observe/{id}/acknowledgement")).StatusCode);
        foreach (var query in (string[])["after=x", "after=1.%00", "days=0", "days=x", "open=perhaps", "service=%00"])
            Assert.Equal(HttpStatusCode.BadRequest, (await admin.GetAsync("/admin/realms/contact-centre/observe?" + query)).StatusCode);

        Assert.Equal(HttpStatusCode.Unauthorized, (await gate.Desk.Http.GetAsync("/admin/realms/contact-centre/observe")).StatusCode);
        using var service = gate.Desk.NewClient();
        service.DefaultRequestHeaders.Authorization = new("Bearer", await gate.Desk.ServiceTokenAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await service.GetAsync("/admin/realms/contact-centre/observe")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await service.DeleteAsync(one)).StatusCode);

        async Task<JsonArray> GroupsAsync(string query) => JsonNode.Parse(await admin.GetStringAsync("/admin/realms/contact-centre/observe" + query))!["groups"]!.AsArray();
    }

    [Fact]
    public async Task Check_tells_what_is_observed_and_until_when()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, Access.Replace("{upstream}", "http://127.0.0.1:1", StringComparison.Ordinal) + "\nobserve-clients: { crm-sync: { until: 2020-01-01 }, pbx: { until: 2999-01-01 } }\n", TestContext.Current.CancellationToken);
        var told = await Program.HereAsync("", "check", file);
        Assert.Equal(0, told.Code);
        Assert.Contains("the service calls (customers get tokens by then)", told.Output, StringComparison.Ordinal);
        Assert.Contains("Observed only, until 2999-01-01", told.Output, StringComparison.Ordinal);
        Assert.Contains("the client pbx", told.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("the client crm-sync", told.Output, StringComparison.Ordinal);
        Assert.Contains("observe.over", told.Output, StringComparison.Ordinal);
        Assert.Equal(2, JsonNode.Parse((await Program.HereAsync("", "check", file, "--json")).Output)!["observed"]!.AsArray().Count);
        Assert.Contains("it is observed only, and passes all the same", (await Program.HereAsync("", "explain", "GET", "/calls/x", "--file", file)).Output, StringComparison.Ordinal);
        File.Delete(file);
    }

    private static async Task<string> SayAsync(GateDesk gate, params string[] words)
    {
        var ended = await Program.HereAsync("", ["observe", .. words, "--data", gate.Desk.Data]);
        Assert.True(ended.Code == 0, $"{string.Join(' ', words)}: {ended.Code} {ended.Error}");
        return ended.Output;
    }

    private static async Task RefusedAsync(GateDesk gate, string because, params string[] words)
    {
        var ended = await Program.HereAsync("", ["observe", .. words, "--data", gate.Desk.Data]);
        Assert.Equal(1, ended.Code);
        Assert.Contains(because, ended.Error, StringComparison.Ordinal);
    }
}
