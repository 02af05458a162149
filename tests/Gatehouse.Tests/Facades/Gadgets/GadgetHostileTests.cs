using System.Net;
using System.Text.Json;
using AngleSharp;
using Gatehouse.Facades.Gadgets;
using Gatehouse.Outbound;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>What others try around the container: another application's token, a page filled by a stranger, proxies' own words, names in other alphabets.</summary>
public sealed class GadgetHostileTests(GadgetSite site) : IClassFixture<GadgetSite>
{
    [Fact]
    public async Task Another_applications_token_fetches_nothing_that_the_desktops_gadgets_may()
    {
        var others = await new Agents(site.Desk, "elsewhere").AddClientAsync("billing");
        var (_, token) = await others.SignInAsync();
        foreach (var query in (string[])["", "?gadget=trusted", "?gadget=lookup"])
        {
            var (status, body) = await site.TokensAsync(token, query);
            Assert.Equal((HttpStatusCode.Unauthorized, "token.audience"), (status, body.GetProperty("code").GetString()));
        }

        // One that was made for the desktop as well may.
        var (_, both) = await (await new Agents(site.Desk, "shell").AddClientAsync("desktop")).SignInAsync();
        Assert.Equal(HttpStatusCode.OK, (await site.TokensAsync(both, "?gadget=trusted")).Status);
    }

    [Fact]
    public async Task What_a_frame_is_refused_is_audited_and_no_password_stands_in_it()
    {
        var (session, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        Assert.Equal(403, (await FillAsync("cross-site", st, token, "{}")).Status);
        await site.AuditedAsync("credential.cross-site");
        Assert.Equal(403, (await FillAsync("same-origin", st, full, "{}")).Status);
        await site.AuditedAsync("gadget.credential", one => one.Session == session.Id && one.Details!["gadget"] == "lookup");
        Assert.Equal(401, (await FillAsync("same-origin", st[..^2] + "AA", token, "{}")).Status);
        await site.AuditedAsync("gadget.token");

        var (status, html) = await FillAsync("same-origin", st, token, """{"authorization":"YWxpY2U6c2VjcmV0","password":"secret","id":"1001"}""");
        Assert.Equal(200, status);
        using var page = await BrowsingContext.New().OpenAsync(request => request.Content(html));
        var config = JsonDocument.Parse(page.GetElementById("gatehouse-gadget")!.TextContent).RootElement.GetProperty("config");
        Assert.Equal(["authToken", "id", "systemAuthMode"], config.EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("X-Original-URI")]
    [InlineData("x_original_method")]
    [InlineData("X-Client-IP")]
    [InlineData("CF-Connecting-IP")]
    [InlineData("X-Forwarded-Access-Token")]
    public async Task A_gadget_speaks_for_no_proxy(string name)
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "lookup");
        var (rc, code, _) = await site.AskAsync(st, site.Third.Url + "/api/customers", headers: [(name, "a")]);
        Assert.Equal((400, "gadget.header"), (rc, code));
    }

    [Theory]
    [InlineData("https://bücher.example/api", "https://xn--bcher-kva.example")]
    [InlineData("https://CRM.example.org:443/api", "https://crm.example.org")]
    [InlineData("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080")]
    [InlineData("http://127.0.0.1:80/", "http://127.0.0.1")]
    public void An_origin_is_written_as_headers_can_hold_it(string text, string origin)
    {
        Assert.True(GadgetTarget.TryParse(text, out var target, out _));
        Assert.Equal(origin, target.Origin);
        Assert.True(target.Covers(new Uri(origin + new Uri(text).AbsolutePath)));
    }

    [Fact]
    public async Task Many_strangers_at_once_cost_a_gadgets_host_one_request()
    {
        var (asked, go) = (0, new TaskCompletionSource());
        site.Third.Pages["/slow.xml"] = async context =>
        {
            Interlocked.Increment(ref asked);
            await go.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("<Module><ModulePrefs title=\"Slow\"/><Content type=\"html\">slow</Content></Module>");
        };
        using var http = new OutboundHttp();
        var specs = new Specs(http, TimeProvider.System);
        var gadget = new GadgetEntry { Id = "slow", Spec = site.Third.Url + "/slow.xml" };
        var strangers = Enumerable.Range(0, 40).Select(_ => specs.FindAsync(gadget, default)).ToList();
        using (var late = new CancellationTokenSource(GateDesk.Patience))
        using (var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25)))
            for (var i = 0; i < 8 || Volatile.Read(ref asked) == 0; i++) await tick.WaitForNextTickAsync(late.Token);
        go.SetResult();
        foreach (var (spec, fault) in await Task.WhenAll(strangers)) Assert.Equal(("Slow", null), (spec?.Title, fault));
        Assert.Equal(1, asked);
    }

    private async Task<(int Status, string Html)> FillAsync(string from, string st, string token, string config)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/ifr") { Content = new FormUrlEncodedContent([new("st", st), new("token", token), new("config", config), new("lang", "en")]) };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", from);
        using var answer = await site.Desk.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
