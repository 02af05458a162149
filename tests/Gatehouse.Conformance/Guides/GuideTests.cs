using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>The commands in README and guides are what they say they are: each is run here, or stands in the list of those that cannot be.</summary>
public sealed partial class GuideTests
{
    // What a guide shows and a test cannot run as it stands.
    private static readonly (string Begins, string Why)[] NotRun =
    [
        ("gatehouse serve", "runs until it is stopped; every other test starts it"),
        ("gatehouse providers add", "names a site's own addresses; Federation's guide tests do it with real ones"),
        ("gatehouse providers test", "asks those addresses"),
        ("gatehouse providers set", "changes such a one"),
        ("gatehouse providers import", "asks them too; DirectoryGuideTests runs it with a real directory"),
        ("gatehouse providers set site", "the provider is there in DirectoryGuideTests alone"),
        ("gatehouse providers status site", "the same"),
        ("gatehouse observe acknowledge b1946a", "the group is there in ObserveGuideTests alone"),
        ("gatehouse observe report --service calls --check", "the same: nothing is safe here"),
        ("gatehouse users set-password mina", "her password is in that directory"),
        ("gatehouse users attributes alice", "XivoGuideTests runs it where alice is"),
        ("gatehouse groups add team-a", "ExpertflowGuideTests runs it where alice is"),
        ("gatehouse users forget-second-factor", "the same"),
        ("gatehouse clients add crm --service-account --role", "ExpertflowGuideTests runs it where the role is"),
        ("gatehouse clients authorization", "PermissionsGuideTests runs it where the client is"),
        ("gatehouse import apisix apisix.yaml", "ProxyGuideTests runs it where the file is"),
        ("gatehouse explain GET /ccm/conversations", "the same: of what was imported"),
        ("gatehouse xivo check /etc/docker", "XivoGuideTests runs it over a file that is there"),
    ];

    public static TheoryData<string> Documents => ["README.md", .. Directory.GetFiles(Path.Combine(Root(), "docs/guides"), "*.md").Select(file => Path.GetRelativePath(Root(), file)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task The_readmes_first_protected_call_answers_as_it_says()
    {
        await using var program = await RunningProgram.StartAsync();
        var script = string.Join('\n', Block("README.md", "and in another shell:")).Replace("http://127.0.0.1:8080", program.Url.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal).Replace("a-secret-of-your-own", RunningProgram.ClientSecret, StringComparison.Ordinal);
        var said = Comment().Matches(script).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(["401", "200", "403"], said);
        var (code, output) = await Shell.RunAsync(Path.GetTempPath(), script);
        Assert.Equal(0, code);
        Assert.Equal(said, StatusLine().Matches(output).Select(match => match.Groups[1].Value));
        Assert.Contains("WWW-Authenticate: Bearer", output, StringComparison.Ordinal);
        Assert.Contains("Mina Okafor", output, StringComparison.Ordinal);
        Assert.Contains("role admin", output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Documents))]
    public async Task Every_command_of_a_document_runs(string document)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-guide-").FullName;
        try
        {
            Directory.CreateSymbolicLink(Path.Combine(folder, "examples"), Path.Combine(Root(), "examples"));
            await File.WriteAllLinesAsync(Path.Combine(folder, "access.yaml"), Block("README.md", "An access file says").TakeWhile(line => !line.StartsWith("gatehouse", StringComparison.Ordinal)));
            foreach (var (file, entity) in (ReadOnlySpan<(string, string)>)[("app-metadata.xml", "https://reports.example/saml"), ("ids-metadata.xml", "ids.example.org")]) File.WriteAllText(Path.Combine(folder, file), Metadata(entity));
            Assert.Equal(0, (await Shell.RunAsync(folder, "gatehouse realms add contact-centre")).Code);
            foreach (var command in Shell.Commands(Path.Combine(Root(), document)))
            {
                if (NotRun.Any(one => command.StartsWith(one.Begins, StringComparison.Ordinal))) continue;
                var (code, output) = await Shell.RunAsync(folder, command);
                Assert.True(code == 0, $"{command}: {code}\n{output}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Metadata(string entity)
        => $"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity}"><SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://reports.example/acs" index="0"/></SPSSODescriptor></EntityDescriptor>""";

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    // The indented lines after the first line that begins so.
    private static IReadOnlyList<string> Block(string document, string after)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), document)).SkipWhile(line => !line.StartsWith(after, StringComparison.Ordinal)).SkipWhile(line => !line.StartsWith("    ", StringComparison.Ordinal));
        return [.. lines.TakeWhile(line => line.Length == 0 || line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Length == 0 ? "" : line[4..])];
    }

    [GeneratedRegex(@"# (\d{3})\b")]
    private static partial Regex Comment();

    [GeneratedRegex(@"HTTP/1\.1 (\d{3})")]
    private static partial Regex StatusLine();
}
