using Gatehouse.Clients;
using Gatehouse.Gateway.Access;
using Xunit;

namespace Gatehouse.Tests.Clients;

/// <summary>What is proposed to the holders of a shared secret can be pasted as it stands, whatever their programs call themselves.</summary>
public sealed class LegacyProposalTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 20, 8, 30, 0, TimeSpan.Zero);

    private static LegacyUse Use(string address, string agent, string route, string method, double days = 0, bool current = true, string service = "recording")
        => new(Guid.NewGuid().ToString("n"), new LegacyUseKey("r", "play", current, address, agent, service, route, method), 3, Now.AddDays(-days - 1), Now.AddDays(-days));

    [Fact]
    public void Each_client_gets_an_account_with_just_its_routes_and_shares_rules_with_others()
    {
        var proposal = Of(
            Use("192.0.2.7", "recorder/2.1", "/recording/records/search", "POST"), Use("192.0.2.7", "recorder/2.1", "/recording/records/{id}", "GET"), Use("192.0.2.7", "recorder/2.1", "/recording/records/{id}", "DELETE", current: false, days: 2),
            Use("2001:db8::/64", "curl/8.5", "/recording/records/{id}", "GET", current: false), Use("2001:db8::/64", "curl/8.5", "/configmgt/**", "OTHER", service: "configmgt"),
            Use("192.0.2.9", "", "/configmgt/**", "GET", service: "configmgt", days: 40), Use(LegacyUseKey.Others, "", "/configmgt/**", "PUT", service: "configmgt"));

        Assert.Equal(["play-recorder-192-0-2-7", "play-curl-2001-db8", "play-unnamed-192-0-2-9", null], proposal.Clients.OrderByDescending(one => one.Times).ThenBy(one => one.Client is null).ThenByDescending(one => one.Last).Select(one => one.Client));
        var recorder = proposal.Clients.Single(one => one.Agent == "recorder/2.1");
        Assert.Equal("gatehouse clients add play-recorder-192-0-2-7 --service-account --realm r", recorder.Command);
        Assert.Equal([("/recording/records/search", "POST"), ("/recording/records/{id}", "DELETE GET")], recorder.Routes.Select(route => (route.Path, string.Join(' ', route.Methods))));
        Assert.False(recorder.OnOldValue);
        Assert.Equal(Now.AddDays(-2), recorder.LastOld);
        Assert.True(proposal.Clients.Single(one => one.Agent == "curl/8.5").OnOldValue);
        Assert.True(proposal.Clients.Single(one => one.Address == "192.0.2.9").Quiet);
        Assert.Equal(
            [
                "- { path: \"/recording/records/search\", methods: [POST], allow: { clients: [play-recorder-192-0-2-7, \"legacy:play\"] } }",
                "- { path: \"/recording/records/{id}\", methods: [DELETE], allow: { clients: [play-recorder-192-0-2-7, \"legacy:play\"] } }",
                "- { path: \"/recording/records/{id}\", methods: [GET], allow: { clients: [play-curl-2001-db8, play-recorder-192-0-2-7, \"legacy:play\"] } }",
            ],
            Assert.Single(proposal.Rules).Lines);
        Assert.False(proposal.Weaned);
        Assert.StartsWith("3 clients use 'play' yet, 1 of them with an old value", proposal.Summary, StringComparison.Ordinal);

        var file = "realm: r\nlegacy: { play: { values: [\"env:A\"], until: 2027-06-30 } }\nservices:\n  recording:\n    upstreams: [\"http://127.0.0.1:1\"]\n    accept: [token, \"legacy:play\"]\n    rules:\n"
            + string.Concat(proposal.Rules[0].Lines.Select(line => $"      {line}\n"));
        var (read, findings) = AccessReader.Read(file);
        Assert.True(read is not null, string.Join('\n', findings));
        Assert.Empty(findings);
    }

    [Fact]
    public void A_secret_that_nobody_uses_may_go()
    {
        Assert.True(Of(Use("192.0.2.7", "recorder", "/a", "GET", days: 31)).Weaned);
        Assert.Contains("31 days", Of(Use("192.0.2.7", "recorder", "/a", "GET", days: 31)).Summary, StringComparison.Ordinal);
        Assert.False(Of(Use("192.0.2.7", "recorder", "/a", "GET", days: 31), Use("192.0.2.8", "recorder", "/a", "GET", days: 29)).Weaned);
        Assert.Contains("No use of 'play'", Assert.Single(LegacyProposal.Of("r", [], "play", 30, Now)).Summary, StringComparison.Ordinal);
        Assert.Empty(LegacyProposal.Of("r", [], null, 30, Now));
    }

    [Theory]
    [InlineData("$(rm -rf /)`x`;|&\"'\\")]
    [InlineData("]}, allow: {} #")]
    [InlineData("--yes")]
    [InlineData("\u001b[31mred")]
    [InlineData("")]
    public void Whatever_an_agent_is_called_the_command_holds_letters_digits_and_dashes(string agent)
    {
        var proposal = Of(Use("192.0.2.7", agent, "/recording/x", "GET"), Use("192.0.2.7", agent + " ", "/recording/x", "GET"));
        Assert.Equal(2, proposal.Clients.Select(one => one.Client).Distinct().Count());
        Assert.All(proposal.Clients, one => Assert.Matches("^gatehouse clients add play-[a-z0-9-]+ --service-account --realm r$", one.Command!));
        Assert.Matches("^- { path: \"/recording/x\", methods: \\[GET\\], allow: { clients: \\[[a-z0-9, -]+, \"legacy:play\"\\] } }$", proposal.Rules[0].Lines[0]);
    }

    private static LegacyProposal Of(params LegacyUse[] uses) => Assert.Single(LegacyProposal.Of("r", uses, null, 30, Now));
}
