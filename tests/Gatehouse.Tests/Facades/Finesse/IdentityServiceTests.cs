using System.Net;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>The identity service towards third parties: codes, tokens, renewal and validation; and what it never gives.</summary>
public sealed class IdentityServiceTests(IdentityServiceTests.Fixture fixture) : IClassFixture<IdentityServiceTests.Fixture>
{
    private const string Token = "/ids/v1/oauth/token";

    private static readonly string Crm = FinesseSite.Basic("crm", FinesseSite.Secret);

    private FinesseSite Site => fixture.Site;

    private static string Authorize(string client = "crm", string redirect = FinesseSite.Redirect, string more = "") => $"/ids/v1/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(redirect)}&response_type=code&state=YWJj%3D{more}";

    private async Task<string> CodeAsync(Browser browser, string name, string? path = null)
    {
        await Site.AddAsync(name);
        var (_, at) = await FinesseSite.SignInAsync(browser, path ?? Authorize(), name);
        Assert.Equal((FinesseSite.Redirect, "YWJj="), (at.GetLeftPart(UriPartial.Path), Browser.Query(at, "state")));
        return Browser.Query(at, "code");
    }

    private Task<HttpResponseMessage> RedeemAsync(string code, string? authorization, params (string Name, string Value)[] more)
        => Site.PostAsync(Token, authorization, [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", FinesseSite.Redirect), .. more]);

    [Fact]
    public async Task A_code_becomes_tokens_that_a_service_has_validated()
    {
        using var browser = new Browser(Site.Desk);
        var code = await CodeAsync(browser, "amos");
        var made = await FinesseSite.JsonAsync(await RedeemAsync(code, Crm), HttpStatusCode.OK);
        var (access, refresh) = (made.GetProperty("access_token").GetString()!, made.GetProperty("refresh_token").GetString()!);
        Assert.Equal(3600, made.GetProperty("expires_in").GetInt32());

        // By the standard, and in the vendor's words; by the header and by the form.
        var told = await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/introspect", Crm, ("token", access)), HttpStatusCode.OK);
        Assert.Equal((true, "amos", "crm"), (told.GetProperty("active").GetBoolean(), told.GetProperty("username").GetString(), told.GetProperty("client_id").GetString()));
        var valid = await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/validate", null, ("client_id", "crm"), ("client_secret", FinesseSite.Secret), ("access_token", access)), HttpStatusCode.OK);
        Assert.Equal(("amos", "amos@example.org", "access"), (valid.GetProperty("user_id").GetString(), valid.GetProperty("upn").GetString(), valid.GetProperty("usage").GetString()));
        Assert.True(valid.GetProperty("expiry").GetInt64() > DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

        // Renewal gives the next refresh token; the old one, after the grace (this realm gives none), ends the family.
        var next = await FinesseSite.JsonAsync(await Site.PostAsync(Token, Crm, ("grant_type", "refresh_token"), ("refresh_token", refresh)), HttpStatusCode.OK);
        Assert.NotEqual(refresh, next.GetProperty("refresh_token").GetString());
        Assert.Equal("invalid_grant", await ErrorAsync(await Site.PostAsync(Token, Crm, ("grant_type", "refresh_token"), ("refresh_token", refresh)), HttpStatusCode.BadRequest));
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "refresh_token_replayed", one => one.Client == "crm");
        foreach (var stale in (string[])[access, next.GetProperty("access_token").GetString()!])
        {
            Assert.False((await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/introspect", Crm, ("token", stale)), HttpStatusCode.OK)).GetProperty("active").GetBoolean());
            Assert.Equal("invalid_token", await ErrorAsync(await Site.PostAsync("/ids/v1/oauth/validate", Crm, ("token", stale)), HttpStatusCode.Unauthorized));
        }
    }

    [Fact]
    public async Task A_code_counts_once_for_its_client_and_address_at_its_door()
    {
        using var browser = new Browser(Site.Desk);
        var code = await CodeAsync(browser, "bela");
        var made = await FinesseSite.JsonAsync(await RedeemAsync(code, Crm), HttpStatusCode.OK);
        Assert.Equal("invalid_grant", await ErrorAsync(await RedeemAsync(code, Crm), HttpStatusCode.BadRequest));
        Assert.NotNull(Site.Desk.Part<Verify>().Check(made.GetProperty("access_token").GetString()!, null, out _));
        await Site.AuditedAsync("CODE_TO_TOKEN_ERROR", "invalid_grant", one => one.Details!["reason"].Contains("used before", StringComparison.Ordinal));

        // Another client's, another address, a verifier that belongs to nothing, and the OpenID endpoint: each takes a code of its own with it.
        async Task<string> NextAsync() => Browser.Query((await browser.FollowAsync(Authorize())).At, "code");
        Assert.Equal("invalid_grant", await ErrorAsync(await RedeemAsync(await NextAsync(), FinesseSite.Basic("other", FinesseSite.Secret)), HttpStatusCode.BadRequest));
        Assert.Equal("invalid_grant", await ErrorAsync(await Site.PostAsync(Token, Crm, ("grant_type", "authorization_code"), ("code", await NextAsync()), ("redirect_uri", FinesseSite.Redirect + "/")), HttpStatusCode.BadRequest));
        Assert.Equal("invalid_grant", await ErrorAsync(await RedeemAsync(await NextAsync(), Crm, ("code_verifier", browser.Verifier)), HttpStatusCode.BadRequest));
        foreach (var verifier in (string[])["", browser.Verifier])
        {
            (string, string)[] proof = verifier.Length == 0 ? [] : [("code_verifier", verifier)];
            var refused = await Site.PostAsync($"/realms/{Outpost.Realm}/protocol/openid-connect/token", Crm, [("grant_type", "authorization_code"), ("code", await NextAsync()), ("redirect_uri", FinesseSite.Redirect), .. proof]);
            Assert.Contains(await ErrorAsync(refused, HttpStatusCode.BadRequest), (string[])["invalid_grant", "invalid_request"]);
        }

        // And the other way round: a code of the OpenID endpoints is no code here.
        var foreign = Browser.Query((await browser.FollowAsync($"/realms/{Outpost.Realm}/protocol/openid-connect/auth?client_id=crm&redirect_uri={Uri.EscapeDataString(FinesseSite.Redirect)}&response_type=code&scope=openid&code_challenge={browser.Challenge}&code_challenge_method=S256")).At, "code");
        Assert.Equal("invalid_grant", await ErrorAsync(await RedeemAsync(foreign, Crm, ("code_verifier", browser.Verifier)), HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Without_pkce_only_who_is_named_until_their_last_day()
    {
        using var browser = new Browser(Site.Desk);
        await CodeAsync(browser, "cleo");
        foreach (var client in (string[])["other", "late", "open"])
        {
            var (_, at) = await browser.FollowAsync(Authorize(client));
            Assert.Equal("invalid_request", Browser.Query(at, "error"));
        }

        // With a challenge everybody may, and then it counts.
        var with = Authorize("other", more: $"&code_challenge={browser.Challenge}&code_challenge_method=S256");
        var other = FinesseSite.Basic("other", FinesseSite.Secret);
        Assert.Equal("invalid_grant", await ErrorAsync(await RedeemAsync(Browser.Query((await browser.FollowAsync(with)).At, "code"), other), HttpStatusCode.BadRequest));
        await FinesseSite.JsonAsync(await RedeemAsync(Browser.Query((await browser.FollowAsync(with)).At, "code"), other, ("code_verifier", browser.Verifier)), HttpStatusCode.OK);
    }

    [Fact]
    public async Task Nobody_is_carried_to_an_address_that_is_not_registered()
    {
        using var browser = new Browser(Site.Desk);
        foreach (var (client, redirect) in ((string, string)[])[("crm", "https://evil.example/"), ("crm", FinesseSite.Redirect + "?x=1"), ("crm", FinesseSite.Redirect.ToUpperInvariant()), ("nobody", FinesseSite.Redirect), ("", FinesseSite.Redirect), ("crm", "")])
        {
            using var answer = await browser.GetAsync(Authorize(client, redirect));
            Assert.Equal((HttpStatusCode.BadRequest, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync(Authorize() + "&redirect_uri=https://evil.example/")).StatusCode);
        await Site.AuditedAsync("LOGIN_ERROR", "invalid_redirect_uri");
        await Site.AuditedAsync("LOGIN_ERROR", "client_not_found");
        var (_, at) = await browser.FollowAsync(Authorize().Replace("response_type=code", "response_type=token", StringComparison.Ordinal));
        Assert.Equal(("unsupported_response_type", "YWJj="), (Browser.Query(at, "error"), Browser.Query(at, "state")));
    }

    [Fact]
    public async Task Applications_prove_who_they_are()
    {
        (string, string)[] ask = [("token", "x")];
        foreach (var (authorization, form) in ((string?, (string, string)[])[])
                 [
                     (null, ask), (FinesseSite.Basic("crm", "wrong"), ask), (FinesseSite.Basic("nobody", FinesseSite.Secret), ask), (FinesseSite.Basic("open", FinesseSite.Secret), ask), (null, [("client_id", "crm"), ("client_secret", "wrong"), .. ask]), (null, [("client_id", "crm"), .. ask]),
                     ("Bearer abc", ask),
                 ])
            foreach (var path in (string[])["token", "introspect", "validate"])
                Assert.Equal("invalid_client", await ErrorAsync(await Site.PostAsync("/ids/v1/oauth/" + path, authorization, form), HttpStatusCode.Unauthorized));
        await Site.AuditedAsync("INTROSPECT_TOKEN_ERROR", "invalid_client", one => one.Client == "crm");
        foreach (var (authorization, form) in ((string?, (string, string)[])[])[(Crm, [("client_id", "crm"), ("client_secret", FinesseSite.Secret), .. ask]), (Crm, [("client_id", "other"), .. ask]), ("Basic %%%", ask), (Crm, []), (Crm, [("token", new string('x', 100_000))])])
            Assert.Equal("invalid_request", await ErrorAsync(await Site.PostAsync("/ids/v1/oauth/introspect", authorization, form), HttpStatusCode.BadRequest));

        // Tokens of another realm and pieces of paper.
        foreach (var token in (string[])[await Site.Desk.ServiceTokenAsync(), "x", "a.b.c", new string('x', 20_000)])
        {
            Assert.False((await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/introspect", Crm, ("token", token)), HttpStatusCode.OK)).GetProperty("active").GetBoolean());
            Assert.Equal("invalid_token", await ErrorAsync(await Site.PostAsync("/ids/v1/oauth/validate", Crm, ("token", token)), HttpStatusCode.Unauthorized));
        }

        Assert.Equal("unsupported_grant_type", await ErrorAsync(await Site.PostAsync(Token, Crm, ("grant_type", "password"), ("username", "a"), ("password", "b")), HttpStatusCode.BadRequest));
        Assert.Equal("not_found", await ErrorAsync(await Site.GetAsync("/ids/v1/oauth/token"), HttpStatusCode.NotFound));
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage answer, HttpStatusCode status) => (await FinesseSite.JsonAsync(answer, status)).GetProperty("error").GetString()!;

    public sealed class Fixture : IAsyncLifetime
    {
        internal FinesseSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var on = FinesseSite.On("SSO", """, "withoutPkce": ["crm until 2099-12-31", "late until 2020-01-01", "open until 2099-12-31"]""");
            Site = await FinesseSite.MakeAsync(await Desk.OpenAsync(with: on));
            var realms = Site.Desk.Part<Gatehouse.People.Realms>();
            await Site.Desk.Part<Gatehouse.Storage.Database>().WriteAsync(work => realms.ChangeAsync(work, realms.Find(Outpost.Realm)! with { RefreshGrace = TimeSpan.FromTicks(-1) }), default);
            foreach (var id in (string[])["other", "late"]) await Site.AddClientAsync(id, one => one with { RedirectUris = [FinesseSite.Redirect] });
            await Site.AddClientAsync("open", one => one with { RedirectUris = [FinesseSite.Redirect], Public = true });
        }

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
