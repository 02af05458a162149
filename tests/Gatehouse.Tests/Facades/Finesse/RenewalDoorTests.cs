using System.Net;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Storage;
using Gatehouse.Tests.Facades.Expertflow;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>A refresh token is renewed at the door that made it, and at no other: not where nobody is asked for a secret, nor past the rules of the one that made it.</summary>
public sealed class RenewalDoorTests(RenewalDoorTests.Fixture fixture) : IClassFixture<RenewalDoorTests.Fixture>
{
    private const string Desktop = "/desktop/sso/token";
    private const string Ids = "/ids/v1/oauth/token";

    private static readonly string Token = $"/realms/{Outpost.Realm}/protocol/openid-connect/token";
    private static readonly string Basic = FinesseSite.Basic("finesse", FinesseSite.Secret);

    private FinesseSite Site => fixture.Site;

    [Fact]
    public async Task The_desktops_address_renews_none_of_the_same_clients_that_others_made()
    {
        await Site.AddAsync("anna", ("finesse.authMode", "SSO"));
        var posted = await RefreshAsync(await Site.PostAsync(Token, Basic, ("grant_type", "password"), ("username", "anna"), ("password", FinesseSite.Password)));
        var traded = await RefreshAsync(await Site.PostAsync(Token, Basic, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token_type", ProofType.Jwt), ("subject_token", fixture.Jwt("tom")), ("requested_token_type", ProofType.RefreshToken)));
        var marked = await ExpertflowAsync("anna");
        foreach (var refresh in (string[])[posted, traded, marked[..marked.LastIndexOf('.')]])
        {
            Assert.Equal("AUTH_ERROR", (await FinesseSite.JsonAsync(await Site.PostAsync(Desktop, null, ("refresh-token", refresh)), HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
            Assert.Equal(HttpStatusCode.Unauthorized, (await Site.GetAsync($"{Desktop}?refresh-token={refresh}")).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(Ids, Basic, ("grant_type", "refresh_token"), ("refresh_token", refresh))).StatusCode);
        }

        // Each is good still where it was made, and a replay there ends it as ever.
        foreach (var refresh in (string[])[posted, traded]) await RefreshAsync(await Site.PostAsync(Token, Basic, ("grant_type", "refresh_token"), ("refresh_token", refresh)));
        Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(Token, Basic, ("grant_type", "refresh_token"), ("refresh_token", marked[..marked.LastIndexOf('.')]))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, await RenewAtExpertflowAsync(marked));
    }

    [Fact]
    public async Task What_the_desktops_address_made_is_renewed_nowhere_else()
    {
        await Site.AddAsync("bert", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (_, refresh) = await Site.TokensAsync(browser, "bert");
        foreach (var path in (string[])[Token, Ids]) Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(path, Basic, ("grant_type", "refresh_token"), ("refresh_token", refresh))).StatusCode);
        Assert.NotEqual(HttpStatusCode.OK, await RenewAtExpertflowAsync(refresh));
        await FinesseSite.JsonAsync(await Site.PostAsync(Desktop, null, ("refresh-token", refresh)), HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_that_was_cut_to_a_back_end_is_nobody_at_finesses_own_addresses()
    {
        await Site.AddAsync("elsa", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (whole, _) = await Site.TokensAsync(browser, "elsa");
        Assert.Equal(HttpStatusCode.OK, (await Site.GetAsync("/finesse/api/User/elsa", "Bearer " + whole)).StatusCode);
        foreach (var (audience, expected) in ((string, HttpStatusCode)[])[("crm", HttpStatusCode.Unauthorized), ("finesse", HttpStatusCode.OK)])
        {
            var traded = await FinesseSite.JsonAsync(await Site.PostAsync(Token, Basic, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token_type", ProofType.AccessToken), ("subject_token", whole), ("audience", audience)), HttpStatusCode.OK);
            Assert.Equal(expected, (await Site.GetAsync("/finesse/api/User/elsa", "Bearer " + traded.GetProperty("access_token").GetString())).StatusCode);
        }
    }

    [Fact]
    public async Task A_renewal_that_is_refused_makes_nothing_and_uses_nothing()
    {
        var user = await Site.AddAsync("cara", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (access, refresh) = await Site.TokensAsync(browser, "cara");
        await Site.ChangeAsync(user with { Attributes = user.Attributes.SetItem("finesse.authMode", ["NON_SSO"]) });
        await Site.Desk.Part<ChangeFeed>().CatchUpAsync(default);
        await FinesseSite.JsonAsync(await Site.PostAsync(Desktop, null, ("token", access), ("refresh-token", refresh)), HttpStatusCode.Unauthorized);
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "invalid_grant", one => one.User == user.Id);
        var page = await Site.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Outpost.Realm, "REFRESH_TOKEN"), default);
        Assert.DoesNotContain(page.Events, one => one.Event.User == user.Id);
    }

    [Fact]
    public async Task A_token_that_was_cut_signs_nobody_in_at_expertflows_address()
    {
        await Site.AddAsync("dora");
        var portal = FinesseSite.Basic("portal", FinesseSite.Secret);
        var whole = await TokenAsync(portal, ("grant_type", "password"), ("username", "dora"), ("password", FinesseSite.Password));
        var cut = await TokenAsync(portal, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token_type", ProofType.AccessToken), ("subject_token", whole), ("audience", "finesse"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await AtExpertflowAsync(new { username = "dora", finesseUrl = Site.Desk.Url.GetLeftPart(UriPartial.Authority), authToken = cut, authWithSSO = true })).Status);
        await Site.AuditedAsync("LOGIN_ERROR", "token.door");
        Assert.Equal(HttpStatusCode.OK, (await AtExpertflowAsync(new { username = "dora", finesseUrl = Site.Desk.Url.GetLeftPart(UriPartial.Authority), authToken = whole, authWithSSO = true })).Status);

        async Task<string> TokenAsync(string client, params (string, string)[] form)
        {
            using var answer = await Site.PostAsync(Token, client, form);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
            return JsonDocument.Parse(text).RootElement.GetProperty("access_token").GetString()!;
        }
    }

    private async Task<ExpertflowSite.Reply> AtExpertflowAsync(object posted)
    {
        using var body = new StringContent(JsonSerializer.Serialize(posted), System.Text.Encoding.UTF8, "application/json");
        using var answer = await Site.SendAsync(HttpMethod.Post, ExpertflowSite.Login, null, body);
        return await ExpertflowSite.Reply.OfAsync(answer);
    }

    private async Task<string> ExpertflowAsync(string name)
    {
        var reply = await AtExpertflowAsync(new { username = name, password = FinesseSite.Password });
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body.ToString());
        return reply.RefreshToken;
    }

    private async Task<HttpStatusCode> RenewAtExpertflowAsync(string refresh)
    {
        using var body = new StringContent(JsonSerializer.Serialize(new { refreshToken = refresh }), System.Text.Encoding.UTF8, "application/json");
        using var answer = await Site.SendAsync(HttpMethod.Post, ExpertflowSite.Refresh, null, body);
        return answer.StatusCode;
    }

    private static async Task<string> RefreshAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("refresh_token").GetString()!;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private ForeignIssuer? issuer;

        internal FinesseSite Site { get; private set; } = null!;

        internal string Jwt(string name)
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            return issuer!.Token("k1", new Dictionary<string, object> { ["iss"] = issuer.Url, ["sub"] = "id-" + name, ["aud"] = Site.Outpost.Url, ["iat"] = now, ["exp"] = now + 120, ["jti"] = Guid.NewGuid().ToString(), ["preferred_username"] = name });
        }

        public async ValueTask InitializeAsync()
        {
            issuer = await ForeignIssuer.StartAsync();
            var desk = await Desk.OpenAsync(with: options =>
            {
                var far = ExpertflowSite.Far;
                File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""
                    { "facades": {
                      "finesse": { "realm": "{{Outpost.Realm}}", "mode": "HYBRID", "domain": "example.org" },
                      "keycloak": { "passwordClients": [{ "realm": "{{Outpost.Realm}}", "client": "finesse", "until": "{{far}}" }, { "realm": "{{Outpost.Realm}}", "client": "portal", "until": "{{far}}" }] },
                      "expertflow": { "realm": "{{Outpost.Realm}}", "client": "finesse", "needsRole": false, "needsPermissionGroup": false, "needsTeam": false, "until": { "login": "{{far}}", "refreshToken": "{{far}}" } } } }
                    """);
                return options;
            });
            Site = await FinesseSite.MakeAsync(desk);
            await Site.AddClientAsync("portal", one => one with { Exchanges = true, DirectGrants = true, Audiences = ["finesse", "crm"] });
            var store = desk.Part<ClientStore>();
            var client = (await store.FindByClientIdAsync(Outpost.Realm, "finesse", default))!;
            await desk.Part<Database>().WriteAsync(work => store.ChangeAsync(work, client with { Exchanges = true, DirectGrants = true, Audiences = ["finesse", "crm"] }), default);
            await desk.Part<ChangeFeed>().CatchUpAsync(default);
            await Site.Outpost.AddAsync("partner", "jwt", new Dictionary<string, string> { ["issuer"] = issuer.Url });
        }

        public async ValueTask DisposeAsync()
        {
            await Site.Desk.DisposeAsync();
            await issuer!.DisposeAsync();
        }
    }
}
