using System.Net;
using Gatehouse.Audit;
using Gatehouse.Facades.Finesse;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>Tokens of one of Finesse's doors at the other: the desktop's proves no client and rotates nothing, so it renews what it made itself and nothing else; and nothing is called good that no door would renew.</summary>
public sealed class FinesseDoorTests(FinesseDoorTests.Fixture fixture) : IClassFixture<FinesseDoorTests.Fixture>
{
    private const string Renewal = "/desktop/sso/token";

    private static readonly string Crm = FinesseSite.Basic("crm", FinesseSite.Secret);

    private FinesseSite Site => fixture.Site;

    [Fact]
    public async Task The_desktops_address_renews_no_token_of_another_door()
    {
        await Site.AddAsync("door", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (_, refresh) = await RedeemAsync(browser, "door");

        // Whoever finds it has no secret of the client, and would be seen by no rotation.
        foreach (var answer in (HttpResponseMessage[])[await Site.PostAsync(Renewal, null, ("refresh-token", refresh)), await Site.GetAsync($"{Renewal}?refresh-token={refresh}")])
            Assert.Equal("AUTH_ERROR", (await FinesseSite.JsonAsync(answer, HttpStatusCode.Unauthorized)).GetProperty("error").GetString());
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "invalid_grant", one => one.Details!["reason"].Contains("another endpoint", StringComparison.Ordinal));

        // Nothing was taken by that: its own door renews it, and the desktop's its own.
        await FinesseSite.JsonAsync(await RenewAsync(refresh), HttpStatusCode.OK);
        var own = (await FinesseSite.JsonAsync((await browser.FollowAsync(Renewal + "?return_refresh_token=true")).Answer, HttpStatusCode.OK)).GetProperty("refresh_token").GetString()!;
        await FinesseSite.JsonAsync(await Site.PostAsync(Renewal, null, ("refresh-token", own)), HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refresh_token_that_nobody_would_renew_is_not_called_good()
    {
        var user = await Site.AddAsync("gone", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (access, refresh) = await RedeemAsync(browser, "gone");
        Assert.True(await IsActiveAsync(refresh));
        await Site.ChangeAsync(user with { Enabled = false });
        Assert.False(await IsActiveAsync(refresh));
        await Site.ChangeAsync(user with { Enabled = true });
        Assert.True(await IsActiveAsync(refresh));

        Assert.Null(Site.Desk.Part<Verify>().Check(access, null, out var principal));
        await Site.Desk.Part<SignOut>().EndAsync((await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, principal!.Session!, default))!, null, null, default);
        Assert.False(await IsActiveAsync(refresh));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Site.PostAsync("/ids/v1/oauth/validate", Crm, ("token", refresh))).StatusCode);
    }

    [Fact]
    public async Task Who_signs_in_without_sso_by_now_renews_nothing()
    {
        var user = await Site.AddAsync("moved", ("finesse.authMode", "SSO"));
        using var browser = new Browser(Site.Desk);
        var (_, refresh) = await RedeemAsync(browser, "moved");
        await Site.ChangeAsync(user with { Attributes = user.Attributes.SetItem("finesse.authMode", ["NON_SSO"]) });
        Assert.Equal("invalid_grant", (await FinesseSite.JsonAsync(await RenewAsync(refresh), HttpStatusCode.BadRequest)).GetProperty("error").GetString());
        await Site.AuditedAsync("REFRESH_TOKEN_ERROR", "invalid_grant", one => one.Details!["reason"].Contains("without SSO", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_of_another_site_is_noted()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await Site.SendAsync(HttpMethod.Get, Renewal, null, null, ("Origin", "https://evil.example"))).StatusCode);
        await Site.AuditedAsync("LOGIN_ERROR", "credential.cross-site");
    }

    [Fact]
    public async Task A_password_by_request_renews_its_hash_and_nothing_else_of_it()
    {
        var user = await Site.AddAsync("cheap", ("finesse.authMode", "NON_SSO"));
        var hash = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = 1000 })).HashPassword(new object(), FinesseSite.Password);
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await Site.Desk.Part<Users>().SetPasswordHashAsync(work, Outpost.Realm, user.Id, hash, temporary: true);
            return true;
        }, default);
        var before = (await Site.Desk.Part<Users>().PasswordAsync(Outpost.Realm, user.Id, default))!;
        await FinesseSite.XmlAsync(await Site.GetAsync("/finesse/api/User/cheap", FinesseSite.Basic("cheap", FinesseSite.Password)), HttpStatusCode.OK);
        var after = (await Site.Desk.Part<Users>().PasswordAsync(Outpost.Realm, user.Id, default))!;
        Assert.NotEqual(hash, after.Hash);
        Assert.Equal(before with { Hash = after.Hash }, after);
    }

    [Fact]
    public async Task A_flood_of_strangers_fills_no_audit_log()
    {
        for (var i = 0; i < 60; i++) Assert.Equal("Authorization Failure", await FinesseSite.ErrorAsync(await Site.GetAsync("/finesse/api/User/nobody"), HttpStatusCode.Unauthorized));
        await Site.PostAsync("/ids/v1/oauth/token", FinesseSite.Basic("after-the-flood", "x"), ("grant_type", "refresh_token"));
        await Site.AuditedAsync("CODE_TO_TOKEN_ERROR", "invalid_client", one => one.Client == "after-the-flood");
        var page = await Site.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Outpost.Realm, "FINESSE_USER_ERROR", Limit: 500), default);

        // Twenty of a minute, and the minute may have changed on the way.
        Assert.InRange(page.Events.Count(one => one.Event.Error == "authorization_failure"), 20, 40);
    }

    [Fact]
    public async Task Whoever_tries_names_is_noted()
    {
        var curiosity = Site.Desk.Part<Curiosity>();
        while (curiosity.Allows(Guard.NetworkOf(IPAddress.Loopback)))
        {
            // Until it is too much.
        }

        Assert.Equal("Service Unavailable", await FinesseSite.ErrorAsync(await Site.GetAsync("/finesse/api/UserAuthMode/alice"), HttpStatusCode.ServiceUnavailable));
        await Site.AuditedAsync("FINESSE_USER_ERROR", "service_unavailable", one => one.Details!["call"] == "GET UserAuthMode");
    }

    private async Task<(string Access, string Refresh)> RedeemAsync(Browser browser, string name)
    {
        var (_, at) = await FinesseSite.SignInAsync(browser, $"/ids/v1/oauth/authorize?client_id=crm&redirect_uri={Uri.EscapeDataString(FinesseSite.Redirect)}&response_type=code&state=a", name);
        var made = await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/token", Crm, ("grant_type", "authorization_code"), ("code", Browser.Query(at, "code")), ("redirect_uri", FinesseSite.Redirect)), HttpStatusCode.OK);
        return (made.GetProperty("access_token").GetString()!, made.GetProperty("refresh_token").GetString()!);
    }

    private Task<HttpResponseMessage> RenewAsync(string refresh) => Site.PostAsync("/ids/v1/oauth/token", Crm, ("grant_type", "refresh_token"), ("refresh_token", refresh));

    private async Task<bool> IsActiveAsync(string token) => (await FinesseSite.JsonAsync(await Site.PostAsync("/ids/v1/oauth/introspect", Crm, ("token", token)), HttpStatusCode.OK)).GetProperty("active").GetBoolean();

    public sealed class Fixture : IAsyncLifetime
    {
        internal FinesseSite Site { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Site = await FinesseSite.MakeAsync(await Desk.OpenAsync(with: FinesseSite.On("HYBRID", """, "client": "crm", "withoutPkce": ["crm until 2099-12-31"]""")));

        public ValueTask DisposeAsync() => Site.Desk.DisposeAsync();
    }
}
