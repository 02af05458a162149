using System.Net;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Protocols.Uma;

/// <summary>Asking for permissions as Expertflow's library, APISIX and keycloak-connect do; and as somebody who should get none.</summary>
public sealed class UmaGrantTests(CimSite site) : IClassFixture<CimSite>
{
    [Fact]
    public async Task An_agent_signs_in_gets_permissions_and_is_introspected_as_the_vendors_library_does_it()
    {
        var first = await site.PasswordAsync("alice");
        var token = first["access_token"]!.GetValue<string>();

        // 2: the form still has name and password in it.
        var (status, rpt, _) = await site.UmaAsync(token, ("username", "alice"), ("password", Desk.Password), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("audience", "cim"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.NotNull(rpt!["refresh_token"]);
        var claims = CimSite.Claims(rpt["access_token"]!.GetValue<string>());
        var permissions = claims.GetProperty("authorization").GetProperty("permissions").EnumerateArray().ToDictionary(one => one.GetProperty("rsname").GetString()!, one => string.Join('|', one.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString())));
        Assert.Equal(["agent-conversation-control", "agent-dashboard", "ccm"], permissions.Keys.Order());
        Assert.Equal(("view_history|view_history_active_customer ", "view", "GET"), (permissions["agent-conversation-control"], permissions["agent-dashboard"], permissions["ccm"]));
        Assert.Equal(("cim", "cim"), (claims.GetProperty("aud").GetString(), claims.GetProperty("azp").GetString()));

        // 3: introspection, with what is left over in the form and a stale header.
        var (_, seen, _) = await site.PostAsync(new Uri(site.Token + "/introspect"), token, ("username", "alice"), ("password", "x"), ("grant_type", "password"), ("audience", "cim"), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("token", rpt["access_token"]!.GetValue<string>()));
        Assert.True(seen!["active"]!.GetValue<bool>());
        Assert.Equal(3, seen["authorization"]!["permissions"]!.AsArray().Count);
        Assert.Contains("agent", seen["realm_access"]!["roles"]!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.NotNull(seen["resource_access"]);
        Assert.Contains("email", seen["scope"]!.GetValue<string>(), StringComparison.Ordinal);

        // The refresh asks anew: what alice has gained since is in the next token.
        var (_, next, _) = await site.PostAsync(site.Token, null, ("grant_type", "refresh_token"), ("refresh_token", rpt["refresh_token"]!.GetValue<string>()), ("client_id", "cim"), ("client_secret", CimSite.Secret));
        Assert.Equal(3, CimSite.Claims(next!["access_token"]!.GetValue<string>()).GetProperty("authorization").GetProperty("permissions").GetArrayLength());
    }

    [Theory]
    [InlineData("sam", "general-settings#manage", true)]
    [InlineData("alice", "general-settings#manage", false)]
    [InlineData("alice", "ccm#GET", true)]
    [InlineData("alice", "ccm#POST", false)]
    [InlineData("alice", "ccm", true)]
    [InlineData("alice", "ccm#GET, POST", true)] // partly, as in Keycloak
    [InlineData("alice", "#GET", true)]
    [InlineData("alice", "acc#view_history_active_customer", true)] // the trailing blank is the vendor's
    [InlineData("alice", "acc#view_leave_chat", false)] // no permission speaks of it
    public async Task A_decision_is_yes_or_403(string user, string permission, bool allowed)
    {
        var token = (await site.PasswordAsync(user))["access_token"]!.GetValue<string>();
        var (status, body, _) = await site.UmaAsync(token, ("audience", "cim"), ("permission", permission), ("response_mode", "decision"));
        if (allowed) Assert.Equal((HttpStatusCode.OK, """{"result":true}"""), (status, body!.ToJsonString()));
        else Assert.Equal((HttpStatusCode.Forbidden, """{"error":"access_denied","error_description":"not_authorized"}"""), (status, body!.ToJsonString()));
    }

    [Theory]
    [InlineData("nothing-of-the-kind", "invalid_resource")]
    [InlineData("", "access_token")] // an empty parameter is none: everything
    [InlineData("#", "invalid_resource")]
    [InlineData("ccm#NOPE", "invalid_scope")]
    [InlineData("ccm#manage", "invalid_scope")] // another resource's
    [InlineData("ccm#GET#POST", "invalid_scope")]
    [InlineData("########################", "invalid_scope")]
    [InlineData("ccm#", "access_token")]
    public async Task Odd_permissions_are_refused_by_name(string permission, string expected)
    {
        var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        var (status, body, _) = await site.UmaAsync(token, ("audience", "cim"), ("permission", permission));
        if (expected == "access_token") Assert.NotNull(body![expected]);
        else Assert.Equal((HttpStatusCode.BadRequest, expected), (status, body!["error"]!.GetValue<string>()));
    }

    [Fact]
    public async Task The_list_comes_without_names_and_cut_when_asked_so_and_a_token_by_bearer_alone_cannot_be_renewed_or_outlive_it()
    {
        var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        var (_, list, _) = await site.UmaAsync(token, ("audience", "cim"), ("response_mode", "permissions"), ("response_include_resource_name", "false"), ("response_permissions_limit", "2"));
        Assert.Equal(2, list!.AsArray().Count);
        Assert.All(list.AsArray(), one => Assert.True(one!["rsname"] is null && one["rsid"] is not null));
        var (_, rpt, _) = await site.UmaAsync(token, ("audience", "cim"));
        Assert.Null(rpt!["refresh_token"]);
        Assert.True(CimSite.Claims(rpt["access_token"]!.GetValue<string>()).GetProperty("exp").GetInt64() <= CimSite.Claims(token).GetProperty("exp").GetInt64());
    }

    [Fact]
    public async Task Paths_find_resources()
    {
        var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        foreach (var (path, expected) in ((string, int)[])[("/ccm/messages/1", 200), ("/ccm/messages?x=1", 200), ("/other", 400), ("/ccm/../other", 400), ("/ccm/%2e%2e/other", 400)])
        {
            var (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("permission", path + "#GET"), ("permission_resource_format", "uri"), ("permission_resource_matching_uri", "true"), ("response_mode", "decision"));
            Assert.True((int)status == expected, $"{path}: {status}");
        }
    }

    [Fact]
    public async Task What_proves_nobody_is_refused()
    {
        var token = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        var (status, body, _) = await site.UmaAsync(token, ("audience", "plain"));
        Assert.Equal((HttpStatusCode.BadRequest, "Client does not support permissions"), (status, body!["error_description"]!.GetValue<string>()));
        (status, body, _) = await site.UmaAsync(token, ("audience", "nobody"));
        Assert.Equal("Client does not support permissions", body!["error_description"]!.GetValue<string>());
        (status, body, _) = await site.UmaAsync(token[..^6] + "AAAAAA", ("audience", "cim"));
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_grant"), (status, body!["error"]!.GetValue<string>()));
        (status, _, _) = await site.UmaAsync(null, ("audience", "cim"));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("client_id", "cim"), ("client_secret", "wrong-wrong-wrong-wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("ticket", "abc"));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("response_mode", "everything"));
        Assert.Equal(HttpStatusCode.BadRequest, status);

        // A client that the token was not made for cannot ask for what is not its own.
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("client_id", "plain"), ("client_secret", CimSite.Secret));
        Assert.Equal(HttpStatusCode.BadRequest, status);

        // A huge list is refused, not judged.
        (status, body, _) = await site.UmaAsync(token, [("audience", "cim"), .. Enumerable.Repeat(("permission", "ccm#GET"), 300)]);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (status, body!["error"]!.GetValue<string>()));
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"), ("permission", new string('#', 5000)));
        Assert.Equal(HttpStatusCode.BadRequest, status);

        // After sign-out the token is worth nothing, here too.
        await site.PostAsync(new Uri(site.Desk.RealmUrl, "protocol/openid-connect/revoke"), null, ("client_id", "cim"), ("client_secret", CimSite.Secret), ("token", token));
        (status, _, _) = await site.UmaAsync(token, ("audience", "cim"));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task Another_realms_token_and_a_gadgets_are_nobodys_here()
    {
        var desk = site.Desk;
        var (clients, database, issuer) = (desk.Part<ClientStore>(), desk.Part<Database>(), desk.Part<Issuer>());
        var elsewhere = new Realm { Name = "elsewhere" };
        var there = new Client { Id = Guid.NewGuid().ToString(), Realm = "elsewhere", ClientId = "cim", ServiceAccount = true };
        await database.WriteAsync(async work =>
        {
            await desk.Part<Realms>().AddAsync(work, elsewhere);
            return await clients.AddAsync(work, there);
        }, default);
        await database.Feed.CatchUpAsync(default);
        var (foreign, _) = await issuer.MintAsync(new Gatehouse.Tokens.Authorization { Grant = "client_credentials", Realm = elsewhere, Client = there, Scopes = there.DefaultScopes }, default);
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.UmaAsync(foreign!.AccessToken, ("audience", "cim"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.ProtectAsync("GET", "resource_set", foreign.AccessToken)).Status);

        var claims = CimSite.Claims((await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>());
        var session = (await desk.Part<SessionStore>().FindAsync(Desk.Realm, claims.GetProperty("sid").GetString()!, default))!;
        var gadgeteer = (await clients.FindByClientIdAsync(Desk.Realm, "gadgeteer", default))!;
        var (gadget, error) = await issuer.MintAsync(new Gatehouse.Tokens.Authorization
        {
            Grant = "urn:ietf:params:oauth:grant-type:token-exchange", Realm = desk.Part<Realms>().Find(Desk.Realm)!, Client = gadgeteer, User = session.User, Session = session, Scopes = ["roles"], Audience = ["crm"], Gadget = new GadgetCut("wallboard", ["agent"], TimeSpan.FromMinutes(5)),
        }, default);
        Assert.True(gadget is not null, error?.Description);
        foreach (var form in ((string, string)[][])[[], [("client_id", "cim"), ("client_secret", CimSite.Secret)]])
            Assert.Equal(HttpStatusCode.Unauthorized, (await site.UmaAsync(gadget.AccessToken, [("audience", "cim"), .. form])).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.UmaAsync(null, ("client_id", "cim"), ("client_secret", CimSite.Secret), ("audience", "cim"), ("subject_token", gadget.AccessToken))).Status);
    }

    [Fact]
    public async Task APISIXs_plugin_finds_a_resource_by_path_and_asks_for_a_decision()
    {
        var (_, found) = await site.SendAsync("GET", new Uri(site.Desk.RealmUrl, ".well-known/uma2-configuration"), null, null);
        var (token, registration) = (new Uri(found!["token_endpoint"]!.GetValue<string>()), found["resource_registration_endpoint"]!.GetValue<string>());
        var (_, account, _) = await site.PostAsync(token, null, ("grant_type", "client_credentials"), ("client_id", "cim"), ("client_secret", CimSite.Secret));
        var (_, ids) = await site.SendAsync("GET", new Uri(registration + "?uri=" + Uri.EscapeDataString("/ccm/messages?x=1") + "&matchingUri=true"), account!["access_token"]!.GetValue<string>(), null);
        Assert.Equal("""["ccm"]""", ids!.ToJsonString());
        var (_, none) = await site.SendAsync("GET", new Uri(registration + "?uri=%2Fother&matchingUri=true"), account["access_token"]!.GetValue<string>(), null);
        Assert.Equal("[]", none!.ToJsonString());
        var user = (await site.PasswordAsync("alice"))["access_token"]!.GetValue<string>();
        foreach (var (method, expected) in ((string, HttpStatusCode)[])[("GET", HttpStatusCode.OK), ("POST", HttpStatusCode.Forbidden)])
        {
            var (status, _, _) = await site.PostAsync(token, user, ("grant_type", "urn:ietf:params:oauth:grant-type:uma-ticket"), ("audience", "cim"), ("response_mode", "decision"), ("permission", "ccm#" + method));
            Assert.Equal(expected, status);
        }

        // Several at once; a header that is not a bearer's.
        var (both, _, _) = await site.PostAsync(token, user, ("grant_type", "urn:ietf:params:oauth:grant-type:uma-ticket"), ("audience", "cim"), ("response_mode", "decision"), ("permission", "ccm#GET"), ("permission", "acc#view_history"));
        Assert.Equal(HttpStatusCode.OK, both);
    }

    [Fact]
    public async Task keycloak_connects_form_is_a_proven_client_with_the_users_token_beside_it()
    {
        var token = (await site.PasswordAsync("sam"))["access_token"]!.GetValue<string>();
        var (status, body, _) = await site.UmaAsync(null, ("client_id", "cim"), ("client_secret", CimSite.Secret), ("audience", "cim"), ("subject_token", token), ("permission", "general-settings#manage"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("gs", CimSite.Claims(body!["access_token"]!.GetValue<string>()).GetProperty("authorization").GetProperty("permissions")[0].GetProperty("rsid").GetString());
    }
}
