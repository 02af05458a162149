using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>What an agent may do at the vendor's resource server is in the answer, in the token, and judged anew with each renewal.</summary>
public sealed class PermittedResourcesTests
{
    private const string Settings = """
        {"policyEnforcementMode":"ENFORCING","decisionStrategy":"AFFIRMATIVE",
         "resources":[{"name":"state-change","_id":"sc","scopes":[{"name":"manage_state_change"},{"name":"view"}]},{"name":"supervisor","_id":"sv","scopes":[{"name":"view_all"}]}],
         "policies":[{"name":"Agent Policy","type":"role","config":{"roles":"[{\"id\":\"agent\",\"required\":false}]"}},{"name":"Supervisor Policy","type":"role","config":{"roles":"[{\"id\":\"supervisor\",\"required\":false}]"}},
          {"name":"agents change states","type":"scope","config":{"resources":"[\"state-change\"]","scopes":"[\"manage_state_change\"]","applyPolicies":"[\"Agent Policy\"]"}},
          {"name":"supervisors see all","type":"scope","config":{"resources":"[\"supervisor\"]","scopes":"[\"view_all\"]","applyPolicies":"[\"Supervisor Policy\"]"}}],
         "scopes":[{"name":"manage_state_change"},{"name":"view"},{"name":"view_all"}]}
        """;

    [Fact]
    public async Task They_are_in_the_answer_and_in_the_token()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On());
        var site = await ExpertflowSite.MakeAsync(desk);
        await desk.Part<Database>().WriteAsync(async work =>
        {
            var cim = (await desk.Part<ClientStore>().FindByClientIdAsync(Outpost.Realm, "cim", default))! with { AuthorizationServices = true, ServiceAccount = true };
            await desk.Part<ClientStore>().ChangeAsync(work, cim);
            using var settings = JsonDocument.Parse(Settings);
            return await desk.Part<ResourceServers>().PutAsync(work, cim, SettingsReader.Merge(new ResourceServer(), settings.RootElement, cim));
        }, default);
        var user = await site.AgentAsync("alice");
        var reply = await site.LoginAsync("alice", ExpertflowSite.Password);
        const string Agents = """[{"scopes":["manage_state_change"],"rsid":"sc","rsname":"state-change"}]""";
        Assert.Equal($$"""{"Resources":{{Agents}}}""", reply.User.GetProperty("permittedResources").GetRawText());
        Assert.Equal(Agents, Permissions(reply.Token));

        // Judged anew: a role that came since counts at the next renewal.
        var supervisor = (await desk.Part<Roles>().FindByNameAsync(Outpost.Realm, null, "supervisor", default))!.Id;
        var senior = (await desk.Part<Groups>().FindByPathAsync(Outpost.Realm, "/senior_agents_permission", default))!.Id;
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Groups>().JoinAsync(work, Outpost.Realm, user.Id, senior);
            return await desk.Part<Roles>().GiveAsync(work, Outpost.Realm, RoleHolder.User, user.Id, supervisor);
        }, default);
        var next = await site.PostAsync(ExpertflowSite.Refresh, $$"""{"refreshToken":"{{reply.RefreshToken}}"}""");
        Assert.Contains("view_all", Permissions(next.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Teams_are_made_by_command()
    {
        await using var desk = await Desk.OpenAsync(with: ExpertflowSite.On());
        var site = await ExpertflowSite.MakeAsync(desk);
        await site.AddAsync("bruno", ["agent"], ["agents_permission"]);
        async Task<string> DoneAsync(params string[] words)
        {
            var ended = await Gatehouse.Tests.House.Commands.Program.HereAsync("", ["groups", .. words, "--realm", Outpost.Realm, "--data", desk.Data]);
            Assert.True(ended.Code == 0, ended.Output + ended.Error);
            return ended.Output + ended.Error;
        }

        await DoneAsync("add", "team-b", "--set", "teamId=b", "--set", "teamName=Team B", "--join", "bruno");
        await DoneAsync("add", "/team-b/night");
        Assert.Contains("teamName=Team B", await DoneAsync("list", "--search", "team"), StringComparison.Ordinal);

        // Another process made it: this one hears of the membership in a moment.
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        ExpertflowSite.Reply reply;
        while (!(reply = await site.LoginAsync("bruno", ExpertflowSite.Password)).Answer.IsSuccessStatusCode) await tick.WaitForNextTickAsync(late.Token);
        Assert.Equal("""{"teamId":"b","teamName":"Team B"}""", reply.User.GetProperty("userTeam").GetRawText());
        await DoneAsync("change", "team-b", "--leave", "bruno", "--set", "supervisor=sofia");
        await DoneAsync("delete", "team-b", "--yes");
        Assert.DoesNotContain("team-b", await DoneAsync("list"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await Gatehouse.Tests.House.Commands.Program.HereAsync("", "groups", "change", "team-b", "--realm", Outpost.Realm, "--data", desk.Data)).Code);
    }

    private static string Permissions(string token) => ExpertflowSite.Claims(token).GetProperty("authorization").GetProperty("permissions").GetRawText();
}
