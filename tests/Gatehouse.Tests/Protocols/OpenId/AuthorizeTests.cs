using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.OpenId;

public sealed class AuthorizeTests(DeskFixture fixture) : IClassFixture<DeskFixture>
{
    [Theory]
    [InlineData("client_id", "nobody")]
    [InlineData("client_id", null)]
    [InlineData("redirect_uri", null)]
    [InlineData("redirect_uri", "https://evil.example/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:53682/callback/")]
    [InlineData("redirect_uri", "http://127.0.0.1:53682/callback?x=1")]
    [InlineData("redirect_uri", "http://127.0.0.1:53682@evil.example/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:0/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:99999/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:53682/CALLBACK")]
    [InlineData("redirect_uri", "http://127.0.0.1:53682/callback\r\nX: 1")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    [InlineData("redirect_uri", "//evil.example")]
    public async Task Nothing_is_redirected_to_an_unchecked_address(string name, string? value)
    {
        using var browser = new Browser(fixture.Desk);
        using var answer = await browser.GetAsync(browser.Authorize((name, value)));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Null(answer.Headers.Location);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", "id_token token", "unsupported_response_type")]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("scope", "openid everything", "invalid_scope")]
    [InlineData("scope", "openid \"", "invalid_scope")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "whatever", "invalid_request")]
    [InlineData("prompt", "none", "login_required")]
    [InlineData("max_age", "-1", "invalid_request")]
    [InlineData("max_age", "soon", "invalid_request")]
    [InlineData("request", "eyJ.e30.x", "request_not_supported")]
    [InlineData("request_uri", "https://evil.example/r", "request_uri_not_supported")]
    [InlineData("response_mode", "web_message", "invalid_request")]
    public async Task The_client_hears_of_its_other_errors_with_state_and_iss(string name, string? value, string error)
    {
        using var browser = new Browser(fixture.Desk);
        using var answer = await browser.GetAsync(browser.Authorize((name, value)));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var at = answer.Headers.Location!;
        Assert.StartsWith(Browser.Redirect, at.ToString(), StringComparison.Ordinal);
        Assert.Equal(error, Browser.Query(at, "error"));
        Assert.Equal("st&te/1", Browser.Query(at, "state"));
        Assert.Equal(fixture.Desk.RealmUrl.ToString().TrimEnd('/'), Browser.Query(at, "iss"));
    }

    [Fact]
    public async Task A_doubled_parameter_is_refused()
    {
        using var browser = new Browser(fixture.Desk);
        using var answer = await browser.GetAsync(browser.Authorize() + "&client_id=agent-desk");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_code_is_good_once_and_its_replay_ends_what_came_of_it()
    {
        using var browser = new Browser(fixture.Desk);
        var code = Browser.Query(await browser.SignInAsync(), "code");
        var (status, tokens) = await browser.RedeemAsync(code);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RedeemAsync(code)).Status);
        var (after, body) = await browser.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!);
        Assert.Equal(HttpStatusCode.BadRequest, after);
        Assert.Equal("invalid_grant", body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_code_belongs_to_its_verifier_client_and_address()
    {
        using var browser = new Browser(fixture.Desk);
        await browser.SignInAsync();
        async Task<string> CodeAsync() => Browser.Query((await browser.FollowAsync(browser.Authorize())).At, "code");
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RedeemAsync(await CodeAsync(), verifier: new string('a', 43))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RedeemAsync(await CodeAsync(), verifier: browser.Challenge)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RedeemAsync(await CodeAsync(), redirect: "http://127.0.0.1:1/callback")).Status);
        var stolen = await CodeAsync();
        var (status, _) = await browser.TokenAsync(("grant_type", "authorization_code"), ("client_id", "crm-sync"), ("client_secret", Desk.ClientSecret), ("code", stolen), ("redirect_uri", Browser.Redirect), ("code_verifier", browser.Verifier));
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task Prompt_login_asks_again_and_gives_a_new_cookie_and_auth_time()
    {
        using var browser = new Browser(fixture.Desk);
        await browser.SignInAsync();
        var before = browser.SessionCookie;
        var (page, _) = await browser.FollowAsync(browser.Authorize(("prompt", "login")));
        Assert.Contains("<form", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var at = await browser.SignInAsync(browser.Authorize(("prompt", "login")));
        Assert.NotEqual("", Browser.Query(at, "code"));
        Assert.NotEqual(before, browser.SessionCookie);
    }

    [Fact]
    public async Task Another_browser_cannot_resume_a_finished_sign_in()
    {
        using var victim = new Browser(fixture.Desk);
        using var thief = new Browser(fixture.Desk);
        var (page, at) = await victim.FollowAsync(victim.Authorize());
        using var answer = await victim.SubmitAsync(page, at, "alice", Desk.Password);
        var resume = answer.Headers.Location!.ToString();
        var (refused, stayed) = await thief.FollowAsync(resume);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(fixture.Desk.Url.Authority, stayed.Authority);
    }

    [Fact]
    public async Task Form_post_and_fragment_carry_the_answer_as_asked()
    {
        using var browser = new Browser(fixture.Desk);
        await browser.SignInAsync();
        using var form = await browser.GetAsync(browser.Authorize(("response_mode", "form_post"), ("state", "\"><script>")));
        var html = await form.Content.ReadAsStringAsync();
        Assert.DoesNotContain("\"><script>", html, StringComparison.Ordinal);
        Assert.Contains("script-src 'sha256-", form.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("name=\"code\"", html, StringComparison.Ordinal);
        using var fragment = await browser.GetAsync(browser.Authorize(("response_mode", "fragment")));
        Assert.StartsWith("#", fragment.Headers.Location!.Fragment, StringComparison.Ordinal);
        Assert.Contains("code=", fragment.Headers.Location.Fragment, StringComparison.Ordinal);
    }
}
