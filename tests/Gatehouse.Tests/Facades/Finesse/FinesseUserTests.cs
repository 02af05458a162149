using System.Net;
using System.Text;
using Dapper;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>The user's own object: who may read it, signing in at an extension by token or password, and every refusal in Finesse's XML, noted.</summary>
public sealed class FinesseUserTests(FinesseUserTests.Fixture fixture) : IClassFixture<FinesseUserTests.Fixture>
{
    private FinesseSite Site => fixture.Site;

    private static string Of(string name) => "/finesse/api/User/" + name;

    private async Task<HttpResponseMessage> PutAsync(string name, string authorization, string xml, string type = "application/xml")
    {
        using var content = new StringContent(xml, Encoding.UTF8, type);
        return await Site.SendAsync(HttpMethod.Put, Of(name), authorization, content);
    }

    private Task<HttpResponseMessage> LoginAsync(string name, string authorization, string extension) => PutAsync(name, authorization, $"<User><state>LOGIN</state><extension>{extension}</extension></User>");

    private async Task<(string Extension, string State)> AsksAsync(string name, string authorization)
    {
        var user = await FinesseSite.XmlAsync(await Site.GetAsync(Of(name), authorization), HttpStatusCode.OK);
        return (user.Element("extension")!.Value, user.Element("state")!.Value);
    }

    private async Task<string> BearerAsync(Browser browser, string name) => "Bearer " + (await Site.TokensAsync(browser, name)).Access;

    [Fact]
    public async Task By_token_one_reads_oneself_signs_in_at_an_extension_and_out()
    {
        await Site.AddAsync("sjones", ("finesse.authMode", "SSO"), ("finesse.loginId", "1001002"));
        using var browser = new Browser(Site.Desk);
        var (answer, _) = await FinesseSite.SignInAsync(browser, "/desktop/sso/token", "sjones");
        var bearer = "Bearer " + (await FinesseSite.JsonAsync(answer, HttpStatusCode.OK)).GetProperty("token").GetString();
        foreach (var id in (string[])["sjones", "1001002", "SJONES", "sjones@example.org"])
        {
            var user = await FinesseSite.XmlAsync(await Site.GetAsync(Of(id), bearer), HttpStatusCode.OK);
            Assert.Equal(("1001002", "sjones", "Sam", "Jones", "LOGOUT", "Agent", "/finesse/api/User/1001002"),
                (user.Element("loginId")!.Value, user.Element("loginName")!.Value, user.Element("firstName")!.Value, user.Element("lastName")!.Value, user.Element("state")!.Value, user.Element("roles")!.Element("role")!.Value, user.Element("uri")!.Value));
        }

        Assert.Equal("Invalid State", await FinesseSite.ErrorAsync(await PutAsync("sjones", bearer, "<User><state>READY</state></User>"), HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("1001002", bearer, "1001001")).StatusCode);
        Assert.Equal(("1001001", "NOT_READY"), await AsksAsync("sjones", bearer));
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("sjones", bearer, "<?xml version=\"1.0\"?>\n<User>\n  <state>READY</state>\n  <more/></User>")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("sjones", bearer, "1001001")).StatusCode);
        Assert.Equal(("1001001", "READY"), await AsksAsync("sjones", bearer));
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("sjones", bearer, "<User><state>LOGOUT</state><reasonCodeId>7</reasonCodeId></User>", "text/xml")).StatusCode);
        Assert.Equal(("", "LOGOUT"), await AsksAsync("sjones", bearer));

        // After sign-out the old token is nothing, at once.
        await Site.Desk.Part<SignOut>().EndAsync((await Site.Outpost.SessionAsync(browser))!, null, null, default);
        Assert.Equal("Authorization Failure", await FinesseSite.ErrorAsync(await Site.GetAsync(Of("sjones"), bearer), HttpStatusCode.Unauthorized));
        await Site.AuditedAsync("FINESSE_USER_ERROR", "authorization_failure");
    }

    [Fact]
    public async Task By_password_one_does_the_same_and_the_seat_lives_in_a_session_of_its_own()
    {
        var user = await Site.AddAsync("olga", ("finesse.loginId", "1001003"));
        var basic = FinesseSite.Basic("1001003", FinesseSite.Password);
        Assert.Equal(("", "LOGOUT"), await AsksAsync("olga", basic));
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("olga", basic, "2001")).StatusCode);
        Assert.Equal(("2001", "NOT_READY"), await AsksAsync("1001003", FinesseSite.Basic("olga", FinesseSite.Password)));
        var held = Assert.Single((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);
        Assert.Equal("2001", held.Extension);
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("olga", basic, "2002")).StatusCode);
        Assert.Equal("2002", Assert.Single((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items).Extension);
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("olga", basic, "<User><state>LOGOUT</state></User>")).StatusCode);
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);
        Assert.Equal(("", "LOGOUT"), await AsksAsync("olga", basic));
    }

    [Fact]
    public async Task A_seat_claimed_twice_is_refused_in_the_vendors_words()
    {
        await Site.AddAsync("nora");
        await Site.AddAsync("nils");
        var late = await Site.AddAsync("nele", ("finesse.authMode", "SSO"));
        var (hers, his) = (FinesseSite.Basic("nora", FinesseSite.Password), FinesseSite.Basic("nils", FinesseSite.Password));
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("nora", hers, "3001")).StatusCode);
        Assert.Equal("Device Busy", await FinesseSite.ErrorAsync(await LoginAsync("nils", his, "3001"), HttpStatusCode.BadRequest));
        using var browser = new Browser(Site.Desk);
        var bearer = await BearerAsync(browser, "nele");
        Assert.Equal("Device Busy", await FinesseSite.ErrorAsync(await LoginAsync("nele", bearer, "3001"), HttpStatusCode.BadRequest));
        await Site.AuditedAsync("SEAT_TAKEN_ERROR", "device_busy", one => one.User == late.Id);
        await Site.AuditedAsync("FINESSE_USER_ERROR", "device_busy", one => one.User == late.Id);

        // Who was refused has no session left over.
        Assert.Equal(("", "LOGOUT"), await AsksAsync("nils", his));
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, (await Site.Outpost.UserAsync("nils"))!.Id, null, 10, default)).Items);
        foreach (var wrong in (string[])["x", "1", "12345678901234567890", "&lt;"])
            Assert.Equal("Invalid Device", await FinesseSite.ErrorAsync(await LoginAsync("nils", his, wrong), HttpStatusCode.BadRequest));
        Assert.Equal("Parameter Missing", await FinesseSite.ErrorAsync(await LoginAsync("nele", bearer, ""), HttpStatusCode.BadRequest));
        Assert.Equal("Mode Not Allowed", await FinesseSite.ErrorAsync(await PutAsync("nele", bearer, "<User><state>LOGIN</state><extension>3002</extension><mobileAgent><mode>ALWAYS</mode></mobileAgent></User>"), HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("nele", bearer, "<User><state>LOGIN</state><extension>3002</extension><mobileAgent><mode>NAILED_CONNECTION</mode><dialNumber>0049301234</dialNumber></mobileAgent></User>")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("nora", hers, "<User><state>LOGOUT</state></User>")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("nils", his, "3001")).StatusCode);
    }

    [Fact]
    public async Task Each_signs_in_in_their_own_way_alone()
    {
        var user = await Site.AddAsync("paul", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var bearer = await BearerAsync(browser, "paul");
        Assert.Equal("Authorization Failure", await FinesseSite.ErrorAsync(await Site.GetAsync(Of("paul"), FinesseSite.Basic("paul", FinesseSite.Password)), HttpStatusCode.Unauthorized));
        await Site.ChangeAsync(user with { Attributes = user.Attributes.SetItem("finesse.authMode", ["NON_SSO"]) });
        var refused = await FinesseSite.XmlAsync(await Site.GetAsync(Of("paul"), bearer), HttpStatusCode.Unauthorized);
        Assert.Contains("UserAuthMode", refused.Element("ApiError")!.Element("ErrorMessage")!.Value, StringComparison.Ordinal);
        await AsksAsync("paul", FinesseSite.Basic("paul", FinesseSite.Password));
        await Site.AuditedAsync("FINESSE_USER_ERROR", "authorization_failure", one => one.User == user.Id);
    }

    [Fact]
    public async Task Credentials_that_do_not_count_are_one_answer()
    {
        await Site.AddAsync("quinn");
        await Site.AddAsync("queen", ("finesse.authMode", "SSO"));
        await Site.AddClientAsync("stranger", one => one with { RedirectUris = [FinesseSite.Redirect] });
        using var browser = new Browser(Site.Desk);
        var (access, refresh) = await Site.TokensAsync(browser, "queen");
        var foreign = Browser.Query((await browser.FollowAsync($"/ids/v1/oauth/authorize?client_id=stranger&response_type=code&redirect_uri={Uri.EscapeDataString(FinesseSite.Redirect)}")).At, "code");
        var strangers = (await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/token", FinesseSite.Basic("stranger", FinesseSite.Secret), ("grant_type", "authorization_code"), ("code", foreign), ("redirect_uri", FinesseSite.Redirect)), HttpStatusCode.OK)).GetProperty("access_token").GetString()!;
        var answers = new List<string>();
        foreach (var authorization in (string?[])
                 [
                     null, "Bearer " + await Site.Desk.ServiceTokenAsync(), "Bearer " + strangers, "Bearer " + refresh, "Bearer nonsense", "Bearer " + access[..^4] + "AAAA", "Bearer", "Negotiate abc", "Basic %%%", "Basic YQ==",
                     FinesseSite.Basic("quinn", "wrong"), FinesseSite.Basic("nobody-at-all", FinesseSite.Password), FinesseSite.Basic("quinn", ""), FinesseSite.Basic("quinn", new string('x', 3000)),
                 ])
        {
            var answer = await Site.GetAsync(Of("queen"), authorization);
            var error = await FinesseSite.XmlAsync(answer, HttpStatusCode.Unauthorized);
            Assert.NotEmpty(answer.Headers.WwwAuthenticate);
            answers.Add(error.ToString());
        }

        Assert.Single(answers.Distinct());
        Assert.Equal(HttpStatusCode.OK, (await Site.GetAsync(Of("queen"), "Bearer " + access)).StatusCode);
    }

    [Fact]
    public async Task Who_guesses_must_wait()
    {
        await Site.AddAsync("victim");
        HttpResponseMessage answer;
        var tries = 0;
        while ((answer = await Site.GetAsync(Of("victim"), FinesseSite.Basic("victim", $"guess {tries}"))).Headers.RetryAfter is null) Assert.True(++tries <= 6, "never told to wait");
        var error = await FinesseSite.XmlAsync(answer, HttpStatusCode.Unauthorized);
        Assert.Equal("ACCOUNT_BLOCKED", error.Element("ApiError")!.Element("ErrorData")!.Value);
        Assert.InRange(tries, 4, 6);
        Assert.Equal("ACCOUNT_BLOCKED", (await FinesseSite.XmlAsync(await Site.GetAsync(Of("victim"), FinesseSite.Basic("victim", FinesseSite.Password)), HttpStatusCode.Unauthorized)).Element("ApiError")!.Element("ErrorData")!.Value);
    }

    [Fact]
    public async Task Anothers_object_is_for_their_supervisor_to_read_and_for_nobody_to_change()
    {
        var (agent, boss, far) = (await Site.AddAsync("team1"), await Site.AddAsync("boss1"), await Site.AddAsync("boss2"));
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            var (groups, roles) = (Site.Desk.Part<Groups>(), Site.Desk.Part<Roles>());
            var billing = (await groups.FindByPathAsync(Outpost.Realm, "/billing", default))!;
            await groups.ChangeAsync(work, billing with { Attributes = billing.Attributes.SetItem("finesse.teamId", ["5000"]) });
            foreach (var one in (User[])[agent, boss]) await groups.JoinAsync(work, Outpost.Realm, one.Id, billing.Id);
            var supervisor = (await roles.FindByNameAsync(Outpost.Realm, null, "supervisor", default))!;
            foreach (var one in (User[])[boss, far]) await roles.GiveAsync(work, Outpost.Realm, RoleHolder.User, one.Id, supervisor.Id);
            return true;
        }, default);
        var (his, hers, others) = (FinesseSite.Basic("team1", FinesseSite.Password), FinesseSite.Basic("boss1", FinesseSite.Password), FinesseSite.Basic("boss2", FinesseSite.Password));
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("team1", his, "4001")).StatusCode);
        var read = await FinesseSite.XmlAsync(await Site.GetAsync(Of("team1"), hers), HttpStatusCode.OK);
        Assert.Equal(("4001", "NOT_READY", "5000", "billing"), (read.Element("extension")!.Value, read.Element("state")!.Value, read.Element("teamId")!.Value, read.Element("teamName")!.Value));
        var own = await FinesseSite.XmlAsync(await Site.GetAsync(Of("boss1"), hers), HttpStatusCode.OK);
        Assert.Equal(["Agent", "Supervisor"], own.Element("roles")!.Elements("role").Select(one => one.Value));
        Assert.Equal(("5000", "billing"), (own.Element("teams")!.Element("Team")!.Element("id")!.Value, own.Element("teams")!.Element("Team")!.Element("name")!.Value));
        foreach (var (name, authorization) in ((string, string)[])[("boss1", his), ("nobody-at-all", his), ("team1", others), ("nobody-at-all", hers)])
            Assert.Equal("Invalid Authorization User Specified", await FinesseSite.ErrorAsync(await Site.GetAsync(Of(name), authorization), HttpStatusCode.Unauthorized));
        Assert.Equal("Invalid Authorization User Specified", await FinesseSite.ErrorAsync(await PutAsync("team1", hers, "<User><state>LOGOUT</state></User>"), HttpStatusCode.Unauthorized));
        await Site.AuditedAsync("FINESSE_USER_ERROR", "invalid_authorization_user_specified", one => one.User == boss.Id);
    }

    public static TheoryData<string> Hostile =>
    [
        "", "<User>", "<user><state>LOGIN</state></user>", "<User/>", "<User><state/></User>", "<User><state>LOGIN</state><state>LOGOUT</state></User>", "<User state=\"LOGIN\"/>", "<User xmlns=\"urn:x\"><state>LOGIN</state></User>", "<User>LOGIN</User>",
        "<!DOCTYPE User [<!ENTITY x \"LOGIN\">]><User><state>&x;</state></User>", "<!DOCTYPE User SYSTEM \"http://127.0.0.1:9/x.dtd\"><User><state>LOGIN</state></User>",
        "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\"><!ENTITY lol3 \"&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;\">]><User><state>&lol3;</state></User>",
        "<!DOCTYPE User [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><User><state>LOGIN</state><extension>&x;</extension></User>", "<User><a><b><c><d><e><f/></e></d></c></b></a></User>", "<User><state>LOGIN</state></User><User/>", "{\"state\":\"LOGIN\"}", "<User><state>LOGIN\u0001</state></User>",
        "<User><state>NOT_A_STATE</state></User>", "<User><state>login</state></User>", "<User><state>" + "A".PadRight(300, 'A') + "</state></User>", "<User><state>LOGIN</state>" + "<x>" + "y".PadRight(9000, 'y') + "</x></User>",
    ];

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_wish_of_a_user_is_refused_in_xml(string body)
    {
        Assert.Contains(await FinesseSite.ErrorAsync(await PutAsync("hostile", await fixture.HostileAsync(), body), HttpStatusCode.BadRequest), (string[])["Invalid Input", "Parameter Missing", "Invalid State"]);
    }

    [Fact]
    public async Task Bodies_of_other_kinds_and_without_end_are_refused()
    {
        var bearer = await fixture.HostileAsync();
        Assert.Equal("Invalid Input", await FinesseSite.ErrorAsync(await PutAsync("hostile", bearer, "<User><state>LOGOUT</state></User>", "text/plain"), HttpStatusCode.BadRequest));
        Assert.Equal("Invalid Input", await FinesseSite.ErrorAsync(await PutAsync("hostile", bearer, "<User><state>LOGOUT</state>" + new string(' ', 300_000) + "</User>"), HttpStatusCode.BadRequest));
        using var bytes = new ByteArrayContent([0xff, 0xfe, 0x3c, 0x00, 0x55, 0x00]) { Headers = { { "Content-Type", "application/xml" } } };
        Assert.Equal("Invalid Input", await FinesseSite.ErrorAsync(await Site.SendAsync(HttpMethod.Put, Of("hostile"), bearer, bytes), HttpStatusCode.BadRequest));
        Assert.Equal("Not Found", await FinesseSite.ErrorAsync(await Site.SendAsync(HttpMethod.Delete, Of("hostile"), bearer), HttpStatusCode.NotFound));
        Assert.Equal("Not Found", await FinesseSite.ErrorAsync(await Site.GetAsync(Of("hostile") + "/Dialogs", bearer), HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_state_of_yesterday_is_not_todays()
    {
        var user = await Site.AddAsync("night", ("finesse.authMode", "NON_SSO"));
        var basic = FinesseSite.Basic("night", FinesseSite.Password);
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("night", basic, "2777")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PutAsync("night", basic, "<User><state>READY</state></User>")).StatusCode);
        Assert.Equal(("2777", "READY"), await AsksAsync("night", basic));

        // Nobody signed out; the session lay idle until it was over.
        var session = Assert.Single((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await work.Connection.ExecuteAsync("update sessions set idle_ends_at = 1 where id = @Id", new { session.Id }, work.Transaction);
            await work.AnnounceAsync(new Change("session.renewed", Outpost.Realm, session.Id));
            return true;
        }, default);
        Assert.Equal(HttpStatusCode.Accepted, (await LoginAsync("night", basic, "2777")).StatusCode);
        Assert.Equal(("2777", "NOT_READY"), await AsksAsync("night", basic));
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private Task<string>? hostile;

        internal FinesseSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync()
            => Site = await FinesseSite.MakeAsync(await Desk.OpenAsync(with: FinesseSite.On("HYBRID", """, "seats": "mobility", "seatPage": false, "withoutPkce": ["stranger until 2099-12-31"]""")));

        /// <summary>The token of somebody who sends nonsense.</summary>
        internal Task<string> HostileAsync()
        {
            async Task<string> MakeAsync()
            {
                await Site.AddAsync("hostile", ("finesse.authMode", "SSO"));
                using var browser = new Browser(Site.Desk);
                return "Bearer " + (await Site.TokensAsync(browser, "hostile")).Access;
            }

            return hostile ??= MakeAsync();
        }

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
