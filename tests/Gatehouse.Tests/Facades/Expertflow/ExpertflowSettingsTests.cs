using System.Net;
using System.Text.Json;
using Gatehouse.Facades.Expertflow.Until;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>Off unless a realm is named, call by call, each with its end; what cannot be keeps the program from starting; what is missing is told.</summary>
public sealed class ExpertflowSettingsTests
{
    [Fact]
    public async Task Without_a_realm_it_is_not_there_and_a_call_without_an_end_is_the_gates()
    {
        await using (var desk = await Desk.OpenAsync())
            foreach (var path in (string[])[ExpertflowSite.Login, ExpertflowSite.KeycloakLogin, ExpertflowSite.Refresh]) Assert.False(await IsOursAsync(desk, path));
        await using (var desk = await Desk.OpenAsync(with: ExpertflowSite.On(until: $$"""{ "login": "{{ExpertflowSite.Far}}" }""")))
            foreach (var path in (string[])[ExpertflowSite.Login, ExpertflowSite.KeycloakLogin, ExpertflowSite.Refresh]) Assert.Equal(path == ExpertflowSite.Login, await IsOursAsync(desk, path));
    }

    // The demo's access file lets these calls through to the vendor's own components.
    private static async Task<bool> IsOursAsync(Desk desk, string path)
    {
        using var answer = await desk.Http.PostAsync(path, null);
        return answer.Headers.Contains("Sunset") && (await answer.Content.ReadAsStringAsync()).Contains("error_message", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "expires": "00:00:10" """, "facades:expertflow:expires")]
    [InlineData(""" "teams": { "server": "ftp://x" } """, "facades:expertflow:teams:server")]
    [InlineData(""" "teams": { "server": "https://u:p@x/" } """, "facades:expertflow:teams:server")]
    [InlineData(""" "teams": { "server": "/team" } """, "facades:expertflow:teams:server")]
    public async Task Settings_that_cannot_be_are_told_at_the_start(string wrong, string key)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Desk.OpenAsync(with: ExpertflowSite.On(", " + wrong)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ }", "no call has an end date")]
    [InlineData("""{ "login": "soon" }""", "facades:expertflow:until:login")]
    [InlineData("""{ "keycloakLogin": "31.12.2030" }""", "facades:expertflow:until:keycloakLogin")]
    [InlineData("""{ "refreshToken": "9999-12-31" }""", "facades:expertflow:until:refreshToken")]
    [InlineData("""{ "registerPhone": "soon" }""", "facades:expertflow:until:registerPhone")]
    [InlineData("""{ "sendSmsOtp": "soon" }""", "facades:expertflow:until:sendSmsOtp")]
    [InlineData("""{ "validateOtp": "soon" }""", "facades:expertflow:until:validateOtp")]
    [InlineData("""{ "login": "2030-01-01", "notice": "-1.00:00:00" }""", "facades:expertflow:until:notice")]
    public async Task Each_call_needs_a_day(string until, string key)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Desk.OpenAsync(with: ExpertflowSite.On(until: until)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_announces_its_end_and_is_refused_after_it()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(until: $$"""{ "login": "{{ExpertflowSite.Day(0)}}", "keycloakLogin": "{{ExpertflowSite.Day(-1)}}" }"""));
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AgentAsync("alice");
        var good = await site.LoginAsync("alice", ExpertflowSite.Password);
        var end = DateTimeOffset.UtcNow.Date.AddDays(1);
        Assert.Equal((HttpStatusCode.OK, end.ToString("R"), $"@{new DateTimeOffset(end, TimeSpan.Zero).AddDays(-60).ToUnixTimeSeconds()}"), (good.Status, good.Header("Sunset"), good.Header("Deprecation")));
        Assert.Equal(end.ToString("R"), (await site.PostAsync(ExpertflowSite.Login, "{}")).Header("Sunset"));

        var over = await site.LoginAsync("alice", ExpertflowSite.Password, ExpertflowSite.KeycloakLogin);
        Assert.Equal(HttpStatusCode.Forbidden, over.Status);
        Assert.StartsWith($"This call ended on {ExpertflowSite.Day(-1)}", over.Reason, StringComparison.Ordinal);
        await site.AuditedAsync("LOGIN_ERROR", "call_ended", one => one.Details?["path"] == ExpertflowSite.KeycloakLogin);
    }

    public static TheoryData<string, string> Calls => new()
    {
        { "login", ExpertflowSite.Login }, { "keycloakLogin", ExpertflowSite.KeycloakLogin }, { "refreshToken", ExpertflowSite.Refresh },
        { "registerPhone", "/agent-manager/agent/register-phone" }, { "sendSmsOtp", "/agent-manager/agent/send-sms-otp" }, { "validateOtp", "/agent-manager/agent/validate-otp" },
    };

    [Theory, MemberData(nameof(Calls))]
    public async Task Each_call_has_a_day_of_its_own(string name, string path)
    {
        string[] paths = [.. Calls.Select(one => one.Data.Item2)];
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "secondFactor": "sms" """, until: $$"""{ "{{name}}": "{{ExpertflowSite.Day(-1)}}" }"""));
        var site = await ExpertflowSite.MakeAsync(desk);
        foreach (var other in paths.Where(one => one != path)) Assert.False(await IsOursAsync(desk, other));
        var over = await site.PostAsync(path, "{}");
        Assert.Equal(HttpStatusCode.Forbidden, over.Status);
        Assert.Contains($"ended on {ExpertflowSite.Day(-1)}", over.Body.ToString(), StringComparison.Ordinal);
        await site.AuditedAsync("LOGIN_ERROR", "call_ended", one => one.Details?["path"] == path);
    }

    [Theory]
    [InlineData("app", "{ \"login\": \"2030-01-01\" }", "validateOtp")]
    [InlineData("sms", "{ \"login\": \"2030-01-01\", \"sendSmsOtp\": \"2030-01-01\" }", "validateOtp registerPhone")]
    [InlineData("sms", "{ \"validateOtp\": \"2030-01-01\", \"registerPhone\": \"2030-01-01\" }", "")]
    [InlineData("app", "{ \"validateOtp\": \"2030-01-01\" }", "")]
    [InlineData(null, "{ \"login\": \"2030-01-01\" }", "")]
    public void A_second_factor_that_nobody_can_show_is_told_at_the_start(string? factor, string until, string missing)
        => Assert.Equal(missing, string.Join(' ', RouteEnd.Unanswered(JsonSerializer.Deserialize<UntilSettings>(until, JsonSerializerOptions.Web)!, factor)));

    [Fact]
    public void The_operator_is_warned_when_the_end_is_near()
    {
        var end = Assert.Single(RouteEnd.Of(new UntilSettings { Login = "2027-06-30" }));
        var (day, notice) = (new DateTimeOffset(2027, 7, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(60));
        Assert.Null(end.Warning(day.AddDays(-61), notice));
        Assert.Contains("in 60 days", end.Warning(day.AddDays(-60), notice), StringComparison.Ordinal);
        Assert.Contains("in 1 days", end.Warning(day.AddHours(-1), notice), StringComparison.Ordinal);
        Assert.Contains("refused since 2027-07-01", end.Warning(day, notice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_tells_what_ends_soon()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-ends-").FullName;
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, "realm: contact-centre\nservices:\n  a:\n    prefix: /a\n    upstreams: [\"http://127.0.0.1:1\"]\n    rules: [{ allow: { roles: [agent] } }]\n");
        Assert.DoesNotContain("facade.end", await CheckAsync(access), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), $$"""{ "facades": { "expertflow": { "realm": "cx", "until": { "login": "{{ExpertflowSite.Day(10)}}", "refreshToken": "{{ExpertflowSite.Far}}" } } } }""");
        var told = await CheckAsync(access);
        Assert.Contains("warning facade.end: /agent-manager/agent/login: refused from", told, StringComparison.Ordinal);
        Assert.DoesNotContain("refresh-token", told, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> CheckAsync(string access)
    {
        var (code, output, error) = await Gatehouse.Tests.House.Commands.Program.HereAsync("", "check", access);
        Assert.True(code == 0, output + error);
        return output;
    }

    [Fact]
    public async Task The_bare_form_is_there_for_older_clients()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "wrapped": false, "needsTeam": false, "needsPermissionGroup": false, "needsRole": false """));
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AddAsync("plain", [], []);
        var reply = await site.LoginAsync("plain", ExpertflowSite.Password, ExpertflowSite.KeycloakLogin);
        Assert.Equal(["token", "refresh_token", "keycloak_User"], reply.Body.EnumerateObject().Select(one => one.Name));
        Assert.Equal(["statusCode", "data"], (await site.LoginAsync("plain", ExpertflowSite.Password)).Body.EnumerateObject().Select(one => one.Name));
        using var content = new StringContent("""{"username":"plain","password":"not-it"}""", System.Text.Encoding.UTF8, "application/json");
        using var wrong = await desk.Http.PostAsync(ExpertflowSite.KeycloakLogin, content);
        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid Credentials"), (wrong.StatusCode, await wrong.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task What_is_missing_is_named_in_the_answer()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On(""", "client": "other" """));
        async Task<string> ToldAsync()
        {
            var site = new ExpertflowSite(desk, null!);
            var reply = await site.LoginAsync("a", "b");
            Assert.Equal(HttpStatusCode.InternalServerError, reply.Status);
            return reply.Reason;
        }

        Assert.Contains("no realm 'outpost'", await ToldAsync(), StringComparison.Ordinal);
        await ExpertflowSite.MakeAsync(desk);
        Assert.Contains("no client 'other'", await ToldAsync(), StringComparison.Ordinal);
    }
}
