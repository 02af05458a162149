using System.Net;
using Gatehouse.Gateway;
using Gatehouse.House;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Facades.Xivo;

/// <summary>Login and check in XiVO's wire form: what its clients send, what they read, and what nobody learns.</summary>
public sealed class XivoLoginTests(XivoLoginTests.Fixture fixture) : IClassFixture<XivoLoginTests.Fixture>
{
    private XivoSite Site => fixture.Site;

    [Fact]
    public async Task Login_and_password_become_an_access_token_of_ours_in_a_session()
    {
        var user = await Site.AddAsync("alba");
        var reply = await Site.LoginAsync("alba", XivoSite.Password);
        Assert.Equal((HttpStatusCode.OK, "alba", 3600), (reply.Status, reply.Body.GetProperty("login").GetString(), reply.Body.GetProperty("TTL").GetInt32()));
        Assert.Equal(["login", "token", "TTL"], reply.Body.EnumerateObject().Select(one => one.Name));
        Assert.Null(Site.Desk.Part<Verify>().Check(reply.Token!, "xuc", out var principal));
        Assert.Equal((user.Id, "xivo", "alba"), (principal!.Subject, principal.Client, principal.Name));
        var session = (await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, principal.Session!, default))!;

        // The session is there as long as the token, though the realm's idle time is shorter.
        Assert.True(session.IdleEndsAt > DateTimeOffset.UtcNow.AddMinutes(60), session.IdleEndsAt.ToString());
        var noted = await Site.AuditedAsync("LOGIN", null, one => one.User == user.Id);
        Assert.Equal(("xivo", session.Id), (noted.Client, noted.Session));

        // The form without the members that only some clients send; members that nobody knows.
        Assert.Equal(HttpStatusCode.OK, (await Site.PostAsync("/login", $$"""{"login":"ALBA","password":"{{XivoSite.Password}}","later":[1,{"a":null}]}""")).Status);
    }

    [Fact]
    public async Task Wrong_password_unknown_user_and_disabled_user_are_one_answer()
    {
        await Site.AddAsync("bruno");
        await Site.ChangeAsync(await Site.AddAsync("gone") with { Enabled = false });
        await Site.AddAsync("bare", ("xivo.ctiLogin", ""));
        var answers = new List<string>();
        foreach (var (login, password) in ((string, string)[])[("bruno", "not-it"), ("nobody-at-all", XivoSite.Password), ("gone", XivoSite.Password), ("bare", "not-it"), ("bruno", new string('x', 5000))])
        {
            var reply = await Site.LoginAsync(login, password);
            Assert.Equal((HttpStatusCode.Unauthorized, "InvalidCredentials"), (reply.Status, reply.Error));
            answers.Add(reply.Body.ToString());
        }

        Assert.Single(answers.Distinct());
        await Site.AuditedAsync("LOGIN_ERROR", "user_disabled", one => one.Client == "xivo");
    }

    [Theory]
    [InlineData("xivo.ctiLogin", "", "CTI login is not enabled", "cti_login_not_enabled")]
    [InlineData("xivo.ctiLogin", "false", "CTI login is not enabled", "cti_login_not_enabled")]
    [InlineData("xivo.profile", "", "No profile is set", "profile_not_set")]
    [InlineData("xivo.profile", "  ", "No profile is set", "profile_not_set")]
    public async Task Each_missing_property_has_its_own_answer_after_the_password_was_right(string attribute, string value, string words, string code)
    {
        var user = await Site.AddAsync($"lacks{Guid.NewGuid():n}", (attribute, value));
        var reply = await Site.LoginAsync(user.Username, XivoSite.Password);
        Assert.Equal((HttpStatusCode.Forbidden, "InvalidCredentials"), (reply.Status, reply.Error));
        Assert.Contains(words, reply.Message, StringComparison.Ordinal);
        Assert.Equal("xivo", (await Site.AuditedAsync("LOGIN_ERROR", code, one => one.User == user.Id)).Client);
        Assert.Empty((await Site.Desk.Part<SessionStore>().ListAsync(Outpost.Realm, user.Id, null, 10, default)).Items);

        // With the wrong password nothing is told.
        Assert.Equal("Invalid username or password", (await Site.LoginAsync(user.Username, "not-it")).Message);
    }

    [Fact]
    public async Task A_webservice_user_needs_no_cti_and_has_a_life_of_its_own()
    {
        await Site.AddAsync("exporter", ("xivo.ctiLogin", ""), ("xivo.profile", ""), ("xivo.webservice", "true"));
        foreach (var path in (string[])["/login", "/webservice"])
        {
            var reply = await Site.LoginAsync("exporter", XivoSite.Password, path);
            Assert.Equal((HttpStatusCode.OK, 600), (reply.Status, reply.Body.GetProperty("TTL").GetInt32()));
        }
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "", "application/json" }, { "{", "application/json" }, { "[]", "application/json" }, { "null", "application/json" }, { "\"alba\"", "application/json" }, { "{}", "application/json" },
        { """{"login":"alba"}""", "application/json" }, { """{"password":"x"}""", "application/json" }, { """{"login":"","password":"x"}""", "application/json" }, { """{"login":"alba","password":""}""", "application/json" },
        { """{"login":1,"password":"x"}""", "application/json" }, { """{"login":["alba"],"password":"x"}""", "application/json" }, { """{"login":null,"password":"x"}""", "application/json" }, { """{"login":"alba","login":"bruno","password":"x"}""", "application/json" },
        { """{"login":"a\u0000b","password":"x"}""", "application/json" }, { """{"login":"\ud800","password":"x"}""", "application/json" }, { """{"login":"alba","password":"x"} {}""", "application/json" },
        { """{"login":"alba","password":"x","a":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}""", "application/json" }, { "login=alba&password=x", "application/x-www-form-urlencoded" }, { """{"login":"alba","password":"x"}""", "text/plain" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_login_is_told_so_in_json(string body, string type)
    {
        var reply = await Site.PostAsync("/login", body, type);
        Assert.Equal((HttpStatusCode.BadRequest, "InvalidJson"), (reply.Status, reply.Error));
    }

    [Fact]
    public async Task A_body_without_end_is_cut_off()
    {
        var reply = await Site.PostAsync("/login", $$"""{"login":"alba","password":"{{new string('x', 100_000)}}"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "InvalidJson"), (reply.Status, reply.Error));
    }

    [Fact]
    public async Task Who_guesses_must_wait()
    {
        await Site.AddAsync("carla");
        XivoSite.Reply reply;
        var tries = 0;
        while ((reply = await Site.LoginAsync("carla", "guess")).Status == HttpStatusCode.Unauthorized) Assert.True(++tries <= 5);
        Assert.Equal(((HttpStatusCode)429, "UnhandledError"), (reply.Status, reply.Error));
        Assert.True(reply.Headers.RetryAfter!.Delta > TimeSpan.Zero);
        Assert.Contains("Too many attempts", reply.Message, StringComparison.Ordinal);

        // Even the right password waits.
        Assert.Equal((HttpStatusCode)429, (await Site.LoginAsync("carla", XivoSite.Password)).Status);
    }

    [Fact]
    public async Task Check_renews_and_ends_with_the_session()
    {
        var user = await Site.AddAsync("dora");
        var first = await Site.TokenAsync("dora");
        var reply = await Site.CheckAsync(first);
        Assert.Equal((HttpStatusCode.OK, "dora", 3600), (reply.Status, reply.Body.GetProperty("login").GetString(), reply.Body.GetProperty("TTL").GetInt32()));
        Assert.NotEqual(first, reply.Token);
        Assert.Equal(XivoSite.Claims(first).GetProperty("sid").GetString(), XivoSite.Claims(reply.Token!).GetProperty("sid").GetString());
        Assert.Equal(XivoSite.Claims(first).GetProperty("auth_time").GetInt64(), XivoSite.Claims(reply.Token!).GetProperty("auth_time").GetInt64());
        Assert.Equal(HttpStatusCode.OK, (await Site.CheckAsync(first)).Status);

        // A property that is taken away counts at the next check.
        await Site.ChangeAsync(user);
        await Site.ChangeAsync(user with { Attributes = user.Attributes.Remove("xivo.profile") });
        var barred = await Site.CheckAsync(reply.Token!);
        Assert.Equal((HttpStatusCode.Forbidden, "InvalidToken"), (barred.Status, barred.Error));
        Assert.Contains("No profile is set", barred.Message, StringComparison.Ordinal);
        await Site.ChangeAsync(user);

        var session = XivoSite.Claims(first).GetProperty("sid").GetString()!;
        await Site.Desk.Part<Database>().WriteAsync(work => Site.Desk.Part<SessionStore>().EndAsync(work, Outpost.Realm, session), default);
        foreach (var token in (string[])[first, reply.Token!]) Assert.Equal((HttpStatusCode.Unauthorized, "InvalidToken"), ((await Site.CheckAsync(token)) is var ended ? (ended.Status, ended.Error) : default));
    }

    [Fact]
    public async Task Check_refuses_what_is_no_live_token_of_this_client()
    {
        var user = await Site.AddAsync("elio");
        var token = await Site.TokenAsync("elio");
        var old = await fixture.ExpiredAsync(user, token);
        var other = await Site.Desk.ServiceTokenAsync();
        foreach (var (status, error, header) in ((HttpStatusCode, string, string?)[])
                 [
                     (HttpStatusCode.Unauthorized, "AuthorizationHeaderNotFound", null), (HttpStatusCode.Unauthorized, "BearerNotFound", "Basic YTpi"), (HttpStatusCode.Unauthorized, "BearerNotFound", "Bearer"), (HttpStatusCode.Unauthorized, "BearerNotFound", "Bearer a b"),
                     (HttpStatusCode.Unauthorized, "InvalidToken", "Bearer nonsense"), (HttpStatusCode.Unauthorized, "InvalidToken", "Bearer " + token[..^3] + "AAA"), (HttpStatusCode.Unauthorized, "InvalidToken", "Bearer " + other), (HttpStatusCode.Unauthorized, "TokenExpired", "Bearer " + old),
                     (HttpStatusCode.Unauthorized, "InvalidToken", "Bearer " + new string('a', 20_000)),
                 ])
        {
            var reply = await Site.GetAsync("/check", header is null ? [] : ["Authorization: " + header]);
            Assert.Equal((status, error), (reply.Status, reply.Error));
        }

        Assert.Equal(HttpStatusCode.OK, (await Site.GetAsync("/check", "X-Auth-Token: " + token)).Status);
        Assert.Equal("BearerNotFound", (await Site.GetAsync("/check", "X-Auth-Token: " + token, "Authorization: Bearer " + token)).Error);

        // Where no other than the headers counts: a token in the address is never looked at.
        Assert.Equal("AuthorizationHeaderNotFound", (await Site.GetAsync("/check?token=" + token)).Error);
    }

    [Fact]
    public async Task Only_listed_origins_may_read()
    {
        var listed = await Site.GetAsync("/check", "Origin: https://desk.example.org");
        Assert.Equal(("https://desk.example.org", "true"), (listed.Headers.GetValues("Access-Control-Allow-Origin").Single(), listed.Headers.GetValues("Access-Control-Allow-Credentials").Single()));
        foreach (var origin in (string[])["https://desk.example.org.evil.example", "http://desk.example.org", "null", "https://DESK.example.org"])
            Assert.False((await Site.GetAsync("/check", "Origin: " + origin)).Headers.Contains("Access-Control-Allow-Origin"));
        using var ask = new HttpRequestMessage(HttpMethod.Options, XivoSite.Auth + "/login") { Headers = { { "Origin", "https://desk.example.org" }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "content-type" } } };
        using var told = await Site.Desk.Http.SendAsync(ask);
        Assert.Equal((HttpStatusCode.NoContent, "Authorization, Content-Type"), (told.StatusCode, told.Headers.GetValues("Access-Control-Allow-Headers").Single()));
    }

    [Fact]
    public async Task What_is_not_there_is_told_in_the_same_form_and_all_else_is_the_gates()
    {
        foreach (var path in (string[])["/nothing", "/login", "/login/more", ""])
        {
            var reply = await Site.GetAsync(path);
            Assert.Equal((HttpStatusCode.NotFound, "UnhandledError"), (reply.Status, reply.Error));
        }

        foreach (var path in (string[])["/xuc/api/2.0/contact/personal", "/xuc/api/2.0/authority", "/xuc"])
        {
            using var answer = await Site.Desk.Http.GetAsync(path);
            Assert.True(await GateDesk.CodeOfAsync(answer) is "route.unknown" or "path.ambiguous", $"{path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal XivoSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Site = await XivoSite.MakeAsync(await Desk.OpenAsync(with: XivoSite.On(""", "webserviceExpires": "00:10:00", "origins": ["https://desk.example.org"]""")));

        /// <summary>A token of the same session whose life is over.</summary>
        internal async Task<string> ExpiredAsync(User user, string token)
        {
            var session = (await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, XivoSite.Claims(token).GetProperty("sid").GetString()!, default))!;
            var client = (await Site.Desk.Part<Gatehouse.Clients.ClientStore>().FindByClientIdAsync(Outpost.Realm, "xivo", default))! with { AccessTokenLife = TimeSpan.FromMinutes(-5) };
            var (tokens, error) = await Site.Desk.Part<Issuer>().MintAsync(new Gatehouse.Tokens.Authorization { Grant = "password", Realm = Site.Desk.Part<Realms>().Find(Outpost.Realm)!, Client = client, User = user.Id, Session = session, Scopes = client.DefaultScopes }, default);
            Assert.Null(error);
            return tokens!.AccessToken;
        }

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
