using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>The access file changes while the gate serves.</summary>
public sealed class ReloadTests
{
    private const string Access = """
        realm: contact-centre
        services:
          api: { upstreams: ["{upstream}"], rules: [{ allow: { roles: [integration] } }] }
        """;

    [Fact]
    public async Task A_good_file_takes_over_a_bad_one_never_does_and_health_tells()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var token = "Authorization: Bearer " + await gate.Desk.ServiceTokenAsync();
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x", token));
        Assert.Equal(404, (await gate.AskAsync("GET", "/more/x", token)).Status);

        // Trust that the new file takes away is gone for a token that was seen before.
        var good = (await File.ReadAllTextAsync(gate.AccessFile)).Replace("integration", "supervisor", StringComparison.Ordinal) + $"\n  more: {{ upstreams: [\"{gate.Upstream.Url}\"], rules: [{{ allow: {{}} }}] }}\n";
        await ReplaceAsync(gate, good);
        await gate.BecomesAsync(200, "GET", "/more/x", token);
        Assert.Equal((403, "rule.denied"), await gate.AskAsync("GET", "/api/x", token));

        foreach (var bad in (string[])["realm: [", "realm: contact-centre\nservices:\n  api: { upstreams: [] }\n", "", good + "unknown-key: 1\n"])
        {
            await ReplaceAsync(gate, bad);
            await gate.BecomesAsync(503, "GET", "/health/access");
            Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/more/x", token));
            Assert.Equal(200, (await gate.AskAsync("GET", "/health/ready")).Status);
        }

        await ReplaceAsync(gate, good + "# mended\n");
        await gate.BecomesAsync(200, "GET", "/health/access");
        Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/more/x", token));
    }

    [Fact]
    public async Task Requests_under_way_end_as_they_began_while_files_change()
    {
        await using var gate = await GateDesk.OpenAsync(Access);
        var token = "Authorization: Bearer " + await gate.Desk.ServiceTokenAsync();
        var text = await File.ReadAllTextAsync(gate.AccessFile) + "\n";
        var rules = gate.Desk.Part<Gatehouse.Gateway.Access.Rules>();
        var over = false;
        var asking = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref over)) Assert.Equal((200, "pass"), await gate.AskAsync("GET", "/api/x", token));
        })).ToArray();
        for (var i = 0; i < 50; i++) Assert.True(rules.TryTake(text + $"# {i}\n"));
        Volatile.Write(ref over, true);
        await Task.WhenAll(asking);
    }

    // As a careful editor does it: a whole new file in the place of the old one.
    private static async Task ReplaceAsync(GateDesk gate, string text)
    {
        var beside = gate.AccessFile + ".new";
        await File.WriteAllTextAsync(beside, text);
        File.Move(beside, gate.AccessFile, overwrite: true);
    }
}
