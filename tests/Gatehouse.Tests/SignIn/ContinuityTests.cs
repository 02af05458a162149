using System.Buffers.Text;
using System.Net;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn;

/// <summary>A real directory dies: who used this device lately goes on with less, nobody else does, and all of it ends when the directory is back.</summary>
public sealed class ContinuityTests
{
    [Fact]
    public async Task Staff_go_on_with_less_on_their_own_device_until_the_directory_answers_again()
    {
        await using var slapd = await SlapdKit.StartAsync(LdapTests.Fixture.Ldif);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        var config = new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = "ou=people," + SlapdKit.Base, ["bindDn"] = SlapdKit.Admin };
        var site = await outpost.AddAsync("site", "ldap", config, new Dictionary<string, string> { ["bindPassword"] = SlapdKit.AdminPassword }, one => one with
        {
            ContinuityDays = 3, ContinuityRoles = ["agent"], Mapping = [new MappingRule("uid", "mina", MappingTarget.Role, "agent"), new MappingRule("uid", "mina", MappingTarget.Role, "supervisor"), new MappingRule("uid", "mina", MappingTarget.Group, "/billing")],
        });
        await desk.Part<Database>().WriteAsync(work => desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = "agent-desk", Public = true, RedirectUris = [Browser.Redirect] }), default);

        using var own = new Browser(desk);
        using var other = new Browser(desk);
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(own, "mina", "minas-password"));
        Assert.Null((await outpost.SessionAsync(own))!.OnlyRoles);
        Assert.Equal(["agent", "supervisor"], (await RolesAsync(own)).Where(role => role is "agent" or "supervisor").Order());

        await slapd.KillAsync();
        Forget(own);

        // Another device, an unknown person, a wrong password.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(other, "mina", "minas-password"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(own, "otto", "ottos-password"));
        Assert.Equal(HttpStatusCode.Unauthorized, await SignInAsync(own, "mina", "wrong"));

        // The same person at the same device: in, with the named role alone, and nothing that lasts.
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(own, "mina", "minas-password"));
        var session = (await outpost.SessionAsync(own))!;
        Assert.Equal(("0", "agent", "site"), (session.Level, Assert.Single(session.OnlyRoles!), session.Upstream));
        var (claims, body) = await TokenAsync(own, "openid");
        Assert.Equal(["agent"], claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("0", claims.GetProperty("acr").GetString());
        Assert.False(claims.TryGetProperty("groups", out _));
        Assert.Equal("invalid_scope", (await TokenAsync(own, "openid offline_access")).Body.GetProperty("error").GetString());

        // Back again: what stood in for it ends, refresh token included.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        desk.Part<SessionStore>().OnEnded((_, id) =>
        {
            if (id == session.Id) ended.TrySetResult();
        });
        await slapd.StartAsync();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Null(await outpost.SessionAsync(own));
        Assert.Equal("invalid_grant", (await PostAsync(("grant_type", "refresh_token"), ("refresh_token", body.GetProperty("refresh_token").GetString()!))).GetProperty("error").GetString());
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(own, "mina", "minas-password"));
        Assert.Null((await outpost.SessionAsync(own))!.OnlyRoles);

        // Too long ago, and turned off.
        await slapd.KillAsync();
        Forget(own);
        await desk.Part<Database>().WriteAsync(work => Dapper.SqlMapper.ExecuteAsync(work.Connection, "update user_links set seen_at = seen_at - 4 * 86400000", null, work.Transaction), default);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(own, "mina", "minas-password"));
        await desk.Part<Database>().WriteAsync(work => Dapper.SqlMapper.ExecuteAsync(work.Connection, "update user_links set seen_at = seen_at + 4 * 86400000", null, work.Transaction), default);
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(own, "mina", "minas-password"));
        Forget(own);
        await outpost.ChangeAsync(site with { ContinuityDays = 0 });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await SignInAsync(own, "mina", "minas-password"));

        void Forget(Browser browser) => browser.Cookies.GetCookies(desk.Url)[$"gh.{Outpost.Realm}"]!.Expired = true;

        async Task<HttpStatusCode> SignInAsync(Browser browser, string name, string password)
        {
            var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
            using var answer = await browser.SubmitAsync(page, at, name, password);
            return answer.StatusCode;
        }

        async Task<IEnumerable<string?>> RolesAsync(Browser browser) => (await TokenAsync(browser, "openid")).Claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(one => one.GetString());

        async Task<(JsonElement Claims, JsonElement Body)> TokenAsync(Browser browser, string scope)
        {
            var (_, at) = await browser.FollowAsync(browser.Authorize(("scope", scope)).Replace($"/realms/{Desk.Realm}/", $"/realms/{Outpost.Realm}/", StringComparison.Ordinal));
            var body = await PostAsync(("grant_type", "authorization_code"), ("code", Browser.Query(at, "code")), ("redirect_uri", Browser.Redirect), ("code_verifier", browser.Verifier));
            return (body.TryGetProperty("access_token", out var token) ? JsonDocument.Parse(Base64Url.DecodeFromChars(token.GetString()!.Split('.')[1])).RootElement : default, body);
        }

        async Task<JsonElement> PostAsync(params (string Name, string Value)[] form)
        {
            using var content = new FormUrlEncodedContent(form.Append(("client_id", "agent-desk")).Select(one => new KeyValuePair<string, string>(one.Item1, one.Item2)));
            using var answer = await desk.Http.PostAsync(outpost.Url + "/protocol/openid-connect/token", content);
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone();
        }
    }

    [Theory]
    [InlineData("google", 3, true, "check passwords")]
    [InlineData("keycloak", 3, false, "continuityRoles")]
    [InlineData("keycloak", 31, true, "0 to 30")]
    [InlineData("keycloak", -1, true, "0 to 30")]
    public void Settings_that_cannot_hold_are_refused(string kind, int days, bool roles, string why)
    {
        var upstream = new Upstream { Id = "1", Realm = "r", Alias = "a", Kind = kind, ContinuityDays = days, ContinuityRoles = roles ? ["agent"] : [], Config = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("clientId", "c") };
        if (kind == "keycloak") upstream = upstream with { Config = upstream.Config.Add("issuer", "https://sso.example/realms/site") };
        Assert.Contains(why, UpstreamKinds.Fault(upstream), StringComparison.Ordinal);
    }
}
