using System.Net;
using System.Text.Json;
using AngleSharp.Html.Parser;
using Gatehouse.SignIn;
using Gatehouse.Sessions;
using Gatehouse.Tests.Facades.Xivo;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>Where an agent sits is part of the sign-in: asked for by a page, or their own; in the token, and given up when they go.</summary>
public sealed class SeatPageTests
{
    private const string Token = "/desktop/sso/token";

    [Fact]
    public async Task An_agent_names_the_extension_and_a_second_one_is_told_in_their_language()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("SSO", """, "seats": "mobility" """));
        var site = await FinesseSite.MakeAsync(desk);
        await site.AddAsync("anna");
        await site.AddAsync("bert");
        using var hers = new Browser(desk);
        using var his = new Browser(desk);

        var (page, at) = await FinesseSite.SignInAsync(hers, Token + "?return_user=no", "anna");
        Assert.EndsWith("/seat", at.AbsolutePath, StringComparison.Ordinal);
        foreach (var (typed, status, words) in ((string, HttpStatusCode, string)[])[("x", HttpStatusCode.BadRequest, "That is not an extension"), ("", HttpStatusCode.BadRequest, "That is not an extension")])
        {
            using var again = await SitAsync(hers, page, at, typed);
            Assert.Equal(status, again.StatusCode);
            Assert.Contains(words, await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var sent = await SitAsync(hers, page, at, "15 73");
        var made = await FinesseSite.JsonAsync((await hers.FollowAsync(sent.Headers.Location!.ToString())).Answer, HttpStatusCode.OK);
        Assert.Equal("1573", XivoSite.Claims(made.GetProperty("token").GetString()!).GetProperty("extension").GetString());
        await site.AuditedAsync("SEAT_TAKEN", null, one => one.Details!["extension"] == "1573");

        // Known from now on, without a page; and by those who ask about the token.
        var next = await FinesseSite.JsonAsync(await hers.GetAsync(Token), HttpStatusCode.OK);
        Assert.Equal("1573", XivoSite.Claims(next.GetProperty("token").GetString()!).GetProperty("extension").GetString());
        async Task<JsonElement> AskAsync(string path) => await FinesseSite.JsonAsync(await site.PostAsync("/ids/v1/oauth/" + path, FinesseSite.Basic("crm", FinesseSite.Secret), ("token", next.GetProperty("token").GetString()!)), HttpStatusCode.OK);
        Assert.Equal("1573", (await AskAsync("introspect")).GetProperty("extension").GetString());
        Assert.Equal("1573", (await AskAsync("validate")).GetProperty("extension").GetString());

        // The second one at the same telephone.
        var (second, there) = await FinesseSite.SignInAsync(his, Token, "bert");
        foreach (var (language, words) in ((string, string)[])[("en", "Somebody else is signed in at extension 1573"), ("de", "An der Nebenstelle 1573 ist gerade jemand anderes angemeldet"), ("fr", "autre est connecté au poste 1573")])
        {
            using var refused = await SitAsync(his, second, there, "1573", language);
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            var text = new HtmlParser().ParseDocument(await refused.Content.ReadAsStringAsync());
            Assert.Contains(words, text.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
            Assert.Equal(language, text.DocumentElement.GetAttribute("lang"));
        }

        await site.AuditedAsync("SEAT_TAKEN_ERROR", "device_busy");

        // A script can ask nobody: its client names the extension later, by the REST API.
        var bare = (await FinesseSite.JsonAsync(await SendAsync(his, desk, Token), HttpStatusCode.OK)).GetProperty("token").GetString()!;
        Assert.False(XivoSite.Claims(bare).TryGetProperty("extension", out _));

        // She signs out: he may sit there.
        await desk.Part<SignOut>().EndAsync((await site.Outpost.SessionAsync(hers))!, null, null, default);
        using var taken = await SitAsync(his, second, there, "1573");
        Assert.Equal(HttpStatusCode.OK, (await his.FollowAsync(taken.Headers.Location!.ToString())).Answer.StatusCode);
    }

    [Fact]
    public async Task Nobody_is_seated_by_another_page_or_without_a_sign_in()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("SSO", """, "seats": "mobility" """));
        var site = await FinesseSite.MakeAsync(desk);
        await site.AddAsync("anna");
        using var browser = new Browser(desk);
        var (page, at) = await FinesseSite.SignInAsync(browser, Token, "anna");
        Assert.Equal(HttpStatusCode.Forbidden, (await SitAsync(browser, page, at, "1573", mark: "forged.mark")).StatusCode);

        // Nor is anybody else led to sit at a place by a link.
        await site.AddAsync("bert");
        using var lured = new Browser(desk);
        await FinesseSite.SignInAsync(lured, Token, "bert");
        var (back, led) = await lured.FollowAsync(at.PathAndQuery);
        Assert.NotEqual(at.Query, led.Query);
        Assert.DoesNotContain(System.Web.HttpUtility.ParseQueryString(at.Query)["i"]!, await back.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var stranger = new Browser(desk);
        Assert.EndsWith("/sign-in", (await stranger.FollowAsync(at.PathAndQuery)).At.AbsolutePath, StringComparison.Ordinal);
        Assert.Null((await site.Outpost.SessionAsync(browser))!.Extension);
        foreach (var wrong in (string[])[$"/realms/{Outpost.Realm}/seat", $"/realms/{Outpost.Realm}/seat?i=x&back=//evil.example", $"/realms/nowhere/seat?i=x&back=/"])
            Assert.True((int)(await browser.GetAsync(wrong)).StatusCode is >= 400 and < 500);
    }

    [Fact]
    public async Task A_telephone_of_ones_own_is_taken_by_itself_unless_somebody_sits_there()
    {
        await using var desk = await Desk.OpenAsync(with: FinesseSite.On("SSO", """, "seats": "fixed" """));
        var site = await FinesseSite.MakeAsync(desk);
        await site.AddAsync("anna", ("extension", "1573"));
        await site.AddAsync("bert", ("finesse.extension", "1573"), ("extension", "9999"));
        await site.AddAsync("bare");
        using var hers = new Browser(desk);
        var made = await FinesseSite.JsonAsync((await FinesseSite.SignInAsync(hers, Token, "anna")).Answer, HttpStatusCode.OK);
        Assert.Equal("1573", XivoSite.Claims(made.GetProperty("token").GetString()!).GetProperty("extension").GetString());

        // By the REST API it is the same telephone, named or not, and no other.
        async Task<HttpResponseMessage> PutAsync(string extension)
        {
            using var content = new StringContent($"<User><state>LOGIN</state>{extension}</User>", System.Text.Encoding.UTF8, "application/xml");
            return await site.SendAsync(HttpMethod.Put, "/finesse/api/User/anna", "Bearer " + made.GetProperty("token").GetString(), content);
        }

        foreach (var extension in (string[])["", "<extension>1573</extension>"]) Assert.Equal(HttpStatusCode.Accepted, (await PutAsync(extension)).StatusCode);
        Assert.Equal("Invalid Device", await FinesseSite.ErrorAsync(await PutAsync("<extension>1574</extension>"), HttpStatusCode.BadRequest));

        using var his = new Browser(desk);
        var (page, at) = await FinesseSite.SignInAsync(his, Token, "bert");
        Assert.EndsWith("/seat", at.AbsolutePath, StringComparison.Ordinal);
        Assert.Null(new HtmlParser().ParseDocument(await page.Content.ReadAsStringAsync()).QuerySelector("#extension"));
        using var still = await SitAsync(his, page, at, "7777");
        Assert.Equal(HttpStatusCode.Conflict, still.StatusCode);
        Assert.Equal("Device Busy", (await FinesseSite.JsonAsync(await SendAsync(his, desk, Token), HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
        await desk.Part<Gatehouse.Storage.Database>().WriteAsync(async work => await desk.Part<SessionStore>().EndAsync(work, Outpost.Realm, (await site.Outpost.SessionAsync(hers))!.Id), default);
        using var now = await SitAsync(his, page, at, "7777");
        Assert.Equal("1573", XivoSite.Claims((await FinesseSite.JsonAsync((await his.FollowAsync(now.Headers.Location!.ToString())).Answer, HttpStatusCode.OK)).GetProperty("token").GetString()!).GetProperty("extension").GetString());

        using var none = new Browser(desk);
        Assert.Equal("Invalid Device", (await FinesseSite.JsonAsync((await FinesseSite.SignInAsync(none, Token, "bare")).Answer, HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
    }

    private static async Task<HttpResponseMessage> SitAsync(Browser browser, HttpResponseMessage page, Uri at, string extension, string? language = null, string? mark = null)
        => await browser.SubmitAsync(page, at, "", "", request =>
        {
            var real = new HtmlParser().ParseDocument(page.Content.ReadAsStringAsync().Result).QuerySelector("[name=mark]")!.GetAttribute("value")!;
            request.Content = new FormUrlEncodedContent([new("mark", mark ?? real), new("extension", extension)]);
            if (language is not null) request.Headers.TryAddWithoutValidation("Accept-Language", language);
        });

    // As a script's fetch.
    private static async Task<HttpResponseMessage> SendAsync(Browser browser, Desk desk, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Sec-Fetch-Dest", "empty");
        request.Headers.Add("Cookie", browser.Cookies.GetCookieHeader(desk.Url));
        return await desk.Http.SendAsync(request);
    }
}
