using System.Net;
using Xunit;

namespace Gatehouse.Tests.Protocols.Uma;

/// <summary>Keycloak's admin addresses for authorization settings, as adapters and consoles call them.</summary>
public sealed class AuthzAdminTests(CimSite site) : IClassFixture<CimSite>
{
    private string Root => $"clients/{site.CimId}/authz/resource-server";

    [Fact]
    public async Task A_user_policy_is_made_found_changed_and_deleted_as_the_vendors_library_does_it()
    {
        var alice = await IdAsync("alice");
        var sam = await IdAsync("sam");
        var (status, made) = await site.AdminAsync("POST", Root + "/policy/user", """{"name":"Team A user based policy","type":"user","logic":"POSITIVE","decisionStrategy":"UNANIMOUS","users":["alice"]}""");
        Assert.Equal((HttpStatusCode.Created, alice), (status, made!["users"]![0]!.GetValue<string>()));
        var (_, found) = await site.AdminAsync("GET", Root + "/policy?name=Team+A+user+based+policy&exact=true");
        var id = found![0]!["id"]!.GetValue<string>();
        Assert.Equal($"[\"{alice}\"]", found[0]!["config"]!["users"]!.GetValue<string>());
        (status, _) = await site.AdminAsync("PUT", $"{Root}/policy/user/{id}", $$"""{"name":"Team A user based policy","type":"user","users":["{{alice}}","{{sam}}"]}""");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(2, (await site.AdminAsync("GET", $"{Root}/policy/user/{id}")).Body!["users"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.Conflict, (await site.AdminAsync("POST", Root + "/policy/role", """{"name":"Team A user based policy","roles":[]}""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("DELETE", $"{Root}/policy/user/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await site.AdminAsync("GET", $"{Root}/policy/{id}")).Status);
    }

    [Fact]
    public async Task An_export_is_an_import_and_a_policy_that_something_stands_on_stays()
    {
        var (_, settings) = await site.AdminAsync("GET", Root + "/settings");
        Assert.Equal(HttpStatusCode.NoContent, (await site.AdminAsync("POST", Root + "/import", settings!.ToJsonString())).Status);
        Assert.Equal(settings.ToJsonString(), (await site.AdminAsync("GET", Root + "/settings")).Body!.ToJsonString());
        var (_, policy) = await site.AdminAsync("GET", Root + "/policy/search?name=Agent+Policy");
        var (status, body) = await site.AdminAsync("DELETE", $"{Root}/policy/{policy!["id"]}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("stands on", body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.NotEmpty((await site.AdminAsync("GET", $"{Root}/policy/{policy["id"]}/dependentPolicies")).Body!.AsArray());
        Assert.Equal(4, (await site.AdminAsync("GET", Root + "/permission")).Body!.AsArray().Count);
        Assert.Equal(4, (await site.AdminAsync("GET", Root + "/resource?deep=false&max=10")).Body!.AsArray().Count);
    }

    [Theory]
    [InlineData("""{"policies":[{"name":"x","type":"js","config":{"code":"$evaluation.grant()"}}]}""", "Scripts are not run here")]
    [InlineData("""{"policies":[{"name":"x","type":"role","config":{"roles":"[{\"id\":\"nobody-has-it\"}]"}}]}""", "the role 'nobody-has-it', which does not exist")]
    [InlineData("""{"policies":[{"name":"x","type":"user","config":{"users":"[\"nobody\"]"}}]}""", "the user 'nobody', which does not exist")]
    [InlineData("""{"policies":[{"name":"x","type":"aggregate","config":{"applyPolicies":"[\"x\"]"}}]}""", "stands on itself")]
    [InlineData("""{"policies":[{"name":"x","type":"teapot"}]}""", "not known")]
    public async Task What_does_not_hold_together_is_told_and_changes_nothing(string document, string words)
    {
        var before = (await site.AdminAsync("GET", Root + "/settings")).Body!.ToJsonString();
        var (status, body) = await site.AdminAsync("POST", Root + "/import", document);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(words, body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(before, (await site.AdminAsync("GET", Root + "/settings")).Body!.ToJsonString());
    }

    private async Task<string> IdAsync(string name) => (await site.AdminAsync("GET", $"users?username={name}&exact=true")).Body![0]!["id"]!.GetValue<string>();
}
