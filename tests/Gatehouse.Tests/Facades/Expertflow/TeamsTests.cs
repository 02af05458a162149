using System.Net;
using Gatehouse.Facades.Expertflow.Teams;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>Teams as the vendor's own server tells them, and what is made of a server that tells nothing.</summary>
public sealed class TeamsTests
{
    private static readonly User Sven = new() { Id = "5f1a", Realm = "cx", Username = "sven" };

    [Fact]
    public async Task Its_answer_is_parted_by_who_supervises()
    {
        await using var server = await ServerAsync(200, """
            {"userTeam":{"teamId":"1","teamName":"A"},"supervisedTeams":[{"teamId":"2","teamName":"B","supervisor":"Sven","secondarySupervisors":[]},
             {"teamId":"3","teamName":"C","supervisor":"sofia","secondarySupervisors":[{"username":"sven"}]},{"teamName":"without an id"},7]}
            """);
        var teams = await AskAsync(server.Url + "/unified-admin/");
        Assert.Equal((new Team("1", "A"), true), (teams.Own, teams.Any));
        Assert.Equal([new Team("2", "B")], teams.Supervised);
        Assert.Equal([new Team("3", "C")], teams.SupervisedSecond);
        Assert.Equal(["/unified-admin/team/5f1a"], server.Asked);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(500)]
    public async Task Who_is_unknown_there_has_no_team(int status)
    {
        await using var server = await ServerAsync(status, "no");
        Assert.False((await AskAsync(server.Url)).Any);
    }

    [Theory]
    [InlineData(200, "[]")]
    [InlineData(200, "{")]
    [InlineData(302, "")]
    [InlineData(401, "{}")]
    public async Task What_is_no_answer_decides_nothing(int status, string body)
    {
        await using var server = await ServerAsync(status, body);
        Assert.Equal(500, (await Assert.ThrowsAsync<TeamsFault>(() => AskAsync(server.Url))).Status);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_so() => Assert.Equal(404, (await Assert.ThrowsAsync<TeamsFault>(() => AskAsync($"http://127.0.0.1:{Loopback.FreePort()}"))).Status);

    private static async Task<TeamsOfPerson> AskAsync(string server)
    {
        using var http = new OutboundHttp();
        return await new ServerTeams(http, server).OfAsync(Sven, TestContext.Current.CancellationToken);
    }

    private static Task<FixedServer> ServerAsync(int status, string body) => FixedServer.StartAsync(context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    });
}
