using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Terms;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class ResourcesOnSqlite(SqliteHost host) : ResourceTests(host);

public sealed class ResourcesOnPostgres(PostgresHost host) : ResourceTests(host);

public abstract class ResourceTests(AdminHost host) : AdminKit(host)
{
    [Fact]
    public async Task Groups_form_a_tree()
    {
        var admin = await AdminAsync();
        var name = Name("tree");
        var top = await MakeAsync(admin, "groups", new { name, attributes = new { site = new[] { "berlin" } } });
        var child = await MakeAsync(admin, $"groups/{top}/children", new { name = "inner" });
        await MakeAsync(admin, $"groups/{child}/children", new { name = $"{name}-leaf" });
        await ExpectAsync(admin, HttpStatusCode.Conflict, "POST", $"groups/{top}/children", new { name = "inner" });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "groups", new { name = "a/b" });

        var all = (await GetAsync(admin, "groups?max=10000&briefRepresentation=false")).AsArray().Single(group => (string?)group!["id"] == top)!;
        Assert.Equal("berlin", (string?)all["attributes"]!["site"]![0]);
        Assert.Equal($"/{name}/inner/{name}-leaf", (string?)all["subGroups"]![0]!["subGroups"]![0]!["path"]);

        var found = (await GetAsync(admin, $"groups?search={name}-leaf")).AsArray();
        Assert.Equal(top, (string?)Assert.Single(found)!["id"]);
        Assert.Equal($"{name}-leaf", (string?)found[0]!["subGroups"]![0]!["subGroups"]![0]!["name"]);
        Assert.Equal("inner", (string?)(await GetAsync(admin, $"groups/{top}/children"))[0]!["name"]);
        Assert.Equal(2, (int)(await GetAsync(admin, $"groups/count?search={name}"))["count"]!);
        Assert.Equal(child, (string?)(await GetAsync(admin, $"group-by-path/{name}/inner"))["id"]);

        await DoneAsync(admin, "PUT", $"groups/{top}", new { name = $"{name}-new" });
        Assert.Equal($"/{name}-new/inner", (string?)(await GetAsync(admin, $"groups/{child}"))["path"]);
        Assert.Equal("berlin", (string?)(await GetAsync(admin, $"groups/{top}"))["attributes"]!["site"]![0]);
        await DoneAsync(admin, "DELETE", $"groups/{top}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", $"groups/{child}");
    }

    [Fact]
    public async Task Roles_are_named_listed_composed_and_held()
    {
        var admin = await AdminAsync();
        var (name, inner) = (Name("role"), Name("inner"));
        await MakeAsync(admin, "roles", new { name, description = "Outer" });
        await MakeAsync(admin, "roles", new { name = inner });
        await ExpectAsync(admin, HttpStatusCode.Conflict, "POST", "roles", new { name });
        var (outerRole, innerRole) = (await RoleAsync(admin, name), await RoleAsync(admin, inner));
        await DoneAsync(admin, "POST", $"roles/{name}/composites", new[] { innerRole });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", $"roles/{inner}/composites", new[] { outerRole });
        Assert.True((bool?)(await RoleAsync(admin, name))["composite"]);
        Assert.Equal(inner, (string?)(await GetAsync(admin, $"roles/{name}/composites"))[0]!["name"]);
        Assert.Equal(inner, (string?)(await GetAsync(admin, $"roles-by-id/{outerRole["id"]}/composites/realm"))[0]!["name"]);

        var user = await MakeAsync(admin, "users", new { username = Name("holder") });
        await DoneAsync(admin, "POST", $"users/{user}/role-mappings/realm", new[] { new { name } });
        Assert.Equal(name, (string?)(await GetAsync(admin, $"users/{user}/role-mappings"))["realmMappings"]![0]!["name"]);
        Assert.Contains(inner, (await GetAsync(admin, $"users/{user}/role-mappings/realm/composite")).ToJsonString());
        Assert.DoesNotContain(name, (await GetAsync(admin, $"users/{user}/role-mappings/realm/available")).ToJsonString());
        Assert.Equal(user, (string?)(await GetAsync(admin, $"roles/{name}/users?max=10"))[0]!["id"]);
        await DoneAsync(admin, "DELETE", $"users/{user}/role-mappings/realm", new[] { outerRole });
        Assert.Empty((await GetAsync(admin, $"users/{user}/role-mappings/realm")).AsArray());

        var renamed = Name("renamed");
        await DoneAsync(admin, "PUT", $"roles-by-id/{outerRole["id"]}", new { name = renamed });
        Assert.Equal("Outer", (string?)(await RoleAsync(admin, renamed))["description"]);
        Assert.Contains(renamed, (await GetAsync(admin, $"roles?search={renamed}")).ToJsonString());
        await DoneAsync(admin, "DELETE", $"roles/{renamed}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", $"roles/{renamed}");
    }

    [Fact]
    public async Task A_client_is_made_changed_and_read_back()
    {
        var admin = await AdminAsync();
        var clientId = Name("desk");
        var id = await MakeAsync(admin, "clients", new
        {
            clientId, name = "Desk", publicClient = true, redirectUris = new[] { "https://desk.example.org/callback" }, webOrigins = new[] { "+" }, protocol = "openid-connect",
            attributes = new Dictionary<string, string> { ["post.logout.redirect.uris"] = "+", ["access.token.lifespan"] = "120", ["pkce.code.challenge.method"] = "S256" },
            protocolMappers = new[] { new { name = "aud", protocolMapper = "oidc-audience-mapper", config = new Dictionary<string, string> { ["included.client.audience"] = "ccm" } } },
        });
        await ExpectAsync(admin, HttpStatusCode.Conflict, "POST", "clients", new { clientId });

        var client = (await GetAsync(admin, $"clients?clientId={clientId}"))[0]!;
        Assert.Equal(id, (string?)client["id"]);
        Assert.Equal("https://desk.example.org", (string?)client["webOrigins"]![0]);
        Assert.Equal("https://desk.example.org/callback", (string?)client["attributes"]!["post.logout.redirect.uris"]);
        Assert.Equal("ccm", (string?)client["protocolMappers"]![0]!["config"]!["included.custom.audience"]);
        Assert.False((bool?)client["directAccessGrantsEnabled"]);

        var (status, _, answer) = await SendAsync(admin, "PUT", $"clients/{id}", client);
        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.False(answer.Headers.Contains("Gatehouse-Ignored")); // what we give, we take
        Assert.Equal(client.ToJsonString(), (await GetAsync(admin, $"clients/{id}")).ToJsonString());

        await DoneAsync(admin, "PUT", $"clients/{id}", new { name = "Renamed" });
        Assert.Equal("120", (string?)(await GetAsync(admin, $"clients/{id}"))["attributes"]!["access.token.lifespan"]);
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"clients/{id}", new { clientId = "other" });
        await DoneAsync(admin, "DELETE", $"clients/{id}");
        Assert.Empty((await GetAsync(admin, $"clients?clientId={clientId}")).AsArray());
    }

    [Theory]
    [InlineData("""{"implicitFlowEnabled":true}""", "implicitFlowEnabled")]
    [InlineData("""{"directAccessGrantsEnabled":true}""", "directAccessGrantsEnabled")]
    [InlineData("""{"consentRequired":true}""", "consentRequired")]
    [InlineData("""{"publicClient":true,"authorizationServicesEnabled":true}""", "authorization settings")]
    [InlineData("""{"protocol":"docker-v2"}""", "protocol")]
    [InlineData("""{"clientAuthenticatorType":"client-x509"}""", "clientAuthenticatorType")]
    [InlineData("""{"redirectUris":["https://desk.example.org/*"]}""", "wildcard")]
    [InlineData("""{"redirectUris":["http://desk.example.org/"]}""", "https")]
    [InlineData("""{"redirectUris":["javascript:alert(1)"]}""", "scheme")]
    [InlineData("""{"webOrigins":["*"]}""", "origin")]
    [InlineData("""{"publicClient":true,"serviceAccountsEnabled":true}""", "service account")]
    [InlineData("""{"attributes":{"pkce.code.challenge.method":"plain"}}""", "S256")]
    [InlineData("""{"attributes":{"dpop.bound.access.tokens":"true"}}""", "dpop")]
    [InlineData("""{"attributes":{"jwks.string":"{}"}}""", "jwks")]
    [InlineData("""{"attributes":{"jwks.string":"{\"keys\":[{\"kty\":\"EC\",\"d\":\"AA\"}]}"}}""", "PrivateMember")]
    [InlineData("""{"attributes":{"jwks.string":"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"}}""", "BadKey")]
    [InlineData("""{"attributes":{"access.token.lifespan":"999999999"}}""", "lifespan")]
    [InlineData("""{"secret":"short"}""", "16")]
    public async Task A_switch_that_is_not_honoured_is_refused_by_name(string members, string named)
    {
        var admin = await AdminAsync();
        var body = JsonNode.Parse(members)!.AsObject();
        var clientId = Name("refused");
        body["clientId"] = clientId;

        var refused = await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "clients", body);

        Assert.Contains(named, (string?)refused!["errorMessage"]);
        Assert.Empty((await GetAsync(admin, $"clients?clientId={clientId}")).AsArray());
    }

    [Fact]
    public async Task A_secret_is_shown_once_and_works()
    {
        var admin = await AdminAsync();
        var clientId = Name("robot");
        var id = await MakeAsync(admin, "clients", new { clientId, serviceAccountsEnabled = true, standardFlowEnabled = false, secret = "given at first, and long" });
        Assert.NotNull(await Host.TokenAsync(AdminHost.Realm, clientId, "given at first, and long"));

        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", $"clients/{id}/client-secret");
        var secret = (string)(await ExpectAsync(admin, HttpStatusCode.OK, "POST", $"clients/{id}/client-secret"))!["value"]!;

        Assert.NotNull(await Host.TokenAsync(AdminHost.Realm, clientId, secret));
        Assert.Null(await Host.TokenAsync(AdminHost.Realm, clientId, "given at first, and long"));
        Assert.DoesNotContain(secret, (await GetAsync(admin, $"clients/{id}")).ToJsonString());
        var account = await GetAsync(admin, $"clients/{id}/service-account-user");
        Assert.Equal($"service-account-{clientId}", (string?)account["username"]);
        Assert.Equal(id, (string?)(await GetAsync(admin, $"users/{account["id"]}"))["id"]);
        Assert.DoesNotContain(secret, (await GetAsync(admin, "admin-events?max=100")).ToJsonString());
    }

    [Fact]
    public async Task Client_roles_are_kept_with_their_client()
    {
        var admin = await AdminAsync();
        var clientId = Name("app");
        var id = await MakeAsync(admin, "clients", new { clientId });
        await MakeAsync(admin, $"clients/{id}/roles", new { name = "view" });
        var role = await GetAsync(admin, $"clients/{id}/roles/view");
        Assert.True((bool?)role["clientRole"]);
        Assert.Equal(id, (string?)role["containerId"]);
        var user = await MakeAsync(admin, "users", new { username = Name("holder") });
        await DoneAsync(admin, "POST", $"users/{user}/role-mappings/clients/{id}", new[] { role });
        Assert.Equal("view", (string?)(await GetAsync(admin, $"users/{user}/role-mappings"))["clientMappings"]![clientId]!["mappings"]![0]!["name"]);
        Assert.Equal(user, (string?)(await GetAsync(admin, $"clients/{id}/roles/view/users"))[0]!["id"]);

        await DoneAsync(admin, "DELETE", $"clients/{id}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", $"roles-by-id/{role["id"]}");
    }

    [Fact]
    public async Task A_realm_is_made_by_the_master_changed_by_its_own_and_deleted()
    {
        var maker = await Host.AsAsync("master", "create-realm");
        var name = $"r{Guid.NewGuid():n}";
        var (status, json, answer) = await SendAsync(maker, "POST", "/admin/realms", new { realm = name, displayName = "New", enabled = true, accessTokenLifespan = 60 });
        Assert.True(status == HttpStatusCode.Created, $"{json}");
        Assert.Equal($"/admin/realms/{name}", answer.Headers.Location!.OriginalString);
        await ExpectAsync(maker, HttpStatusCode.Conflict, "POST", "/admin/realms", new { realm = name });
        await ExpectAsync(maker, HttpStatusCode.BadRequest, "POST", "/admin/realms", new { realm = "No/Slash" });
        await ExpectAsync(await AdminAsync(), HttpStatusCode.Forbidden, "POST", "/admin/realms", new { realm = "mine" });
        await ExpectAsync(maker, HttpStatusCode.Unauthorized, "GET", $"/admin/realms/{name}");

        var admin = await Host.AdminAsync(name);
        var realm = await GetAsync(admin, $"/admin/realms/{name}");
        Assert.Equal(60, (int?)realm["accessTokenLifespan"]);
        await DoneAsync(admin, "PUT", $"/admin/realms/{name}", realm);
        await DoneAsync(admin, "PUT", $"/admin/realms/{name}", new { ssoSessionIdleTimeout = 600 });
        Assert.Equal(60, (int?)(await GetAsync(admin, $"/admin/realms/{name}"))["accessTokenLifespan"]);
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"/admin/realms/{name}", new { registrationAllowed = true });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"/admin/realms/{name}", new { enabled = false });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"/admin/realms/{name}", new { realm = "renamed" });
        Assert.Equal(name, (string?)Assert.Single((await GetAsync(admin, "/admin/realms")).AsArray())!["realm"]);
        var keys = await GetAsync(admin, $"/admin/realms/{name}/keys");
        Assert.NotNull(keys["active"]!["ES256"]);
        Assert.DoesNotContain("\"d\"", keys.ToJsonString());
        await DoneAsync(admin, "POST", $"/admin/realms/{name}/keys/ES256/rotate");
        Assert.Equal(2, (await GetAsync(admin, $"/admin/realms/{name}/keys"))["keys"]!.AsArray().Count);

        await DoneAsync(admin, "DELETE", $"/admin/realms/{name}");
        await ExpectAsync(admin, HttpStatusCode.Unauthorized, "GET", $"/admin/realms/{name}");
    }

    [Fact]
    public async Task Signing_all_out_ends_every_token_issued_so_far()
    {
        var maker = await Host.AsAsync("master", "create-realm");
        var name = $"r{Guid.NewGuid():n}";
        await ExpectAsync(maker, HttpStatusCode.Created, "POST", "/admin/realms", new { realm = name });
        var admin = await Host.AdminAsync(name);

        await DoneAsync(admin, "POST", $"/admin/realms/{name}/logout-all");

        await ExpectAsync(admin, HttpStatusCode.Unauthorized, "GET", $"/admin/realms/{name}/users");
    }

    [Fact]
    public async Task Events_tell_who_obtained_tokens()
    {
        var admin = await AdminAsync();
        var clientId = Name("robot");
        await MakeAsync(admin, "clients", new { clientId, serviceAccountsEnabled = true, standardFlowEnabled = false, secret = "long enough to be a secret" });
        await Host.TokenAsync(AdminHost.Realm, clientId, "long enough to be a secret");
        for (var i = 0; ; i++)
        {
            // Events that belong to no transaction are written in the background.
            var events = (await GetAsync(admin, $"events?client={clientId}&type=CLIENT_LOGIN")).AsArray();
            if (events.Count == 1) break;
            Assert.True(i < 100, "no event came");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task The_document_has_every_mapped_route()
    {
        using var nobody = await Host.NobodyAsync();
        var document = JsonNode.Parse(await nobody.GetStringAsync("/admin/openapi.json"))!;
        var routes = await Host.PartAsync<Microsoft.AspNetCore.Routing.EndpointDataSource>();
        var mapped = routes.Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("admin/realms", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.OfType<Microsoft.AspNetCore.Routing.HttpMethodMetadata>().Single().HttpMethods.Select(verb => (Verb: verb.ToLowerInvariant(), Path: "/" + endpoint.RoutePattern.RawText!.Trim('/').Replace("{*", "{", StringComparison.Ordinal))))
            .ToList();

        Assert.True(mapped.Count > 80, $"{mapped.Count}");
        foreach (var (verb, path) in mapped)
        {
            var operation = document["paths"]?[path]?[verb];
            Assert.True(operation is not null, $"{verb} {path} is not in the document");
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]), $"{verb} {path} has no summary");
        }

        Assert.Equal("#/components/schemas/UserRepresentation", (string?)document["paths"]!["/admin/realms/{realm}/users"]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!["items"]!["$ref"]);
    }

    [Theory]
    [InlineData("/admin")]
    [InlineData("/admin/nothing")]
    [InlineData("/admin/realms/contact-centre/no-such-thing")]
    public async Task An_unknown_address_is_a_problem_document(string path)
    {
        using var nobody = await Host.NobodyAsync();
        var problem = await ExpectAsync(nobody, HttpStatusCode.NotFound, "GET", path);
        Assert.Equal(Reasons.NotFound.Code, (string?)problem!["code"]);
    }
}
