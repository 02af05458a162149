using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>A forged message that a desktop heard comes into the audit log; strangers write nothing there, and a flood little.</summary>
public sealed class ForgedTests(GadgetSite site) : IClassFixture<GadgetSite>
{
    [Fact]
    public async Task An_agents_desktop_has_it_audited()
    {
        var (session, full) = await site.Agents.SignInAsync();
        Assert.Equal(204, await TellAsync(full, ("origin", "https://evil.example\n\u0007é"), ("claimed", "lookup"), ("from", "trusted"), ("at", "desktop")));
        var told = await site.AuditedAsync("gadget.forged", one => one.Session == session.Id);
        Assert.Equal(("trusted", "lookup", "https://evil.example", "desktop"), (told.Details!["gadget"], told.Details["claimed"], told.Details["origin"], told.Details["heard_by"]));
        Assert.Equal(204, await TellAsync(full, ("origin", new string('o', 1000)), ("claimed", new string('c', 500)), ("from", "nobody"), ("at", "lookup")));
        told = await site.AuditedAsync("gadget.forged", one => one.Session == session.Id && one.Details!["heard_by"] == "lookup");
        Assert.Equal(("", 64, 255), (told.Details!["gadget"], told.Details["claimed"].Length, told.Details["origin"].Length));
    }

    [Fact]
    public async Task Nobody_else_and_no_other_page_does()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (narrow, st) = await site.HoldAsync(full, "lookup");
        Assert.Equal(401, await TellAsync(null, ("origin", "x")));
        Assert.Equal(401, await TellAsync(narrow, ("origin", "x")));
        Assert.Equal(401, await TellAsync(st, ("origin", "x")));
        Assert.Equal(401, await TellAsync(await site.Desk.ServiceTokenAsync(), ("origin", "x")));
        var (ended, gone) = await site.Agents.SignInAsync();
        await site.Agents.EndAsync(ended);
        Assert.Equal(401, await TellAsync(gone, ("origin", "x")));
        Assert.Equal(400, await TellAsync(full, ("origin", new string('x', 3000))));
        foreach (var from in (string[])["cross-site", "same-site", "none"])
        {
            using var request = Request(full, ("origin", "x"));
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", from);
            using var answer = await site.Desk.Http.SendAsync(request);
            Assert.Equal(403, (int)answer.StatusCode);
        }
    }

    private static HttpRequestMessage Request(string? token, params (string Name, string Value)[] fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/forged") { Content = new FormUrlEncodedContent(fields.Select(one => KeyValuePair.Create(one.Name, one.Value))) };
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return request;
    }

    private async Task<int> TellAsync(string? token, params (string Name, string Value)[] fields)
    {
        using var request = Request(token, fields);
        using var answer = await site.Desk.Http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
