using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>Off unless a realm is named; what cannot be keeps the program from starting; what is missing is told.</summary>
public sealed class FinesseSettingsTests
{
    [Fact]
    public async Task Without_a_realm_it_is_not_there()
    {
        await using var desk = await Desk.OpenAsync();
        foreach (var path in (string[])["/finesse/api/SystemInfo", "/desktop/sso/token"])
        {
            using var answer = await desk.Http.GetAsync(path);
            Assert.Equal("route.unknown", await GateDesk.CodeOfAsync(answer));
        }
    }

    [Theory]
    [InlineData(""" "deploymentType": "UCM" """, "facades:finesse:deploymentType")]
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
    public async Task In_non_sso_there_is_no_sso_and_a_switch_turns_the_question_off()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("NON_SSO", """, "userAuthMode": false"""));
        var site = new FinesseSite(desk, null!);
        Assert.Equal("OUT_OF_SERVICE", (await FinesseSite.XmlAsync(await site.GetAsync("/finesse/api/SystemInfo"), HttpStatusCode.OK)).Element("status")!.Value);
        var off = await FinesseSite.XmlAsync(await site.GetAsync("/finesse/api/UserAuthMode/any"), HttpStatusCode.Forbidden);
        Assert.Equal(("Forbidden", "UserAuthModeService is disabled"), (off.Element("ApiError")!.Element("ErrorType")!.Value, off.Element("ApiError")!.Element("ErrorMessage")!.Value));
        await FinesseSite.JsonAsync(await site.GetAsync("/desktop/sso/token"), HttpStatusCode.BadRequest);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.GetAsync("/desktop/sso/test")).StatusCode);
    }
}
