using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gatehouse.Gateway.Access;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>No block of README or a guide escapes the tests: each is commands that <see cref="GuideTests"/> runs, an access file that loads, or stands here with its reason.</summary>
public sealed partial class BlockTests
{
    // First line of a block that is not run as it stands, and why.
    private static readonly (string Begins, string Why)[] Known =
    [
        ("./run      # builds and starts", "Durability/RunScriptTests starts it; ./test is what runs this"),
        ("export GATEHOUSE_DEMO_PASSWORD=", "the start that GuideTests' running program stands for"),
        ("export GATEHOUSE_DEMO_SECRET=", "GuideTests.The_readmes_first_protected_call_answers_as_it_says"),
        ("curl --negotiate", "KerberosGuideTests runs it with a real ticket"),
        ("http-request del-header Client-Cert", "lines for HAProxy; Federation/CertificateTests starts a real one with them"),
        ("curl -sS https://OUR-ADDRESS", "ExchangeGuideTests runs it with a real address and token"),
        ("curl -sS https://OUR-ADDRESS/xuc", "XivoGuideTests runs it with a real address and token"),
        ("curl -sS https://OUR-ADDRESS/finesse", "FinesseGuideTests runs it with a real address"),
        ("curl -sS -u alice:PASSWORD", "FinesseGuideTests runs it with a real address and password"),
        ("curl -sS -X POST https://OUR-ADDRESS/ccm", "ExpertflowGuideTests runs it with a real address and token"),
        ("{\n", "settings, with which the test of that guide starts the program"),
        ("curl -sS -X POST https://OUR-ADDRESS/gadgets", "GadgetsGuideTests runs it with a real address, password and token"),
        ("{ \"protocols\"", "settings, with which ProxyGuideTests starts the program"),
        ("server {", "ProxyGuideTests starts a real nginx with it"),
        ("http:\n", "for Traefik, which no package here brings; ProxyGuideTests holds its headers to those that the program names"),
        ("plugins:\n", "for APISIX, which no package here brings"),
        ("forward_auth gatehouse", "for Caddy, which no package here brings"),
        ("http_service:\n", "for Envoy, which no package here brings"),
        ("curl -i -H 'X-Forwarded-Method: GET'", "ProxyGuideTests runs it with a real address"),
        ("import { createProtection }", "ResourceServerGuideTests writes the guide's service and calls it"),
        ("const { ISSUER", "the same service"),
        ("export ISSUER", "ResourceServerGuideTests starts the service with an issuer of its own"),
        ("TOKEN=$(curl -sS $ISSUER", "ResourceServerGuideTests runs it"),
        ("builder.Services.AddAuthentication(GatehouseOptions", "Gatehouse.Tests/RestServices builds a service with it"),
        ("dotnet pack clients/resource-server", "ResourceServerPackageTests packs it, and a stranger's project has no other package"),
        ("npm pack", "ResourceServerPackageTests packs it and installs the file"),
        ("gadget-files/assets", "how a folder is laid out; Facades/Gadgets tests serve one such"),
        ("npm ci", "BotKitTests and ResourceServerGuideTests build the kits so"),
        ("import { createServer }", "BotKitTests writes the guide's bot and plays against it"),
        ("const bot = createBot", "the same bot"),
        ("createServer(bot.node)", "the same bot"),
        ("export BOT_TOKEN", "BotKitTests starts the bot with secrets of its own"),
        ("npx gatehouse-dialogs", "BotKitTests plays each of them"),
        ("00:00  ", "what such a play shows"),
    ];

    public static TheoryData<string> Documents => ["README.md", .. Directory.GetFiles(Path.Combine(Root(), "docs/guides"), "*.md").Select(file => Path.GetRelativePath(Root(), file)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Documents))]
    public void Every_block_is_run_or_has_its_reason(string document)
    {
        Assert.DoesNotContain("```", File.ReadAllText(Path.Combine(Root(), document)), StringComparison.Ordinal);
        foreach (var block in Blocks.Of(Path.Combine(Root(), document)))
        {
            if (Known.Any(one => (block[0] + '\n').StartsWith(one.Begins, StringComparison.Ordinal))) continue;
            if (block[0].StartsWith("realm:", StringComparison.Ordinal))
            {
                var (file, findings) = AccessReader.Read(string.Join('\n', block));
                Assert.True(file is not null && !findings.Any(finding => finding.Severity == Severity.Error), $"{document}: {string.Join('\n', findings)}");
                continue;
            }

            Assert.All(Continued().Replace(string.Join('\n', block), " ").Split('\n'), line => Assert.StartsWith("gatehouse ", line, StringComparison.Ordinal));
        }
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    [GeneratedRegex(@"\\\n\s+")]
    private static partial Regex Continued();
}
