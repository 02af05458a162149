using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.Uma;

/// <summary>The protection API: a client registers and finds its own resources, and touches nobody else's.</summary>
public sealed class ProtectionTests(CimSite site) : IClassFixture<CimSite>
{
    [Fact]
    public async Task A_resource_is_made_found_changed_and_deleted_as_the_vendors_library_does_it()
    {
        var pat = await site.ServiceAsync();
        var (status, made) = await site.ProtectAsync("POST", "resource_set", pat, """{"name":"team-7","_id":"team-7","resource_scopes":["view-team"]}""");
        Assert.Equal((HttpStatusCode.Created, "team-7", "view-team"), (status, made!["_id"]!.GetValue<string>(), made["resource_scopes"]![0]!["name"]!.GetValue<string>()));
        (status, _) = await site.ProtectAsync("POST", "resource_set", pat, """{"name":"team-7","_id":"other-id"}""");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("""["team-7"]""", (await site.ProtectAsync("GET", "resource_set?name=team-7&exactName=true", pat)).Body!.ToJsonString());
        Assert.Equal("""["team-7"]""", (await site.ProtectAsync("GET", "resource_set?scope=view-team", pat)).Body!.ToJsonString());
        (status, _) = await site.ProtectAsync("PUT", "resource_set/team-7", pat, """{"name":"team-7","uris":["/teams/{id}"],"resource_scopes":["view-team","manage-team"]}""");
        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Equal("""["team-7"]""", (await site.ProtectAsync("GET", "resource_set?uri=/teams/9&matchingUri=true", pat)).Body!.ToJsonString());
        Assert.Equal(2, (await site.ProtectAsync("GET", "resource_set/team-7", pat)).Body!["resource_scopes"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.NoContent, (await site.ProtectAsync("DELETE", "resource_set/team-7", pat)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.ProtectAsync("GET", "resource_set/team-7", pat)).Status);
    }

    [Fact]
    public async Task Only_a_resource_server_itself_is_let_in()
    {
        var user = (await site.PasswordAsync("ada"))["access_token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.Forbidden, (await site.ProtectAsync("GET", "resource_set", user)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.ProtectAsync("GET", "resource_set", await site.ServiceAsync("plain"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.ProtectAsync("GET", "resource_set", "nonsense")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await site.ProtectAsync("DELETE", "resource_set/ccm", await site.ServiceAsync("plain"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.ProtectAsync("GET", "permission/ticket", await site.ServiceAsync())).Status);
    }

    [Fact]
    public async Task A_resource_server_finds_and_touches_nobody_elses_resources()
    {
        var other = (await site.AdminAsync("GET", "clients?clientId=unswitched")).Body![0]!["id"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("PUT", $"clients/{other}", """{"authorizationServicesEnabled":true}""")).Status);
        var pat = await site.ServiceAsync("unswitched");
        Assert.Equal("[]", (await site.ProtectAsync("GET", "resource_set", pat)).Body!.ToJsonString());
        foreach (var verb in (string[])["GET", "PUT", "DELETE"]) Assert.Equal(HttpStatusCode.NotFound, (await site.ProtectAsync(verb, "resource_set/ccm", pat, verb == "PUT" ? """{"name":"mine"}""" : null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await site.ProtectAsync("GET", "resource_set/ccm", await site.ServiceAsync())).Status);

        // Closed to registration by its administrator.
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("PUT", $"clients/{other}/authz/resource-server", """{"allowRemoteResourceManagement":false}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await site.ProtectAsync("POST", "resource_set", pat, """{"name":"mine"}""")).Status);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"_id":"x"}""")]
    [InlineData("""{"name":"x","name":"y"}""")]
    [InlineData("""{"name":"a\u0000b"}""")]
    [InlineData("""{"name":"x","_id":"a/b"}""")]
    [InlineData("""{"name":"x","resource_scopes":{"a":1}}""")]
    [InlineData("""{"name":["x"]}""")]
    [InlineData("""{"name":"x","config":"y"}""")]
    [InlineData("""{"name":"   "}""")]
    public async Task Bad_bodies_are_told_and_change_nothing(string body)
    {
        var (status, answer) = await site.ProtectAsync("POST", "resource_set", await site.ServiceAsync(), body);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (status, answer!["error"]!.GetValue<string>()));
    }
}
