using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class UpstreamRoutesOnSqlite(SqliteHost host) : UpstreamRoutesTests(host);

public sealed class UpstreamRoutesOnPostgres(PostgresHost host) : UpstreamRoutesTests(host);

/// <summary>Identity providers through the admin API.</summary>
public abstract class UpstreamRoutesTests(AdminHost host) : AdminKit(host)
{
    private static readonly object Google = new { alias = "google", providerId = "google", displayName = "Google", enabled = true, config = new { clientId = "id", clientSecret = "very-secret-value", defaultScope = "openid email", useJwksUrl = "true" } };

    [Fact]
    public async Task A_provider_is_made_shown_changed_and_deleted_and_its_secret_never_shown()
    {
        var admin = await AdminAsync();
        Assert.Equal("google", await MakeAsync(admin, "identity-provider/instances", Google));
        var shown = await GetAsync(admin, "identity-provider/instances/google");
        Assert.Equal(("**********", "openid email"), ((string?)shown["config"]!["clientSecret"], (string?)shown["config"]!["scopes"]));
        Assert.DoesNotContain("very-secret-value", shown.ToJsonString(), StringComparison.Ordinal);
        await ExpectAsync(admin, HttpStatusCode.Conflict, "POST", "identity-provider/instances", Google);

        // Sent back as it was shown, the secret stays.
        shown["displayName"] = "Google Workspace";
        await DoneAsync(admin, "PUT", "identity-provider/instances/google", shown);
        var stored = (await Host.PartAsync<Gatehouse.Federation.Upstreams>()).Find(AdminHost.Realm, "google")!;
        Assert.Equal(("Google Workspace", "very-secret-value"), (stored.DisplayName, stored.Secrets["clientSecret"].Reveal()));
        Assert.Single((await GetAsync(admin, "identity-provider/instances?search=workspace")).AsArray());
        await DoneAsync(admin, "DELETE", "identity-provider/instances/google");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", "identity-provider/instances/google");
    }

    [Theory]
    [InlineData("""{"alias":"x","providerId":"nonsense","config":{}}""", "not known")]
    [InlineData("""{"alias":"Bad Alias","providerId":"google","config":{"clientId":"x"}}""", "alias")]
    [InlineData("""{"alias":"x","providerId":"google","config":{}}""", "clientId")]
    [InlineData("""{"alias":"x","providerId":"google","config":{"clientId":"x","surprise":"1"}}""", "surprise")]
    [InlineData("""{"alias":"x","providerId":"ldap","config":{"urls":"ldap://directory.example","usersDn":"dc=x"}}""", "plain text")]
    [InlineData("""{"alias":"x","providerId":"google","config":{"clientId":"x"},"mapping":[{"source":"a","to":"king","target":"b"}]}""", "mapping")]
    [InlineData("""{"alias":"x","providerId":"google","config":{"clientId":"x"},"mapping":[{"source":"a","value":"*x*","to":"role","target":"b"}]}""", "star")]
    [InlineData("""{"alias":"x","providerId":"google","config":{"clientId":"x"},"domains":["UPPER.example"]}""", "lower-case")]
    [InlineData("""{"providerId":"google","config":{"clientId":"x"}}""", "alias")]
    public async Task What_is_wrong_is_told_and_changes_nothing(string body, string expected)
    {
        var admin = await AdminAsync();
        var answer = await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "identity-provider/instances", body);
        Assert.Contains(expected, answer!.ToJsonString(), StringComparison.Ordinal);
        Assert.Null((await Host.PartAsync<Gatehouse.Federation.Upstreams>()).Find(AdminHost.Realm, "x"));
    }

    [Fact]
    public async Task Rights_are_needed_and_a_mapping_cannot_lift_its_writer()
    {
        var nobody = await WithAsync("view-users");
        await ExpectAsync(nobody, HttpStatusCode.Forbidden, "GET", "identity-provider/instances");
        var viewer = await WithAsync("view-identity-providers");
        await GetAsync(viewer, "identity-provider/kinds");
        await ExpectAsync(viewer, HttpStatusCode.Forbidden, "POST", "identity-provider/instances", Google);
        var manager = await WithAsync("manage-identity-providers");
        foreach (var target in (string[])["realm-management/manage-users", "realm-management/{value}", "{value}", "{value}/x"])
            await ExpectAsync(manager, HttpStatusCode.Forbidden, "POST", "identity-provider/instances", new { alias = "lift", providerId = "google", config = new { clientId = "x" }, mapping = new[] { new { source = "groups", to = "role", target } } });
        await ExpectAsync(manager, HttpStatusCode.Forbidden, "POST", "identity-provider/instances", new { alias = "lift", providerId = "google", config = new { clientId = "x" }, mapping = new[] { new { source = "groups", to = "group", target = "/{value}" } } });
        Assert.Equal("modest", await MakeAsync(manager, "identity-provider/instances", new { alias = "modest", providerId = "google", config = new { clientId = "x" }, mapping = new[] { new { source = "groups", to = "attribute", target = "team" } } }));
    }

    [Fact]
    public async Task A_test_tells_each_hop_and_what_the_mapping_would_give()
    {
        await using var slapd = await SlapdKit.StartAsync(Federation.LdapTests.Fixture.Ldif);
        var admin = await AdminAsync();
        await MakeAsync(admin, "identity-provider/instances", new
        {
            alias = "site", providerId = "ldap", config = new { urls = slapd.Url, usersDn = "ou=people," + SlapdKit.Base, bindDn = SlapdKit.Admin, bindPassword = SlapdKit.AdminPassword }, mapping = new[] { new { source = "groups", value = "agents", to = "role", target = "agent" } },
        });
        var good = await ExpectAsync(admin, HttpStatusCode.OK, "POST", "identity-provider/instances/site/test", new { username = "mina", password = "minas-password" });
        Assert.True((bool)good!["works"]!);
        Assert.Equal("agent", (string?)good["roles"]![0]);
        Assert.Contains(good["hops"]!.AsArray(), hop => ((string)hop!).StartsWith("bind as uid=mina", StringComparison.Ordinal));
        Assert.DoesNotContain("minas-password", good.ToJsonString(), StringComparison.Ordinal);
        var wrong = await ExpectAsync(admin, HttpStatusCode.OK, "POST", "identity-provider/instances/site/test", new { username = "mina", password = "x" });
        Assert.Equal("invalid_user_credentials", (string?)wrong!["error"]);
        await slapd.KillAsync();
        Assert.Equal("unavailable", (string?)(await ExpectAsync(admin, HttpStatusCode.OK, "POST", "identity-provider/instances/site/test", new { }))!["error"]);
        Assert.Empty((await (await Host.PartAsync<Gatehouse.People.Users>()).ListAsync(AdminHost.Realm, new Gatehouse.People.UserQuery { Username = "mina", Exact = true }, default)).Items);
    }

    [Fact]
    public async Task A_test_link_is_made_for_kinds_that_browsers_visit()
    {
        var admin = await AdminAsync();
        await MakeAsync(admin, "identity-provider/instances", new { alias = "linked", providerId = "google", config = new { clientId = "id" }, loginNames = new[] { "g-*" } });
        Assert.Equal("g-*", (string?)(await GetAsync(admin, "identity-provider/instances/linked"))["loginNames"]![0]);
        var link = await ExpectAsync(admin, HttpStatusCode.OK, "POST", "identity-provider/instances/linked/test-link", new { });
        Assert.Contains("/broker/linked/test?key=", (string?)link!["url"], StringComparison.Ordinal);
        await ExpectAsync(await WithAsync("view-identity-providers"), HttpStatusCode.Forbidden, "POST", "identity-provider/instances/linked/test-link", new { });
        await MakeAsync(admin, "identity-provider/instances", new { alias = "folder", providerId = "ldap", config = new { urls = "ldaps://directory.example", usersDn = "dc=x" } });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "identity-provider/instances/folder/test-link", new { });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "identity-provider/instances", new { alias = "broad", providerId = "google", config = new { clientId = "id" }, loginNames = new[] { "*" } });
    }

    [Fact]
    public async Task An_application_that_speaks_saml_is_made_shown_and_changed_in_keycloaks_form()
    {
        var admin = await AdminAsync();
        var certificate = Gatehouse.Tests.Federation.ScriptedIdp.NewKey().Public.ToPem();
        var attributes = new Dictionary<string, string> { ["saml.client.signature"] = "true", ["saml.signing.certificate"] = certificate, ["saml_name_id_format"] = "email", ["saml_single_logout_service_url_redirect"] = "https://reports.example/slo", ["saml.force.post.binding"] = "true" };
        var id = await MakeAsync(admin, "clients", new
        {
            clientId = "https://reports.example/saml", protocol = "saml", redirectUris = new[] { "https://reports.example/acs" }, attributes,
            protocolMappers = new object[] { new { name = "login", protocolMapper = "saml-user-property-mapper", config = new Dictionary<string, string> { ["user.attribute"] = "username", ["attribute.name"] = "uid" } }, new { name = "r", protocolMapper = "saml-role-list-mapper", config = new Dictionary<string, string> { ["attribute.name"] = "Role" } } },
        });
        var shown = await GetAsync(admin, $"clients/{id}");
        Assert.Equal(("saml", "email", "https://reports.example/acs"), ((string?)shown["protocol"], (string?)shown["attributes"]!["saml_name_id_format"], (string?)shown["redirectUris"]![0]));

        // Sent back as it was shown, it stays as it is.
        await DoneAsync(admin, "PUT", $"clients/{id}", shown);
        var stored = (await (await Host.PartAsync<Gatehouse.Clients.ClientStore>()).FindAsync(AdminHost.Realm, id, default))!;
        Assert.Equal(["uid={username}", "Role={roles}"], stored.Saml!.Attributes.Select(one => $"{one.Name}={one.Source}"));
        Assert.Equal(("https://reports.example/slo", false, true), (stored.Saml.SignOutAddress, stored.Saml.SignOutByPost, stored.Saml.SignedRequests));
        foreach (var (wrong, why) in new (object, string)[]
                 {
                     (new { clientId = "w", protocol = "saml" }, "address"), (new { clientId = "w", protocol = "saml", redirectUris = new[] { "javascript:alert(1)" } }, "no web address"),
                     (new { clientId = "w", protocol = "saml", redirectUris = new[] { "https://w.example/acs" } }, "certificate"),
                     (new { clientId = "w", protocol = "saml", redirectUris = new[] { "https://w.example/acs" }, attributes = new Dictionary<string, string> { ["saml.client.signature"] = "false", ["saml.assertion.signature"] = "false", ["saml.server.signature"] = "false" } }, "must be signed"),
                 })
        {
            Assert.Contains(why, (await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "clients", wrong))!.ToJsonString(), StringComparison.Ordinal);
        }
    }
}
