using System.Runtime.CompilerServices;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/certificates.md: its commands on data run with a real authority's file. Federation/CertificateTests signs people in, at our own TLS and behind HAProxy with the guide's lines.</summary>
public sealed class CertificateGuideTests
{
    [Fact]
    public async Task The_guides_commands_run()
    {
        await using var authority = new AuthorityKit();
        var folder = Directory.CreateTempSubdirectory("gatehouse-certificate-guide-").FullName;
        Assert.Equal(0, (await Shell.RunAsync(folder, "gatehouse realms add contact-centre")).Code);
        foreach (var command in Shell.Commands(Path.Combine(Root(), "docs/guides/certificates.md")).Where(line => line.StartsWith("gatehouse providers", StringComparison.Ordinal)))
        {
            var (code, output) = await Shell.RunAsync(folder, command.Replace("/etc/ssl/people-ca.pem", authority.CaFile, StringComparison.Ordinal));
            Assert.True(code == 0, $"{command}: {code}\n{output}");
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
