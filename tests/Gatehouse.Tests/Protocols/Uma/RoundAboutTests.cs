using System.Net;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.Uma;

/// <summary>Ways round about: a token that was cut made wide again by asking for permissions, and a password posted by somebody who has a second factor.</summary>
public sealed class RoundAboutTests : IAsyncLifetime
{
    private readonly CimSite site = new();

    public ValueTask InitializeAsync() => site.InitializeAsync();

    public ValueTask DisposeAsync() => site.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_was_cut_stays_cut_whoever_asks(bool proven)
    {
        await ChangeAsync(client => client with { Exchanges = true, Audiences = ["billing", "payroll"] });
        await WithRoleAsync("alice", "plain", "boss");
        var whole = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        Assert.Equal(["billing", "payroll", "plain"], AudienceOf(whole));
        var (status, exchanged, _) = await site.PostAsync(site.Token, null, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("client_id", "cim"), ("client_secret", CimSite.Secret),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("subject_token", whole), ("audience", "billing"));
        Assert.True(status == HttpStatusCode.OK, exchanged?.ToJsonString());
        var narrow = exchanged!["access_token"]!.GetValue<string>();
        Assert.Equal(["billing"], AudienceOf(narrow));

        // Billing, to which it was sent, asks with it: for an answer, and for a token only when the client proves itself.
        (string, string)[] proof = proven ? [("client_id", "cim"), ("client_secret", CimSite.Secret)] : [];
        (status, var answer, _) = await site.UmaAsync(narrow, [("audience", "cim"), ("permission", "ccm#GET"), ("response_mode", "decision"), .. proof]);
        Assert.Equal(HttpStatusCode.OK, status);
        (status, answer, _) = await site.UmaAsync(narrow, [("audience", "cim"), .. proof]);
        if (!proven)
        {
            Assert.Equal((HttpStatusCode.BadRequest, "invalid_target"), (status, answer!["error"]!.GetValue<string>()));
            return;
        }

        Assert.True(status == HttpStatusCode.OK, answer?.ToJsonString());
        var rpt = answer!["access_token"]!.GetValue<string>();
        Assert.Equal(["billing", "cim"], AudienceOf(rpt));
        Assert.False(CimSite.Claims(rpt).GetProperty("resource_access").TryGetProperty("plain", out _));
        Assert.Contains("agent", CimSite.Claims(rpt).GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(one => one.GetString()));

        // Nor is it renewed, since what is renewed is whole; and it ends with the one that was shown.
        Assert.Null(answer["refresh_token"]);
        Assert.True(CimSite.Claims(rpt).GetProperty("exp").GetInt64() <= CimSite.Claims(narrow).GetProperty("exp").GetInt64());

        // The audience that it has for the permissions alone counts for nothing else: it is traded for nothing that the shown one was not.
        (status, var next, _) = await site.PostAsync(site.Token, null, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("subject_token", rpt));
        Assert.True(status == HttpStatusCode.OK, next?.ToJsonString());
        Assert.Equal(["billing"], AudienceOf(next!["access_token"]!.GetValue<string>()));

        // The whole one, by the client itself, is as before.
        (_, answer, _) = await site.UmaAsync(whole, ("audience", "cim"), ("client_id", "cim"), ("client_secret", CimSite.Secret));
        Assert.Equal(["billing", "cim", "payroll", "plain"], AudienceOf(answer!["access_token"]!.GetValue<string>()));
        Assert.NotNull(answer["refresh_token"]);
    }

    [Fact]
    public async Task By_showing_it_alone_nobody_makes_a_token_good_for_another_back_end()
    {
        await ChangeAsync(client => client with { Audiences = ["crm", "plain"] });
        await GuardAsync("unnamed");
        await GuardAsync("plain");
        var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        foreach (var mode in (string?[])[null, "token", "decision", "permissions"])
        {
            (string, string)[] form = mode is null ? [] : [("response_mode", mode)];
            var (status, body, _) = await site.UmaAsync(token, [("audience", "unnamed"), .. form]);
            Assert.Equal(mode is null or "token" ? HttpStatusCode.BadRequest : HttpStatusCode.OK, status);
            if (mode is null or "token") Assert.Equal("invalid_target", body!["error"]!.GetValue<string>());

            // Made for it already: as ever.
            Assert.Equal(HttpStatusCode.OK, (await site.UmaAsync(token, [("audience", "plain"), .. form])).Status);
        }

        // That back end asks by its own secret, for what is its own; what comes of it is not for it in any other sense.
        var (proven, rpt, _) = await site.UmaAsync(token, ("audience", "unnamed"), ("client_id", "unnamed"), ("client_secret", CimSite.Secret));
        Assert.Equal(HttpStatusCode.OK, proven);
        var claims = CimSite.Claims(rpt!["access_token"]!.GetValue<string>());
        Assert.Equal(("unnamed", false), (claims.GetProperty("permitted_at").GetString(), rpt.AsObject().ContainsKey("refresh_token")));
        var (traded, _, _) = await site.PostAsync(site.Token, null, ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("client_id", "unnamed"), ("client_secret", CimSite.Secret),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("subject_token", rpt["access_token"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.BadRequest, traded);
    }

    [Fact]
    public async Task A_public_client_has_proven_nothing_by_its_name()
    {
        await GuardAsync("unnamed");
        var (desk, store) = (site.Desk, site.Desk.Part<ClientStore>());
        var page = new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "page", Public = true, StandardFlow = true };
        await desk.Part<Database>().WriteAsync(work => store.AddAsync(work, page), default);
        await desk.Part<ChangeFeed>().CatchUpAsync(default);
        var sid = CimSite.Claims((await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>()).GetProperty("sid").GetString()!;
        var session = (await desk.Part<Gatehouse.Sessions.SessionStore>().FindAsync(Desk.Realm, sid, default))!;
        var (made, _) = await desk.Part<Gatehouse.Tokens.Issuer>().MintAsync(new Gatehouse.Tokens.Authorization { Grant = "authorization_code", Realm = desk.Part<Realms>().Find(Desk.Realm)!, Client = page, User = session.User, Session = session, Scopes = page.DefaultScopes }, default);
        foreach (var (bearer, form) in ((string?, (string, string)[])[])[(made!.AccessToken, [("client_id", "page")]), (null, [("client_id", "page"), ("subject_token", made.AccessToken)])])
            Assert.Equal("invalid_target", (await site.UmaAsync(bearer, [("audience", "unnamed"), .. form])).Body!["error"]!.GetValue<string>());
    }

    [Fact]
    public async Task Who_confirmed_a_second_factor_shows_its_code_with_the_password()
    {
        var sam = (await site.Desk.Part<Users>().FindByNameAsync(Desk.Realm, "sam", default))!;
        var (factors, secret) = (site.Desk.Part<OneTimeStore>(), "12345678901234567890"u8.ToArray());
        Assert.True(await factors.PutAsync(Desk.Realm, sam.Id, Channel.App, secret, default));

        // One that was never used keeps nobody out.
        Assert.NotNull((await site.PasswordAsync("sam"))["access_token"]);
        var step = Totp.StepAt(DateTimeOffset.UtcNow) - 1;
        Assert.Null(await factors.TryAsync(Desk.Realm, sam.Id, Totp.CodeOf(secret, step), default));
        (HttpStatusCode, string) refused = (HttpStatusCode.Unauthorized, """{"error":"invalid_grant","error_description":"Invalid user credentials"}""");
        Assert.Equal(refused, await PostAsync());
        Assert.Equal(refused, await PostAsync(("totp", Totp.CodeOf(secret, step))));
        Assert.Equal(refused, await PostAsync(("otp", Totp.CodeOf(secret, step + 50))));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(("totp", Totp.CodeOf(secret, step + 1)))).Status);
        Assert.Equal(refused, await PostAsync(("otp", Totp.CodeOf(secret, step + 1))));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(("otp", Totp.CodeOf(secret, step + 2)))).Status);
        for (var i = 0; i < 5; i++) Assert.Equal(refused, await PostAsync(("otp", "000000")));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await PostAsync(("otp", Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow) + 1)))).Status);
    }

    [Fact]
    public async Task Another_name_for_a_role_or_group_opens_nothing()
    {
        var (status, body) = await site.AdminAsync("POST", $"clients/{site.CimId}/authz/resource-server/import", """
            {"resources":[{"name":"payroll","scopes":[{"name":"view"}]},{"name":"wages","scopes":[{"name":"view"}]}],
             "policies":[{"name":"no agents","type":"role","logic":"NEGATIVE","config":{"roles":"[{\"id\":\"agent\"}]"}},{"name":"nobody of the floor","type":"group","logic":"NEGATIVE","config":{"groups":"[{\"path\":\"/agents_permission\",\"extendChildren\":true}]"}},
              {"name":"payroll p","type":"resource","config":{"resources":"[\"payroll\"]","applyPolicies":"[\"no agents\"]"}},{"name":"wages p","type":"resource","config":{"resources":"[\"wages\"]","applyPolicies":"[\"nobody of the floor\"]"}}]}
            """);
        Assert.True(status == HttpStatusCode.NoContent, body?.ToJsonString());
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (await MayAsync("payroll"), await MayAsync("wages")));
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("PUT", "roles/agent", """{"name":"staff"}""")).Status);
        var (_, groups) = await site.AdminAsync("GET", "groups?search=agents_permission");
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("PUT", $"groups/{groups![0]!["id"]!.GetValue<string>()}", """{"name":"floor"}""")).Status);
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (await MayAsync("payroll"), await MayAsync("wages")));

        // What agents may, they may still.
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await MayAsync("ccm#GET"), await MayAsync("agent-dashboard")));

        async Task<HttpStatusCode> MayAsync(string permission)
        {
            var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
            return (await site.UmaAsync(token, ("audience", "cim"), ("permission", permission), ("response_mode", "decision"))).Status;
        }
    }

    private async Task<(HttpStatusCode Status, string Body)> PostAsync(params (string, string)[] more)
    {
        var (status, body, _) = await site.PostAsync(site.Token, null, [("grant_type", "password"), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("username", "sam"), ("password", Desk.Password), .. more]);
        return (status, body!.ToJsonString());
    }

    private static IEnumerable<string> AudienceOf(string token) => CimSite.Claims(token).GetProperty("aud") is { ValueKind: JsonValueKind.Array } many ? many.EnumerateArray().Select(one => one.GetString()!).Order(StringComparer.Ordinal) : [CimSite.Claims(token).GetProperty("aud").GetString()!];

    // A client with one resource that agents may see.
    private async Task GuardAsync(string client)
    {
        var id = (await site.Desk.Part<ClientStore>().FindByClientIdAsync(Desk.Realm, client, default))!.Id;
        var (status, body) = await site.AdminAsync("PUT", $"clients/{id}", """
            {"authorizationServicesEnabled":true,"authorizationSettings":{"resources":[{"name":"thing","scopes":[{"name":"view"}]}],"scopes":[{"name":"view"}],
             "policies":[{"name":"agents","type":"role","config":{"roles":"[{\"id\":\"agent\"}]"}},{"name":"things","type":"resource","config":{"resources":"[\"thing\"]","applyPolicies":"[\"agents\"]"}}]}}
            """);
        Assert.True(status == HttpStatusCode.NoContent, body?.ToJsonString());
    }

    private async Task ChangeAsync(Func<Client, Client> change)
    {
        var store = site.Desk.Part<ClientStore>();
        var cim = (await store.FindByClientIdAsync(Desk.Realm, "cim", default))!;
        await site.Desk.Part<Database>().WriteAsync(work => store.ChangeAsync(work, change(cim)), default);
        await site.Desk.Part<ChangeFeed>().CatchUpAsync(default);
    }

    private async Task WithRoleAsync(string user, string client, string role)
    {
        var id = (await site.Desk.Part<Users>().FindByNameAsync(Desk.Realm, user, default))!.Id;
        var (made, _) = await site.AdminAsync("POST", $"clients/{(await site.Desk.Part<ClientStore>().FindByClientIdAsync(Desk.Realm, client, default))!.Id}/roles", $$"""{"name":"{{role}}"}""");
        Assert.Equal(HttpStatusCode.Created, made);
        await site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await site.Desk.Part<Roles>().GiveAsync(work, Desk.Realm, RoleHolder.User, id, (await site.Desk.Part<Roles>().FindByNameAsync(Desk.Realm, client, role, default))!.Id);
            return true;
        }, default);
        await site.Desk.Part<ChangeFeed>().CatchUpAsync(default);
    }
}
