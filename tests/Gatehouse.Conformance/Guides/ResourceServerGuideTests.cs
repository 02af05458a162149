using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/resource-server.md as it stands, with the real program: the service of the kit for Node, by keys and by introspection; and the kit's own tests.</summary>
public sealed partial class ResourceServerGuideTests(ResourceServerKit kit) : IClassFixture<ResourceServerKit>
{
    [Fact]
    public async Task The_kit_for_node_passes_its_tests()
    {
        var (code, output) = await kit.RunAsync("npm", "test");
        Assert.True(code == 0, output);
        Assert.True(int.Parse(Passed().Match(output).Groups[1].Value) > 100, output);
    }

    [Fact]
    public async Task The_guides_service_answers_as_it_says_by_keys_through_a_rotation_and_by_introspection_until_a_revocation()
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-conformance-").FullName;
        // A new key signs at once, and nobody has heard of it before.
        await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), """{ "keys": { "announceFor": "00:00:00" } }""");
        await using var program = await RunningProgram.StartAsync(data);
        var port = Loopback.FreePort().ToString();
        var file = Path.Combine(kit.Root, "docs/guides/resource-server.md");
        var guide = File.ReadAllText(file).Replace("5006", port, StringComparison.Ordinal).Replace("http://127.0.0.1:8080", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
        var secrets = new Dictionary<string, string>();
        foreach (var command in Shell.Commands(file))
        {
            var (code, output) = await Shell.RunAsync(kit.Folder, $"{command} --data {program.Data} --json");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            if (Secret().Match(output) is { Success: true } found) secrets[command.Contains("clients add crm ", StringComparison.Ordinal) ? "CRM_SECRET" : "REPORT_SECRET"] = found.Groups[1].Value;
        }

        File.WriteAllText(Path.Combine(kit.Folder, "service.mjs"), Block(guide, "and save this there"));
        var calls = Block(guide, "In another shell:");
        var said = Comment().Matches(calls).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(["401", "200", "403", "401"], said);
        foreach (var introspection in (string[])["", $"{program.Issuer}/protocol/openid-connect/token/introspect"])
        {
            var (code, output) = await Shell.RunAsync(kit.Folder, $$"""
                set -e
                export ISSUER={{program.Issuer}}
                exec 3< <(exec node service.mjs)
                service=$!
                trap 'kill $service' EXIT
                read -r -t 30 line <&3
                echo "$line"
                {{calls}}
                becomes() { for i in $(seq 200); do now=$(curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:{{port}}/customers -H "Authorization: Bearer $TOKEN"); [ $now = $1 ] && echo "it became $1" && return; sleep 0.2; done; exit 1; }
                if [ -n "$INTROSPECTION" ]
                then
                  curl -sS -o /dev/null $ISSUER/protocol/openid-connect/revoke -u nightly-report:$REPORT_SECRET -d token=$TOKEN
                  becomes 401
                else
                  before=$TOKEN
                  gatehouse keys rotate --data {{program.Data}}
                  # The program hears of it within a second.
                  for i in $(seq 100); do {{calls.Split('\n').First(line => line.StartsWith("TOKEN=", StringComparison.Ordinal))}}; [ "${before%%.*}" != "${TOKEN%%.*}" ] && break; sleep 0.2; done
                  becomes 200
                fi
                """, new Dictionary<string, string>(secrets) { ["INTROSPECTION"] = introspection });
            Assert.True(code == 0, output);
            Assert.Contains("The service listens.", output, StringComparison.Ordinal);
            Assert.Equal(said, StatusLine().Matches(output).Select(match => match.Groups[1].Value));
            Assert.Contains(introspection.Length == 0 ? "it became 200" : "it became 401", output, StringComparison.Ordinal);
            Assert.Contains("service-account-nightly-report", output, StringComparison.Ordinal);
            Assert.Contains("\"code\":\"rule.denied\"", output, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets["CRM_SECRET"], output, StringComparison.Ordinal);
        }
    }

    // The indented lines that follow a line, up to the end of the block or a line that belongs to the next.
    private static string Block(string guide, string after)
    {
        var lines = guide.Split('\n').SkipWhile(line => !line.StartsWith(after, StringComparison.Ordinal)).SkipWhile(line => !line.StartsWith("    ", StringComparison.Ordinal));
        return string.Join('\n', lines.TakeWhile(line => (line.Length == 0 || line.StartsWith("    ", StringComparison.Ordinal)) && !line.StartsWith("    export ", StringComparison.Ordinal)).Select(line => line.Length == 0 ? "" : line[4..]));
    }

    [GeneratedRegex(@"# pass (\d+)")]
    private static partial Regex Passed();

    [GeneratedRegex(@"(?i)""secret"":\s*""([^""]+)""")]
    private static partial Regex Secret();

    [GeneratedRegex(@"# (\d{3})\b")]
    private static partial Regex Comment();

    [GeneratedRegex(@"HTTP/1\.1 (\d{3})")]
    private static partial Regex StatusLine();
}
