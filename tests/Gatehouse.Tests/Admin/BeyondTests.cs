using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Storage;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class BeyondOnSqlite(SqliteHost host) : BeyondTests(host);

public sealed class BeyondOnPostgres(PostgresHost host) : BeyondTests(host);

/// <summary>Every road by which rights travel, tried by someone who lacks them.</summary>
public abstract class BeyondTests(AdminHost host) : AdminKit(host)
{
    [Fact]
    public async Task Nobody_gives_a_right_they_do_not_hold()
    {
        var (admin, weak) = (await AdminAsync(), await WithAsync("manage-users", "view-clients", "view-realm"));
        var id = await MakeAsync(admin, "users", new { username = Name("climber") });
        var (client, strong) = await RightAsync(admin, "realm-admin");
        var (_, own) = await RightAsync(admin, "manage-users");

        var refused = await ExpectAsync(weak, HttpStatusCode.Forbidden, "POST", $"users/{id}/role-mappings/clients/{client}", new[] { strong });
        Assert.Equal("admin.beyond", (string?)refused!["code"]);
        Assert.Empty((await GetAsync(admin, $"users/{id}/role-mappings/clients/{client}")).AsArray());

        await DoneAsync(weak, "POST", $"users/{id}/role-mappings/clients/{client}", new[] { own });
        Assert.Single((await GetAsync(admin, $"users/{id}/role-mappings/clients/{client}")).AsArray());
        // By the realm's address the same role is not found: its container is checked.
        await ExpectAsync(admin, HttpStatusCode.NotFound, "POST", $"users/{id}/role-mappings/realm", new[] { strong });
    }

    [Fact]
    public async Task Not_through_a_composite()
    {
        var (admin, roles, users) = (await AdminAsync(), await WithAsync("manage-realm", "view-clients"), await WithAsync("manage-users", "view-realm"));
        var name = Name("shell");
        await MakeAsync(admin, "roles", new { name });
        var (_, strong) = await RightAsync(admin, "manage-users");

        await ExpectAsync(roles, HttpStatusCode.Forbidden, "POST", $"roles/{name}/composites", new[] { strong });
        await ExpectAsync(roles, HttpStatusCode.Forbidden, "POST", $"roles/default-roles-{AdminHost.Realm}/composites", new[] { strong });

        await DoneAsync(admin, "POST", $"roles/{name}/composites", new[] { (await RightAsync(admin, "manage-realm")).Role });
        var id = await MakeAsync(admin, "users", new { username = Name("climber") });
        await ExpectAsync(users, HttpStatusCode.Forbidden, "POST", $"users/{id}/role-mappings/realm", new[] { await RoleAsync(admin, name) });
        // Deeper down as well.
        var outer = Name("outer");
        await MakeAsync(admin, "roles", new { name = outer });
        await DoneAsync(admin, "POST", $"roles/{outer}/composites", new[] { await RoleAsync(admin, name) });
        await ExpectAsync(users, HttpStatusCode.Forbidden, "POST", $"users/{id}/role-mappings/realm", new[] { await RoleAsync(admin, outer) });
    }

    [Fact]
    public async Task Not_through_a_group_or_one_above_it()
    {
        var (admin, weak) = (await AdminAsync(), await WithAsync("manage-users", "view-clients"));
        var parent = Name("board");
        var parentId = await MakeAsync(admin, "groups", new { name = parent });
        var childId = await MakeAsync(admin, $"groups/{parentId}/children", new { name = "helpers" });
        var (client, strong) = await RightAsync(admin, "realm-admin");
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "POST", $"groups/{parentId}/role-mappings/clients/{client}", new[] { strong });
        await DoneAsync(admin, "POST", $"groups/{parentId}/role-mappings/clients/{client}", new[] { strong });
        var id = await MakeAsync(weak, "users", new { username = Name("climber") });

        await ExpectAsync(weak, HttpStatusCode.Forbidden, "PUT", $"users/{id}/groups/{parentId}");
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "PUT", $"users/{id}/groups/{childId}");
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "POST", "users", new { username = Name("climber"), groups = new[] { $"/{parent}/helpers" } });
        await DoneAsync(admin, "PUT", $"users/{id}/groups/{childId}");
    }

    [Fact]
    public async Task Not_by_taking_over_someone_stronger()
    {
        var (admin, weak) = (await AdminAsync(), await WithAsync("manage-users", "view-clients"));
        var id = await MakeAsync(admin, "users", new { username = Name("strong"), email = $"{Name("strong")}@example.org", enabled = true });
        var (client, strong) = await RightAsync(admin, "manage-realm");
        await DoneAsync(admin, "POST", $"users/{id}/role-mappings/clients/{client}", new[] { strong });

        await ExpectAsync(weak, HttpStatusCode.Forbidden, "PUT", $"users/{id}/reset-password", new { type = "password", value = "now it is mine, all mine" });
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "PUT", $"users/{id}", new { email = "me@example.org" });
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "DELETE", $"users/{id}");
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "DELETE", $"users/{id}/role-mappings/clients/{client}", new[] { strong });
        await GetAsync(weak, $"users/{id}");
    }

    [Fact]
    public async Task Not_through_a_clients_service_account()
    {
        var (admin, weak) = (await AdminAsync(), await WithAsync("manage-clients"));
        var clientId = Name("robot");
        var id = await MakeAsync(admin, "clients", new { clientId, serviceAccountsEnabled = true, standardFlowEnabled = false });
        var account = (string)(await GetAsync(admin, $"clients/{id}/service-account-user"))["id"]!;
        var (management, strong) = await RightAsync(admin, "realm-admin");
        await DoneAsync(admin, "POST", $"users/{account}/role-mappings/clients/{management}", new[] { strong });

        await ExpectAsync(weak, HttpStatusCode.Forbidden, "POST", $"clients/{id}/client-secret");
        await ExpectAsync(weak, HttpStatusCode.Forbidden, "PUT", $"clients/{id}", new { secret = "a secret of my very own" });

        // What was held does not wait for the next client of that name.
        await DoneAsync(admin, "DELETE", $"clients/{id}");
        await MakeAsync(weak, "clients", new { clientId, serviceAccountsEnabled = true, standardFlowEnabled = false, secret = "a secret of my very own" });
        var rights = await (await Host.PartAsync<Roles>()).RightsAsync(AdminHost.Realm, RoleHolder.ServiceAccount, clientId, default);
        Assert.Empty(rights.Roles);
    }

    [Fact]
    public async Task A_role_with_a_slash_cannot_pass_for_a_right()
    {
        var admin = await AdminAsync();
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "roles", new { name = "realm-management/realm-admin" });
        var name = Name("plain");
        await MakeAsync(admin, "roles", new { name });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"roles/{name}", new { name = "realm-management/realm-admin" });
    }

    [Fact]
    public async Task What_is_built_in_stays()
    {
        var admin = await AdminAsync();
        var (client, role) = await RightAsync(admin, "view-users");
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "DELETE", $"clients/{client}");
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "PUT", $"clients/{client}", new { enabled = false });
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "DELETE", $"clients/{client}/roles/view-users");
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "PUT", $"roles-by-id/{role["id"]}", new { name = "harmless" });
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "POST", $"clients/{client}/roles", new { name = "more" });
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "POST", $"clients/{client}/roles/view-users/composites", new[] { await RoleAsync(admin, "offline_access") });
        await ExpectAsync(admin, HttpStatusCode.Conflict, "POST", "clients", new { clientId = "realm-management" });
        await ExpectAsync(admin, HttpStatusCode.Forbidden, "DELETE", $"roles/default-roles-{AdminHost.Realm}");
    }

    [Theory]
    [InlineData("GET", "users", "view-clients")]
    [InlineData("POST", "users", "view-users")]
    [InlineData("GET", "clients", "view-users")]
    [InlineData("POST", "clients", "view-clients")]
    [InlineData("POST", "roles", "view-realm")]
    [InlineData("GET", "events", "view-realm")]
    [InlineData("GET", "sessions", "view-users")]
    [InlineData("PUT", "", "view-realm")]
    [InlineData("DELETE", "", "manage-realm")]
    [InlineData("POST", "logout-all", "manage-users")]
    [InlineData("GET", "keys", "view-clients")]
    public async Task A_route_needs_its_right(string verb, string path, string held)
    {
        var refused = await ExpectAsync(await WithAsync(held), HttpStatusCode.Forbidden, verb, path, verb is "POST" or "PUT" ? new { } : null);
        Assert.Equal("admin.denied", (string?)refused!["code"]);
        Assert.Contains("realm-management/", (string?)refused["detail"]);
    }

    [Fact]
    public async Task Looking_for_names_shows_no_attributes()
    {
        var name = Name("private");
        await MakeAsync(await AdminAsync(), "users", new { username = name, attributes = new { pin = "4711" } });

        Assert.DoesNotContain("4711", (await GetAsync(await WithAsync("query-users"), $"users?username={name}")).ToJsonString());
        Assert.Contains("4711", (await GetAsync(await WithAsync("view-users"), $"users?username={name}")).ToJsonString());
    }

    [Fact]
    public async Task Without_a_good_token_of_this_realm_nothing_is_told()
    {
        using var nobody = await Host.NobodyAsync();
        var (status, body, answer) = await SendAsync(nobody, "GET", "users");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        Assert.Equal("credential.missing", (string?)body!["code"]);

        using var garbage = await Host.BearerAsync("eyJhbGciOiJub25lIn0.e30.");
        await ExpectAsync(garbage, HttpStatusCode.Unauthorized, "GET", "users");

        // An administrator of another realm is nobody here, and an unknown realm answers alike.
        var other = await Host.AdminAsync(AdminHost.Other);
        await ExpectAsync(other, HttpStatusCode.Unauthorized, "GET", "users");
        await ExpectAsync(other, HttpStatusCode.Unauthorized, "GET", "/admin/realms/no-such-realm/users");
        await ExpectAsync(nobody, HttpStatusCode.Unauthorized, "GET", "/admin/realms");
    }

    [Fact]
    public async Task Ids_of_another_realm_are_unknown_here()
    {
        var (admin, other) = (await AdminAsync(), await Host.AdminAsync(AdminHost.Other));
        string Theirs(string path) => $"/admin/realms/{AdminHost.Other}/{path}";
        var user = await MakeAsync(other, Theirs("users"), new { username = Name("foreign") });
        var group = await MakeAsync(other, Theirs("groups"), new { name = Name("foreign") });
        var client = await MakeAsync(other, Theirs("clients"), new { clientId = Name("foreign"), serviceAccountsEnabled = true });
        var role = await GetAsync(other, Theirs("roles/offline_access"));
        var mine = await MakeAsync(admin, "users", new { username = Name("own") });

        foreach (var path in (string[])[$"users/{user}", $"users/{user}/groups", $"users/{user}/role-mappings", $"users/{client}/role-mappings", $"groups/{group}", $"groups/{group}/members", $"clients/{client}", $"clients/{client}/roles", $"clients/{client}/service-account-user", $"roles-by-id/{role["id"]}"])
            await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", path);
        await ExpectAsync(admin, HttpStatusCode.NotFound, "DELETE", $"users/{user}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "PUT", $"users/{mine}/groups/{group}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "POST", $"users/{mine}/role-mappings/realm", new[] { role });
        await ExpectAsync(admin, HttpStatusCode.NotFound, "POST", $"clients/{client}/client-secret");
        Assert.NotNull(await GetAsync(other, Theirs($"users/{user}")));
    }

    [Fact]
    public async Task A_right_taken_away_ends_before_its_token_does()
    {
        var (admin, database, roles, store) = (await AdminAsync(), await Host.PartAsync<Database>(), await Host.PartAsync<Roles>(), await Host.PartAsync<ClientStore>());
        var clientId = Name("former");
        var id = await MakeAsync(admin, "clients", new { clientId, serviceAccountsEnabled = true, standardFlowEnabled = false });
        var (management, right) = await RightAsync(admin, "view-users");
        await DoneAsync(admin, "POST", $"users/{id}/role-mappings/clients/{management}", new[] { right });
        var secret = (string)(await ExpectAsync(admin, HttpStatusCode.OK, "POST", $"clients/{id}/client-secret"))!["value"]!;
        using var former = await Host.BearerAsync((await Host.TokenAsync(AdminHost.Realm, clientId, secret))!);
        await GetAsync(former, "users");

        await DoneAsync(admin, "DELETE", $"users/{id}/role-mappings/clients/{management}", new[] { right });

        await ExpectAsync(former, HttpStatusCode.Forbidden, "GET", "users");
    }
}
