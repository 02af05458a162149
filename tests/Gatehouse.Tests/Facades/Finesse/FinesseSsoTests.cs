using System.Net;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Sessions;
using Gatehouse.Tests.Facades.Xivo;
using Gatehouse.Tests.Federation;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>The desktop's SSO addresses: a sign-in by our pages, tokens, renewal with one refresh token that stays, the test page; and what each refuses.</summary>
public sealed class FinesseSsoTests(FinesseSsoTests.Fixture fixture) : IClassFixture<FinesseSsoTests.Fixture>
{
    private const string Renewal = "/desktop/sso/token";

    private FinesseSite Site => fixture.Site;

    [Fact]
    public async Task System_and_person_say_how_to_sign_in()
    {
        var system = await FinesseSite.XmlAsync(await Site.GetAsync("/finesse/api/SystemInfo"), HttpStatusCode.OK);
        Assert.Equal(("SystemInfo", "HYBRID", "UCCX", "IN_SERVICE", "fin1.example.org", "fin2.example.org"),
            (system.Name.LocalName, system.Element("systemAuthMode")!.Value, system.Element("deploymentType")!.Value, system.Element("status")!.Value, system.Element("primaryNode")!.Element("host")!.Value, system.Element("secondaryNode")!.Element("host")!.Value));

        // The whole object, in the order in which the vendor's guide has it; clients read some of them as numbers.
        Assert.Equal(["currentTimestamp", "deploymentType", "lastCTIHeartbeatStatus", "lastSuccessCTIHeartbeatTime", "ctiVersion", "ctiHeartbeatInterval", "ctiMMode", "ctiTimeInMMode", "finesseMMode", "finesseTimeInMMode", "license", "peripheralId", "primaryNode", "secondaryNode", "status", "statusReason", "systemAuthMode", "timezoneOffset", "uri", "xmppDomain", "xmppPubSubDomain"], system.Elements().Select(one => one.Name.LocalName));
        Assert.Equal(("success", "4711", "2", "-1", "-1"), (system.Element("lastCTIHeartbeatStatus")!.Value, system.Element("peripheralId")!.Value, system.Element("ctiHeartbeatInterval")!.Value, system.Element("ctiTimeInMMode")!.Value, system.Element("finesseTimeInMMode")!.Value));
        Assert.Equal(DateTimeOffset.Parse(system.Element("currentTimestamp")!.Value, System.Globalization.CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(system.Element("lastSuccessCTIHeartbeatTime")!.Value, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(23, int.Parse(system.Element("ctiVersion")!.Value, System.Globalization.CultureInfo.InvariantCulture));

        await Site.AddAsync("local");
        await Site.AddAsync("single", ("finesse.authMode", "SSO"), ("finesse.loginId", "1001002"));
        await Site.ChangeAsync(await Site.AddAsync("left") with { Enabled = false });
        await Site.Desk.Part<Database>().WriteAsync(work => Site.Desk.Part<Gatehouse.People.Users>().AddAsync(work, new Gatehouse.People.User { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, Username = "bare" }), default);
        foreach (var (name, mode) in ((string, string)[])[("local", "NON_SSO"), ("LOCAL", "NON_SSO"), ("single", "SSO"), ("1001002", "SSO"), ("bare", "SSO"), ("left", "SSO"), ("nobody-at-all", "SSO"), ("%25", "SSO"), (new string('x', 400), "SSO")])
            Assert.Equal(mode, (await FinesseSite.XmlAsync(await Site.GetAsync("/finesse/api/UserAuthMode/" + name), HttpStatusCode.OK)).Element("authMode")!.Value);
        Assert.Equal("Not Found", await FinesseSite.ErrorAsync(await Site.GetAsync("/finesse/api/UserAuthMode"), HttpStatusCode.NotFound));
        Assert.Equal("Not Found", await FinesseSite.ErrorAsync(await Site.PostAsync("/finesse/api/SystemInfo", null), HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_browser_signs_in_and_gets_tokens_and_renews_with_the_same_refresh_token()
    {
        await Site.AddAsync("sjones", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (answer, at) = await FinesseSite.SignInAsync(browser, $"{Renewal}?cc_username=sjones&return_refresh_token=true&return_user=yes", "sjones");
        Assert.Equal(Renewal, at.AbsolutePath);
        var body = await FinesseSite.JsonAsync(answer, HttpStatusCode.OK);
        Assert.Equal((3600, "sjones", "example.org", "sjones@example.org"), (body.GetProperty("expires_in").GetInt32(), body.GetProperty("user_id").GetString(), body.GetProperty("realm").GetString(), body.GetProperty("user_principal").GetString()));
        var (access, refresh) = (body.GetProperty("token").GetString()!, body.GetProperty("refresh_token").GetString()!);
        Assert.Null(Site.Desk.Part<Verify>().Check(access, "finesse", out var principal));
        Assert.Equal(("sjones", "finesse"), (principal!.Name, principal.Client));

        // Half the shift later the session is still there, though the realm's own idle time is over.
        Assert.True((await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, principal.Session!, default))!.IdleEndsAt > DateTimeOffset.UtcNow.AddHours(9));

        // The same refresh token again and again, as the vendor's clients do: from a form, and from an address.
        foreach (var renew in (Func<Task<HttpResponseMessage>>[])
                 [
                     () => Site.PostAsync(Renewal, null, ("token", access), ("refresh-token", refresh)), () => Site.PostAsync(Renewal + "?cc_username=sjones", null, ("token", access), ("refresh-token", refresh), ("return_user", "yes")),
                     () => Site.GetAsync($"{Renewal}?cc_username=sjones&refresh-token={refresh}"),
                 ])
        {
            var next = await FinesseSite.JsonAsync(await renew(), HttpStatusCode.OK);
            Assert.False(next.TryGetProperty("refresh_token", out _));
            Assert.NotEqual(access, next.GetProperty("token").GetString());
            Assert.Null(Site.Desk.Part<Verify>().Check(next.GetProperty("token").GetString()!, "finesse", out var again));
            Assert.Equal((principal.Session, TokenIds.FamilyOf(principal.TokenId!)), (again!.Session, TokenIds.FamilyOf(again.TokenId!)));
        }

        // The browser is known now: no page.
        var plain = await FinesseSite.JsonAsync(await browser.GetAsync(Renewal + "?return_user=no"), HttpStatusCode.OK);
        Assert.Equal(["token", "expires_in"], plain.EnumerateObject().Select(one => one.Name));

        // After sign-out nothing counts, at once.
        await Site.Desk.Part<SignOut>().EndAsync((await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, principal.Session!, default))!, null, null, default);
        Assert.Equal("AUTH_ERROR", (await FinesseSite.JsonAsync(await Site.PostAsync(Renewal, null, ("token", access), ("refresh-token", refresh)), HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
        Assert.NotNull(Site.Desk.Part<Verify>().Check(access, "finesse", out _));
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "invalid_grant", one => one.Client == "finesse");
    }

    [Fact]
    public async Task Who_signs_in_without_sso_gets_no_token_here_and_nobody_gets_anothers()
    {
        await Site.AddAsync("olive");
        using var browser = new Browser(Site.Desk);
        var (answer, _) = await FinesseSite.SignInAsync(browser, Renewal, "olive");
        Assert.Equal("AUTH_ERROR", (await FinesseSite.JsonAsync(answer, HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
        await Site.AuditedAsync("LOGIN_ERROR", "finesse_mode");

        // A shared desk: the desktop asks for another than who is signed in, so they must prove it, and only they will do.
        await Site.AddAsync("first", ("finesse.authMode", "SSO"));
        await Site.AddAsync("second", ("finesse.authMode", "SSO"));
        using var shared = new Browser(Site.Desk);
        Assert.Equal(HttpStatusCode.OK, (await FinesseSite.SignInAsync(shared, Renewal + "?cc_username=first", "first")).Answer.StatusCode);
        var (wrong, _) = await FinesseSite.SignInAsync(shared, Renewal + "?cc_username=second", "first");
        Assert.Equal(("text/html", HttpStatusCode.BadRequest), (wrong.Content.Headers.ContentType!.MediaType, wrong.StatusCode));
        await Site.AuditedAsync("LOGIN_ERROR", "finesse_other_user");
        var (right, _) = await FinesseSite.SignInAsync(shared, Renewal + "?cc_username=second@example.org", "second");
        Assert.Equal("second", (await FinesseSite.JsonAsync(right, HttpStatusCode.OK)).GetProperty("user_id").GetString());
    }

    [Fact]
    public async Task Nothing_else_renews()
    {
        await Site.AddAsync("rita", ("finesse.authMode", "SSO"));
        await Site.AddAsync("rolf", ("finesse.authMode", "SSO"));
        using var hers = new Browser(Site.Desk);
        using var his = new Browser(Site.Desk);
        var (access, refresh) = await Site.TokensAsync(hers, "rita");
        var (other, _) = await Site.TokensAsync(his, "rolf");
        foreach (var (status, form) in ((HttpStatusCode, (string, string)[])[])
                 [
                     (HttpStatusCode.BadRequest, []), (HttpStatusCode.BadRequest, [("token", access)]), (HttpStatusCode.Unauthorized, [("token", other), ("refresh-token", refresh)]), (HttpStatusCode.Unauthorized, [("token", await Site.Desk.ServiceTokenAsync()), ("refresh-token", refresh)]),
                     (HttpStatusCode.Unauthorized, [("token", "nonsense"), ("refresh-token", refresh)]), (HttpStatusCode.BadRequest, [("refresh-token", access)]), (HttpStatusCode.Unauthorized, [("refresh-token", refresh[..^2] + "AA")]), (HttpStatusCode.BadRequest, [("refresh-token", new string('a', 2000))]),
                     (HttpStatusCode.BadRequest, [("refresh-token", refresh), ("token", new string('a', 200_000))]),
                 ])
            Assert.True((await FinesseSite.JsonAsync(await Site.PostAsync(Renewal, null, form), status)).TryGetProperty("error", out _));
        Assert.Equal(HttpStatusCode.BadRequest, (await Site.GetAsync($"{Renewal}?refresh-token={refresh}&refresh-token={refresh}")).StatusCode);

        // A script of another site learns nothing, nor does one that can show no page.
        foreach (var (status, name, value) in ((HttpStatusCode, string, string)[])[(HttpStatusCode.Forbidden, "Origin", "https://evil.example"), (HttpStatusCode.Forbidden, "Sec-Fetch-Site", "cross-site"), (HttpStatusCode.Unauthorized, "Sec-Fetch-Dest", "empty")])
            await FinesseSite.JsonAsync(await Site.SendAsync(HttpMethod.Get, Renewal, null, null, (name, value)), status);
        Assert.Equal("https://desk.example.org", (await Site.SendAsync(HttpMethod.Post, Renewal, null, null, ("Origin", "https://desk.example.org"))).Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task The_test_page_tells_named_origins_alone()
    {
        await Site.AddAsync("tess", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        async Task<string> AskAsync(HttpStatusCode status, string cookie)
        {
            using var answer = await browser.GetAsync("/desktop/sso/test");
            Assert.Equal(status, answer.StatusCode);
            Assert.Contains("ssotest=" + cookie, Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
            Assert.Contains("frame-ancestors http://127.0.0.1", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Contains($"""of ["{Site.Desk.Url.GetLeftPart(UriPartial.Authority)}","https://desk.example.org"]""", page, StringComparison.Ordinal);
            Assert.DoesNotContain("\"*\"", page, StringComparison.Ordinal);
            return page;
        }

        Assert.Contains("""{"status":"false","errorMessage":"NO TOKEN"}""", await AskAsync(HttpStatusCode.Unauthorized, "false"), StringComparison.Ordinal);
        await FinesseSite.SignInAsync(browser, Renewal, "tess");
        Assert.Contains("""{"status":"true","errorMessage":""}""", await AskAsync(HttpStatusCode.OK, "true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_is_resumed_by_its_own_browser_once()
    {
        await Site.AddAsync("uma", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (page, at) = await browser.FollowAsync(Renewal);
        using var sent = await browser.SubmitAsync(page, at, "uma", FinesseSite.Password);
        var resume = sent.Headers.Location!.ToString();
        Assert.StartsWith("/desktop/sso/resume?i=", resume, StringComparison.Ordinal);
        using var thief = new Browser(Site.Desk);
        Assert.Equal(HttpStatusCode.BadRequest, (await thief.GetAsync(resume)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(resume)).StatusCode);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal FinesseSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync()
            => Site = await FinesseSite.MakeAsync(await Desk.OpenAsync(with: FinesseSite.On("HYBRID", """, "deploymentType": "UCCX", "hosts": ["fin1.example.org", "fin2.example.org"], "peripheralId": 4711, "ctiVersion": 23, "origins": ["https://desk.example.org"]""")));

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
