using System.Net;
using AngleSharp.Html.Parser;
using Gatehouse.Portal;
using Gatehouse.SignIn;
using Gatehouse.Tests.Kits;
using Xunit;
using Browser = Gatehouse.Tests.Kits.Browser;

namespace Gatehouse.Tests.Portal;

public sealed class SignInPageTests(DeskFixture fixture) : IClassFixture<DeskFixture>
{
    [Fact]
    public async Task Ten_tabs_each_end_where_they_started_after_one_sign_in()
    {
        using var browser = new Browser(fixture.Desk);
        var tabs = new List<(HttpResponseMessage Page, Uri At, string State)>();
        for (var i = 0; i < 10; i++)
        {
            var (page, at) = await browser.FollowAsync(browser.Authorize(("state", $"tab-{i}")));
            tabs.Add((page, at, $"tab-{i}"));
        }

        // The first types; the others are reloaded, or type as well.
        using var typed = await browser.SubmitAsync(tabs[0].Page, tabs[0].At, "alice", Desk.Password);
        Assert.Equal("tab-0", Browser.Query((await browser.FollowAsync(typed.Headers.Location!.ToString())).At, "state"));
        foreach (var (page, at, state) in tabs.Skip(1).Take(5)) Assert.Equal(state, Browser.Query((await browser.FollowAsync(at.PathAndQuery)).At, "state"));
        foreach (var (page, at, state) in tabs.Skip(6))
        {
            using var again = await browser.SubmitAsync(page, at, "alice", Desk.Password);
            Assert.Equal(state, Browser.Query((await browser.FollowAsync(again.Headers.Location!.ToString())).At, "state"));
        }
    }

    [Fact]
    public async Task A_form_that_timed_out_starts_anew_and_still_ends_at_its_own_state()
    {
        using var browser = new Browser(fixture.Desk);
        var (_, at) = await browser.FollowAsync(browser.Authorize(("state", "late")));
        var id = System.Web.HttpUtility.ParseQueryString(at.Query)["i"]!;
        Assert.NotNull(await fixture.Desk.Part<Interactions>().TakeAsync(Desk.Realm, id, default));
        var landed = await browser.SignInAsync(at.PathAndQuery);
        Assert.Equal("late", Browser.Query(landed, "state"));
    }

    [Fact]
    public async Task Unknown_user_and_wrong_password_look_and_cost_the_same()
    {
        var passwords = fixture.Desk.Part<Passwords>();
        async Task<(HttpStatusCode, string, long)> TryAsync(string name)
        {
            using var browser = new Browser(fixture.Desk);
            var (page, at) = await browser.FollowAsync(browser.Authorize());
            var before = passwords.Checks;
            using var answer = await browser.SubmitAsync(page, at, name, "wrong-password");
            var document = await new HtmlParser().ParseDocumentAsync(await answer.Content.ReadAsStringAsync());
            return (answer.StatusCode, document.QuerySelector("[role=alert]")!.TextContent, passwords.Checks - before);
        }

        Assert.Equal(await TryAsync("sam"), await TryAsync("nobody-at-all"));
    }

    [Fact]
    public async Task Posts_from_elsewhere_are_refused()
    {
        using var browser = new Browser(fixture.Desk);
        var (page, at) = await browser.FollowAsync(browser.Authorize());
        async Task<HttpStatusCode> PostAsync(Action<HttpRequestMessage> change, string? mark = null) => (await browser.SubmitAsync(page, at, "alice", Desk.Password, change, mark)).StatusCode;
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Add("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Add("Sec-Fetch-Site", "same-site")));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Add("Origin", "https://evil.example")));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(request => request.Headers.Add("Origin", "null")));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(_ => { }, mark: "forged"));
        using var stranger = new Browser(fixture.Desk);
        Assert.Equal(HttpStatusCode.Forbidden, (await stranger.SubmitAsync(page, at, "alice", Desk.Password)).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, await PostAsync(request => request.Headers.Add("Sec-Fetch-Site", "same-origin")));
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("/%5cevil.example")]
    [InlineData("/%2f/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/x\r\nSet-Cookie: a=b")]
    [InlineData("/ccm/../realms")]
    [InlineData("/ccm#x")]
    [InlineData("ccm")]
    public async Task The_way_back_is_a_path_of_ours_or_nothing(string back)
    {
        using var browser = new Browser(fixture.Desk);
        using var answer = await browser.GetAsync($"/realms/{Desk.Realm}/sign-in?back={Uri.EscapeDataString(back)}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(LocalPath.IsSafe(back));
    }

    [Fact]
    public async Task From_the_gate_the_browser_comes_back_to_the_page_it_wanted()
    {
        using var browser = new Browser(fixture.Desk);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/unified-admin/forms?x=1");
        request.Headers.Add("Sec-Fetch-Mode", "navigate");
        using var led = await fixture.Desk.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, led.StatusCode);
        var (page, at) = await browser.FollowAsync(led.Headers.Location!.ToString());
        using var answer = await browser.SubmitAsync(page, at, "sam", Desk.Password);
        Assert.Equal("/unified-admin/forms?x=1", answer.Headers.Location!.ToString());
        var (final, _) = await browser.FollowAsync("/unified-admin/forms?x=1");
        Assert.Contains("\"preferred_username\": \"sam\"", await final.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_gets_401_and_is_told_where_to_sign_in()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/unified-admin/forms");
        request.Headers.Add("Sec-Fetch-Mode", "cors");
        using var answer = await fixture.Desk.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains("\"sign_in\":\"/realms/contact-centre/sign-in\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("de-AT,de;q=0.9,en;q=0.5", null, "de")]
    [InlineData("fr", "de", "de")]
    [InlineData("es, fr;q=0.3", null, "fr")]
    [InlineData("es", null, "en")]
    [InlineData(";;;,,q=", "", "en")]
    public async Task The_language_is_the_persons(string accept, string? uiLocales, string expected)
    {
        using var browser = new Browser(fixture.Desk);
        Assert.Equal(expected, Words.Choose(uiLocales, accept));
        var (page, _) = await browser.FollowAsync(browser.Authorize(("ui_locales", expected)));
        Assert.Contains($"lang=\"{expected}\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_languages_say_the_same_things()
    {
        var words = fixture.Desk.Part<Words>();
        foreach (var language in Words.Languages) Assert.Equal(words.KeysOf("en").Order(), words.KeysOf(language).Order());
    }

    [Fact]
    public async Task Pages_are_protected_and_need_no_script()
    {
        using var browser = new Browser(fixture.Desk);
        var (page, _) = await browser.FollowAsync(browser.Authorize(("login_hint", "\"><script>alert(1)</script>")));
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
        var html = await page.Content.ReadAsStringAsync();
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        var document = await new HtmlParser().ParseDocumentAsync(html);
        foreach (var input in document.QuerySelectorAll("input:not([type=hidden])")) Assert.NotNull(document.QuerySelector($"label[for={input.Id}]"));
    }

    [Fact]
    public async Task Signing_out_is_asked_and_ends_the_session()
    {
        using var browser = new Browser(fixture.Desk);
        await browser.SignInAsync();
        var (page, at) = await browser.FollowAsync($"/realms/{Desk.Realm}/protocol/openid-connect/logout");
        Assert.Contains("alice", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var answer = await browser.SubmitAsync(page, at, "", "");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var (_, after) = await browser.FollowAsync(browser.Authorize(("prompt", "none")));
        Assert.Equal("login_required", Browser.Query(after, "error"));
    }
}
