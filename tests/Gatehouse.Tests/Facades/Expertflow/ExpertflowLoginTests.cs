using System.Net;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>Sign-in and renewal in Expertflow's wire form: what its clients send, what they read, and what nobody learns.</summary>
public sealed class ExpertflowLoginTests(ExpertflowLoginTests.Fixture fixture) : IClassFixture<ExpertflowLoginTests.Fixture>
{
    private ExpertflowSite Site => fixture.Site;

    [Theory]
    [InlineData(ExpertflowSite.Login)]
    [InlineData(ExpertflowSite.KeycloakLogin)]
    public async Task Name_and_password_become_tokens_and_the_person(string path)
    {
        var user = await Site.AgentAsync("alice" + path.Length, ("agentExtension", "1001"), ("otpSecret", "KEEPTHIS"));
        var reply = await Site.LoginAsync(user.Username, ExpertflowSite.Password, path);
        Assert.Equal((HttpStatusCode.OK, 200), (reply.Status, reply.Body.GetProperty("statusCode").GetInt32()));
        var person = reply.User;
        Assert.Equal(["id", "firstName", "lastName", "username", "realm", "roles", "permittedResources", "attributes", "userTeam", "supervisedTeams", "secondarySupervisedTeams"], person.EnumerateObject().Select(one => one.Name));
        Assert.Equal((user.Id, "Al", "", user.Username, Outpost.Realm), (person.GetProperty("id").GetString(), person.GetProperty("firstName").GetString(), person.GetProperty("lastName").GetString(), person.GetProperty("username").GetString(), person.GetProperty("realm").GetString()));
        Assert.Contains("agent", person.GetProperty("roles").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("""{"Resources":[]}""", person.GetProperty("permittedResources").GetRawText());
        Assert.Equal("""{"agentExtension":["1001"]}""", person.GetProperty("attributes").GetRawText());
        Assert.Equal("""{"teamId":"7a1e","teamName":"Team A"}""", person.GetProperty("userTeam").GetRawText());
        Assert.Null(Site.Desk.Part<Verify>().Check(reply.Token, "cim", out var principal));
        Assert.Equal((user.Id, "cim"), (principal!.Subject, principal.Client));
        Assert.Equal(principal.Session, (await Site.AuditedAsync("LOGIN", null, one => one.User == user.Id)).Session);
    }

    [Fact]
    public async Task Supervisors_have_their_teams()
    {
        await Site.AddAsync("sofia", ["supervisor"], ["senior_agents_permission"]);
        await Site.AddAsync("sven", ["agent", "supervisor"], ["agents_permission", "senior_agents_permission"]);
        var (first, second) = ((await Site.LoginAsync("sofia", ExpertflowSite.Password)).User, (await Site.LoginAsync("sven", ExpertflowSite.Password)).User);
        const string Team = """[{"teamId":"7a1e","teamName":"Team A"}]""";
        Assert.Equal((JsonValueKind.Null, Team, "[]"), (first.GetProperty("userTeam").ValueKind, first.GetProperty("supervisedTeams").GetRawText(), first.GetProperty("secondarySupervisedTeams").GetRawText()));
        Assert.Equal(("[]", Team), (second.GetProperty("supervisedTeams").GetRawText(), second.GetProperty("secondarySupervisedTeams").GetRawText()));
    }

    [Theory]
    [InlineData("nobody1", "", "agents_permission,team-a", "No role", "role_missing")]
    [InlineData("nobody2", "agent", "team-a", "No permission group", "permissions_missing")]
    [InlineData("nobody3", "supervisor", "agents_permission,team-a", "No permission group", "permissions_missing")]
    [InlineData("nobody4", "agent,supervisor", "agents_permission,team-a", "No permission group", "permissions_missing")]
    [InlineData("nobody5", "agent", "agents_permission", "No team", "team_missing")]
    [InlineData("nobody6", "supervisor", "senior_agents_permission", "No team", "team_missing")]
    public async Task What_the_vendors_library_asks_for_is_told_after_the_password_was_right(string name, string roles, string groups, string words, string code)
    {
        var user = await Site.AddAsync(name, roles.Split(',', StringSplitOptions.RemoveEmptyEntries), groups.Split(','));
        var reply = await Site.LoginAsync(name, ExpertflowSite.Password);
        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.StartsWith(words, reply.Reason, StringComparison.Ordinal);
        Assert.Equal("Token Generation Error: Failed to generate a user access token.", reply.Body.GetProperty("error").GetProperty("error_message").GetString());
        Assert.Equal("cim", (await Site.AuditedAsync("LOGIN_ERROR", code, one => one.User == user.Id)).Client);
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.LoginAsync(name, "not-it")).Status);
    }

    [Fact]
    public async Task Wrong_password_unknown_user_and_disabled_user_are_one_answer_and_who_guesses_waits()
    {
        await Site.AgentAsync("bruno");
        var gone = await Site.AgentAsync("gone");
        await Site.Desk.Part<Database>().WriteAsync(work => Site.Desk.Part<Users>().ChangeAsync(work, gone with { Enabled = false }), default);
        var answers = new List<string>();
        foreach (var (name, password) in ((string, string)[])[("bruno", "not-it"), ("nobody-at-all", ExpertflowSite.Password), ("gone", ExpertflowSite.Password)])
        {
            var reply = await Site.LoginAsync(name, password);
            Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
            answers.Add(reply.Body.ToString());
        }

        Assert.Single(answers.Distinct());
        ExpertflowSite.Reply next;
        var tries = 0;
        while ((next = await Site.LoginAsync("bruno", "guess")).Status == HttpStatusCode.Unauthorized) Assert.True(++tries <= 5);
        Assert.Equal((HttpStatusCode)429, next.Status);
        Assert.Contains("Too many attempts", next.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(next.Header("Retry-After"));
        Assert.Equal((HttpStatusCode)429, (await Site.LoginAsync("bruno", ExpertflowSite.Password)).Status);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "", "application/json" }, { "{", "application/json" }, { "[]", "application/json" }, { "null", "application/json" }, { "{}", "application/json" }, { """{"username":"a"}""", "application/json" }, { """{"password":"x"}""", "application/json" },
        { """{"username":"","password":"x"}""", "application/json" }, { """{"username":"a","password":""}""", "application/json" }, { """{"username":1,"password":"x"}""", "application/json" }, { """{"username":["a"],"password":"x"}""", "application/json" },
        { """{"username":"a","username":"b","password":"x"}""", "application/json" }, { """{"username":"a\u0000b","password":"x"}""", "application/json" }, { """{"username":"\ud800","password":"x"}""", "application/json" }, { """{"username":"a","password":"x"} {}""", "application/json" },
        { """{"username":"a","password":"x","b":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", "application/json" }, { "username=a&password=x", "application/x-www-form-urlencoded" }, { """{"username":"a","password":"x"}""", "text/plain" },
        { $$"""{"username":"a","password":"{{new string('x', 300)}}"}""", "application/json" }, { $$"""{"username":"{{new string('a', 100_000)}}","password":"x"}""", "application/json" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_sign_in_is_told_so_in_the_vendors_form(string body, string type)
    {
        foreach (var path in (string[])[ExpertflowSite.Login, ExpertflowSite.KeycloakLogin])
        {
            var reply = await Site.PostAsync(path, body, type);
            Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
            Assert.NotEmpty(reply.Reason);
        }

        await Site.AuditedAsync("LOGIN_ERROR", "invalid_request");
        if (!body.Contains("\"username\":\"a\"", StringComparison.Ordinal)) Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(ExpertflowSite.Refresh, body, type)).Status);
    }

    [Theory]
    [InlineData("refreshToken")]
    [InlineData("refresh_token")]
    public async Task A_refresh_token_becomes_the_next_tokens_in_both_shapes(string member)
    {
        var user = await Site.AgentAsync("dora" + member.Length);
        var first = await Site.LoginAsync(user.Username, ExpertflowSite.Password);
        var reply = await RefreshAsync(first.RefreshToken, member);
        Assert.Equal((HttpStatusCode.OK, 200), (reply.Status, reply.Body.GetProperty("status").GetInt32()));
        Assert.Equal((reply.Token, reply.RefreshToken), (reply.Body.GetProperty("access_token").GetString(), reply.Body.GetProperty("refresh_token").GetString()));
        Assert.NotEqual(first.RefreshToken, reply.RefreshToken);
        Assert.Equal(ExpertflowSite.Claims(first.Token).GetProperty("sid").GetString(), ExpertflowSite.Claims(reply.Token).GetProperty("sid").GetString());
        Assert.InRange(ExpertflowSite.Claims(reply.Token).GetProperty("exp").GetInt64() - DateTimeOffset.UtcNow.ToUnixTimeSeconds(), 1700, 1800);

        // A team that is taken away counts at the next renewal.
        var team = (await Site.Desk.Part<Groups>().FindByPathAsync(Outpost.Realm, "/team-a", default))!.Id;
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await Site.Desk.Part<Groups>().LeaveAsync(work, Outpost.Realm, user.Id, team);
            return true;
        }, default);
        var barred = await RefreshAsync(reply.RefreshToken, member);
        Assert.Equal(HttpStatusCode.Forbidden, barred.Status);
        Assert.StartsWith("No team", barred.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refresh_token_counts_once_here_and_nowhere_else()
    {
        await Site.AgentAsync("elio");
        var first = await Site.LoginAsync("elio", ExpertflowSite.Password);
        var second = await RefreshAsync(first.RefreshToken);

        // Two tabs at once get the same; who comes later is a thief, and all that came of it ends.
        Assert.Equal(second.RefreshToken, (await RefreshAsync(first.RefreshToken)).RefreshToken);
        await RefreshAsync(second.RefreshToken);
        await Site.Desk.Part<Database>().WriteAsync(work => Site.Desk.Part<Realms>().ChangeAsync(work, Site.Desk.Part<Realms>().Find(Outpost.Realm)! with { RefreshGrace = TimeSpan.FromSeconds(-1) }), default);
        var replay = await RefreshAsync(first.RefreshToken);
        Assert.Equal((HttpStatusCode.BadRequest, 400, "Refresh Token expired, please login again"), (replay.Status, replay.Body.GetProperty("status").GetInt32(), replay.Body.GetProperty("message").GetString()));
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(second.RefreshToken)).Status);
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "invalid_grant", one => one.Client == "cim");
    }

    [Fact]
    public async Task Refresh_tokens_of_elsewhere_and_altered_ones_do_not_count()
    {
        await Site.AgentAsync("fiona");
        var good = (await Site.LoginAsync("fiona", ExpertflowSite.Password)).RefreshToken;
        var bare = good[..good.LastIndexOf('.')];
        foreach (var token in (string[])[bare, bare + ".", bare + ".AAAAAAAAAAAAAAAAAAAAAA", good + "A", "x" + good, ".", "nonsense", new string('a', 4000)])
        {
            var reply = await RefreshAsync(token);
            Assert.Equal((HttpStatusCode.BadRequest, "Refresh Token expired, please login again"), (reply.Status, reply.Body.GetProperty("message").GetString()));
        }

        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "not_ours");
        Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(ExpertflowSite.Refresh, $$"""{"refreshToken":"{{good}}","refresh_token":"{{good}}"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await RefreshAsync(good)).Status);
    }

    [Fact]
    public async Task Only_the_exact_paths_are_ours()
    {
        using var get = await Site.Desk.Http.GetAsync(ExpertflowSite.Login);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        foreach (var path in (string[])["/agent-manager/agent/login/x", "/agent-manager/agent", "/agent-manager/agent/loginx", "/agent-manager/agentSetting", "/unified-admin/keycloakLogin/x", "/agent-manager/agent/refresh-token2"])
        {
            using var answer = await Site.Desk.Http.GetAsync(path);
            Assert.True(await GateDesk.CodeOfAsync(answer) is "route.unknown" or "path.ambiguous" or "credential.missing", $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private Task<ExpertflowSite.Reply> RefreshAsync(string token, string member = "refreshToken") => Site.PostAsync(ExpertflowSite.Refresh, $$"""{"{{member}}":"{{token}}"}""");

    public sealed class Fixture : IAsyncLifetime
    {
        internal ExpertflowSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Site = await ExpertflowSite.MakeAsync(await Desk.OpenAsync(with: ExpertflowSite.On()));

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
