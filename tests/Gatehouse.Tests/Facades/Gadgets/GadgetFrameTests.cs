using System.Net;
using System.Text.Json;
using AngleSharp;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>What the desktop is given for its gadgets, and what a gadget's page holds.</summary>
public sealed class GadgetFrameTests(GadgetSite site) : IClassFixture<GadgetSite>
{
    [Fact]
    public async Task Each_gadget_is_given_a_token_of_its_own_and_one_that_is_trusted_the_agents()
    {
        var (session, full) = await site.Agents.SignInAsync();
        var (status, body) = await site.TokensAsync(full);
        Assert.Equal(HttpStatusCode.OK, status);
        var all = body.GetProperty("gadgets").EnumerateArray().ToDictionary(one => one.GetProperty("id").GetString()!);
        Assert.Equal(["lookup", "trusted", "page", "broken", "beyond"], all.Keys);
        var claims = Agents.Claims(all["lookup"].GetProperty("token").GetString()!);
        Assert.Equal(("lookup", "crm", session.Id), (claims.GetProperty("gadget").GetString(), claims.GetProperty("aud").GetString(), claims.GetProperty("sid").GetString()));
        Assert.Equal(["agent"], claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(role => role.GetString()!));
        // Ten minutes, and never longer than the agent's own.
        Assert.True(claims.GetProperty("exp").GetInt64() <= Agents.Claims(full).GetProperty("exp").GetInt64());
        Assert.InRange(all["lookup"].GetProperty("expires_in").GetInt32(), 200, 300);
        Assert.Equal((210, "Customers"), (all["lookup"].GetProperty("height").GetInt32(), all["lookup"].GetProperty("title").GetString()!.Trim()));
        Assert.Equal((full, "Trusted"), (all["trusted"].GetProperty("token").GetString(), all["trusted"].GetProperty("title").GetString()));
        Assert.Contains("strict XML", all["broken"].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("audience", all["beyond"].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.False(all["beyond"].TryGetProperty("token", out _));
        Assert.Equal(site.Third.Url + "/page.html", all["page"].GetProperty("page").GetString());
    }

    [Fact]
    public async Task Only_an_agents_own_token_asks()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (narrow, st) = await site.HoldAsync(full, "lookup");
        Assert.Equal((HttpStatusCode.Unauthorized, "credential.missing"), await RefusedAsync(null));
        Assert.Equal((HttpStatusCode.Unauthorized, "token.gadget"), await RefusedAsync(narrow));
        Assert.Equal((HttpStatusCode.Unauthorized, "token.malformed"), await RefusedAsync(st));
        Assert.Equal((HttpStatusCode.Unauthorized, "credential.kind"), await RefusedAsync(await site.Desk.ServiceTokenAsync()));
        Assert.Equal((HttpStatusCode.NotFound, "resource.unknown"), await RefusedAsync(full, "?gadget=nobody"));
        var (ended, gone) = await site.Agents.SignInAsync();
        await site.Agents.EndAsync(ended);
        Assert.Equal((HttpStatusCode.Unauthorized, "token.revoked"), await RefusedAsync(gone));
    }

    [Fact]
    public async Task A_page_is_made_of_the_specification_in_an_origin_of_its_own()
    {
        using var answer = await site.Desk.Http.GetAsync(new Uri($"/gadgets/ifr?url={Uri.EscapeDataString(site.Third.Url + "/gadget.xml")}&up_team={Uri.EscapeDataString("\"<b>\\__MSG_hello__")}", UriKind.Relative));
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("sandbox allow-scripts allow-forms allow-popups; default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-same-origin", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'self'", policy, StringComparison.Ordinal);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("<p>Hello [&quot;&lt;b&gt;&#x5C;__MSG_hello__] lookup left __OTHER_x__</p>", html, StringComparison.Ordinal);
        Assert.Contains("""var a = "&quot;&lt;b&gt;&#x5C;__MSG_hello__";""", html, StringComparison.Ordinal);
        var boot = await BootAsync(html);
        Assert.False(boot.TryGetProperty("st", out _) || boot.TryGetProperty("config", out _));
        Assert.Contains("<p>Grüß <b>Gott</b> [A &quot;1&quot;]", await site.Desk.Http.GetStringAsync(new Uri("/gadgets/ifr?gadget=lookup&lang=de&country=AT", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_desktop_posts_what_the_page_holds_and_nobody_else_does()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        var (status, html) = await FillAsync("same-origin", st, token, """{"id":"1001","teamName":"</script><b>","authToken":"forged","systemAuthMode":"NON_SSO","n":1}""");
        Assert.Equal(200, status);
        var config = (await BootAsync(html)).GetProperty("config");
        Assert.Equal((token, "SSO", "1001", "</script><b>"), (config.GetProperty("authToken").GetString(), config.GetProperty("systemAuthMode").GetString(), config.GetProperty("id").GetString(), config.GetProperty("teamName").GetString()));
        Assert.False(config.TryGetProperty("n", out _));

        // Not from another site, not another gadget's or the agent's own token, not without a security token that counts.
        Assert.Equal(403, (await FillAsync("cross-site", st, token, "{}")).Status);
        Assert.Equal(403, (await FillAsync("same-site", st, token, "{}")).Status);
        Assert.Equal(403, (await FillAsync("same-origin", st, full, "{}")).Status);
        Assert.Equal(403, (await FillAsync("same-origin", st, (await site.HoldAsync(full, "page")).Token, "{}")).Status);
        Assert.Equal(403, (await FillAsync("same-origin", st, (await site.HoldAsync((await site.Agents.SignInAsync("sam")).Token, "lookup")).Token, "{}")).Status);
        Assert.Equal(401, (await FillAsync("same-origin", st[..^2] + "AA", token, "{}")).Status);
        Assert.Equal(401, (await FillAsync("same-origin", "", token, "{}")).Status);
        var (trusted, its) = await site.HoldAsync(full, "trusted");
        Assert.Equal((200, full), ((await FillAsync("same-origin", its, trusted, "{}")).Status, trusted));
    }

    [Theory]
    [InlineData("/gadgets/ifr?gadget=nobody", 404)]
    [InlineData("/gadgets/ifr?url=http://169.254.169.254/latest", 404)]
    [InlineData("/gadgets/ifr?url=file:///etc/passwd", 404)]
    [InlineData("/gadgets/ifr", 404)]
    [InlineData("/gadgets/ifr?gadget=lookup&gadget=page", 400)]
    [InlineData("/gadgets/ifr?gadget=broken", 502)]
    [InlineData("/gadgets/ifr?gadget=page", 303)]
    [InlineData("/gadgets/js/gadget-frame.js", 200)]
    [InlineData("/gadgets/js/../access.yaml", 400)]
    [InlineData("/gadgets/js/nothing.js", 404)]
    public async Task Only_what_is_configured_is_shown(string path, int status)
    {
        using var answer = await site.Desk.Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(status == 400 && path.Contains("..", StringComparison.Ordinal) ? 404 : status, (int)answer.StatusCode);
    }

    private static async Task<JsonElement> BootAsync(string html)
    {
        using var page = await BrowsingContext.New().OpenAsync(request => request.Content(html));
        return JsonDocument.Parse(page.GetElementById("gatehouse-gadget")!.TextContent).RootElement;
    }

    private async Task<(int Status, string Html)> FillAsync(string site1, string st, string token, string config)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/ifr") { Content = new FormUrlEncodedContent([new("st", st), new("token", token), new("config", config), new("lang", "en")]) };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site1);
        using var answer = await site.Desk.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<(HttpStatusCode Status, string Code)> RefusedAsync(string? token, string query = "")
    {
        var (status, body) = await site.TokensAsync(token, query);
        return (status, body.GetProperty("code").GetString()!);
    }
}
