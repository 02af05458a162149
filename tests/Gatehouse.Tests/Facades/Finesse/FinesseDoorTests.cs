using System.Net;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
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
