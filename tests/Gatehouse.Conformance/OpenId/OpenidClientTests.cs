using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.OpenId;

public sealed class OpenidClientTests
{
    [Fact]
    public async Task Npm_openid_client_walks_from_discovery_to_logout_unchanged()
    {
        await using var program = await RunningProgram.StartAsync();
        var (code, output) = await Npm.RunAsync("openid-client", "walk.mjs", program.Issuer, "agent-desk", "http://127.0.0.1:53682/callback", "alice", RunningProgram.Password, "crm-sync", RunningProgram.ClientSecret);
        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["discovery", "code with PKCE", "prompt=none", "userinfo", "refresh", "client credentials", "introspection", "pushed", "revocation", "logout"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }
}
