using System.Net;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>Off unless a realm is named; what cannot be keeps the program from starting; what is missing is told.</summary>
public sealed class FinesseSettingsTests
{
    [Fact]
    public async Task Without_a_realm_it_is_not_there()
    {
        // The demo has it on, unless it is said otherwise.
        await using var desk = await Desk.OpenAsync(with: options =>
        {
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), """{ "facades": { "finesse": { "realm": "" } } }""");
            return options;
        });
        foreach (var path in (string[])["/finesse/api/SystemInfo", "/desktop/sso/token"])
        {
            using var answer = await desk.Http.GetAsync(path);
            Assert.Equal("route.unknown", await GateDesk.CodeOfAsync(answer));
        }
    }

    [Theory]
    [InlineData(""" "deploymentType": "UCM" """, "facades:finesse:deploymentType")]
    [InlineData(""" "peripheralId": -1 """, "facades:finesse:peripheralId")]
    [InlineData(""" "ctiVersion": -1 """, "facades:finesse:ctiVersion")]
    [InlineData(""" "license": "a\nb" """, "facades:finesse:license")]
    [InlineData(""" "accessExpires": "00:00:10" """, "facades:finesse:accessExpires")]
    [InlineData(""" "refreshExpires": "01:00:00" """, "facades:finesse:refreshExpires")]
    [InlineData(""" "codeExpires": "01:00:00" """, "facades:finesse:codeExpires")]
    [InlineData(""" "origins": ["*"] """, "facades:finesse:origins")]
    [InlineData(""" "hosts": ["https://fin1"] """, "facades:finesse:hosts")]
    [InlineData(""" "hosts": ["a", "b", "c"] """, "facades:finesse:hosts")]
    [InlineData(""" "withoutPkce": ["crm"] """, "facades:finesse:withoutPkce")]
    [InlineData(""" "withoutPkce": ["crm until 31.12.2027"] """, "facades:finesse:withoutPkce")]
    public async Task Settings_that_cannot_be_are_told_at_the_start(string wrong, string key)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () => await Desk.OpenAsync(with: FinesseSite.On("SSO", ", " + wrong)));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_runs_it_is_told_when_codes_without_pkce_end()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["facades:finesse:realm"] = "any", ["facades:finesse:withoutPkce:0"] = "far until 2099-01-01", ["facades:finesse:withoutPkce:1"] = "near until 2027-02-01", ["facades:finesse:withoutPkce:2"] = "gone until 2026-12-31",
        }).Build().GetSection("facades");
        var told = Gatehouse.Facades.FacadesRoom.Warnings(section, new DateTimeOffset(2027, 1, 2, 0, 0, 0, TimeSpan.Zero));
        Assert.Collection(told, one => Assert.Contains("'near' may use codes without PKCE for 30 more days", one, StringComparison.Ordinal), one => Assert.Contains("last day of 'gone' was 2026-12-31", one, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_seats_an_agent_has_states_and_no_session_and_nobody_shows_a_password_in_sso()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("NON_SSO"));
        var site = await FinesseSite.MakeAsync(desk);
        var user = await site.AddAsync("olga", ("finesse.authMode", "SSO"));
        var basic = FinesseSite.Basic("olga", FinesseSite.Password);
        async Task<HttpStatusCode> PutAsync(string xml)
        {
            using var content = new StringContent(xml, System.Text.Encoding.UTF8, "application/xml");
            return (await site.SendAsync(HttpMethod.Put, "/finesse/api/User/olga", basic, content)).StatusCode;
        }

        async Task<string> StateAsync() => (await FinesseSite.XmlAsync(await site.GetAsync("/finesse/api/User/olga", basic), HttpStatusCode.OK)).Element("state")!.Value;
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync("<User><state>READY</state></User>"));
        Assert.Equal(HttpStatusCode.Accepted, await PutAsync("<User><state>LOGIN</state><extension>1573</extension></User>"));
        Assert.Equal("NOT_READY", await StateAsync());
        Assert.Equal(HttpStatusCode.Accepted, await PutAsync("<User><state>READY</state></User>"));
        Assert.Equal("READY", await StateAsync());
        Assert.Empty((await desk.Part<Gatehouse.Sessions.SessionStore>().ListAsync(Gatehouse.Tests.Federation.Outpost.Realm, user.Id, null, 10, default)).Items);
        Assert.Equal(HttpStatusCode.Accepted, await PutAsync("<User><state>LOGOUT</state></User>"));
        Assert.Equal("LOGOUT", await StateAsync());

        await using var sso = await Desk.OpenAsync(with: FinesseSite.On("SSO"));
        var other = await FinesseSite.MakeAsync(sso);
        await other.AddAsync("olga", ("finesse.authMode", "NON_SSO"));
        Assert.Equal("Authorization Failure", await FinesseSite.ErrorAsync(await other.GetAsync("/finesse/api/User/olga", basic), HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task In_non_sso_there_is_no_sso_and_a_switch_turns_the_question_off()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("NON_SSO", """, "userAuthMode": false"""));
        var site = new FinesseSite(desk, null!);
        var system = await FinesseSite.XmlAsync(await site.GetAsync("/finesse/api/SystemInfo"), HttpStatusCode.OK);
        Assert.Equal(("OUT_OF_SERVICE", "failure", "0", "5000", ""), (system.Element("status")!.Value, system.Element("lastCTIHeartbeatStatus")!.Value, system.Element("lastSuccessCTIHeartbeatTime")!.Value, system.Element("peripheralId")!.Value, system.Element("license")!.Value));
        var off = await FinesseSite.XmlAsync(await site.GetAsync("/finesse/api/UserAuthMode/any"), HttpStatusCode.Forbidden);
        Assert.Equal(("Forbidden", "UserAuthModeService is disabled"), (off.Element("ApiError")!.Element("ErrorType")!.Value, off.Element("ApiError")!.Element("ErrorMessage")!.Value));
        await FinesseSite.JsonAsync(await site.GetAsync("/desktop/sso/token"), HttpStatusCode.BadRequest);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.GetAsync("/desktop/sso/test")).StatusCode);
    }
}
