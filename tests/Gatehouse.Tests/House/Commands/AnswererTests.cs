using Xunit;

namespace Gatehouse.Tests.House.Commands;

/// <summary>explain and test know whose an address is before the gate is asked.</summary>
public sealed class AnswererTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-answerers-").FullName;

    public AnswererTests()
    {
        File.WriteAllText(At("access.yaml"), "realm: r\nservices:\n  ccm: { upstreams: [\"http://127.0.0.1:1\"], rules: [{ allow: {} }] }\n  agent-manager: { upstreams: [\"http://127.0.0.1:1\"], rules: [{ allow: {} }] }\n");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("/realms/r/protocol/openid-connect/token", "identity")]
    [InlineData("/health/live?x", "identity")]
    [InlineData("/xuc/api/2.0/auth/login", "facade.xivo")]
    [InlineData("/agent-manager/agent/login", "facade.expertflow")]
    [InlineData("/finesse/api/User/1001002", "facade.finesse")]
    [InlineData("/gadgets/makeRequest", "facade.gadgets")]
    [InlineData("/auth/realms/r/protocol/openid-connect/token", "facade.keycloak")]
    [InlineData("/forward-auth/nginx/ccm/x", "forward-auth")]
    [InlineData("/agent-manager/agent/login/x", "credential.missing")]
    [InlineData("/agent-manager/agent", "credential.missing")]
    [InlineData("/xuc/api/2.0/authx", "route.unknown")]
    [InlineData("/realms%2fx", "path.ambiguous")]
    [InlineData("/ccm/x", "credential.missing")]
    public async Task An_address_has_one_answerer(string path, string code)
    {
        await File.WriteAllTextAsync(At("gatehouse.json"), """
            { "protocols": { "forwardauth": { "proxies": ["10.0.0.0/8"] } },
              "facades": { "xivo": { "realm": "r" }, "finesse": { "realm": "r" }, "gadgets": { "realm": "r" }, "keycloak": { "prefix": "/auth" }, "expertflow": { "realm": "r", "client": "cim", "until": { "login": "2999-01-01" } } } }
            """, TestContext.Current.CancellationToken);
        var told = await Program.HereAsync("", "explain", "GET", path, "--file", At("access.yaml"), "--json");
        Assert.True(told.Output.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal), told.Output + told.Error);
        Assert.Equal(code is "identity" or "forward-auth" || code.StartsWith("facade", StringComparison.Ordinal) ? 0 : 1, told.Code);
    }

    [Fact]
    public async Task Without_the_settings_an_address_of_a_facade_is_the_gates()
    {
        var told = await Program.HereAsync("", "explain", "GET", "/xuc/api/2.0/auth/login", "--file", At("access.yaml"));
        Assert.Contains("route.unknown", told.Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(At("other.json"), """{ "facades": { "xivo": { "realm": "r" } } }""", TestContext.Current.CancellationToken);
        told = await Program.HereAsync("", "explain", "GET", "/xuc/api/2.0/auth/login", "--file", At("access.yaml"), "--settings", At("other.json"));
        Assert.StartsWith("answered by facade.xivo, not by the gate", told.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Program.HereAsync("", "explain", "GET", "/x", "--file", At("access.yaml"), "--settings", At("gone.json"))).Code);
        await File.WriteAllTextAsync(At("broken.json"), "{", TestContext.Current.CancellationToken);
        Assert.Equal(1, (await Program.HereAsync("", "explain", "GET", "/x", "--file", At("access.yaml"), "--settings", At("broken.json"))).Code);
    }

    [Fact]
    public async Task Table_tests_expect_it_by_name()
    {
        await File.WriteAllTextAsync(At("gatehouse.json"), """{ "facades": { "xivo": { "realm": "r" } } }""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("tests.yaml"), "tests:\n  GET /realms/r: { nobody: identity }\n  POST /xuc/api/2.0/auth/login: { nobody: facade.xivo }\n  GET /ccm/x: { nobody: 401 }\n", TestContext.Current.CancellationToken);
        Assert.Equal("3 passed, 0 failed", (await Program.HereAsync("", "test", At("tests.yaml"))).Output.Trim());
        await File.WriteAllTextAsync(At("tests.yaml"), "tests:\n  POST /xuc/api/2.0/auth/login: { nobody: 401 }\n", TestContext.Current.CancellationToken);
        var unmet = await Program.HereAsync("", "test", At("tests.yaml"));
        Assert.Equal(1, unmet.Code);
        Assert.Contains("got 0 facade.xivo. The facade 'xivo' answers here", unmet.Output, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(folder, name);
}
