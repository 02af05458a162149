using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/directory.md, its commands as they stand, with the addresses of a real OpenLDAP server.</summary>
public sealed class DirectoryGuideTests
{
    [Fact]
    public async Task The_guides_commands_import_people_and_set_a_password()
    {
        await using var program = await RunningProgram.StartAsync();
        await using var slapd = await SlapdKit.StartAsync($"dn: ou=people,{SlapdKit.Base}\nobjectClass: organizationalUnit\nou: people\n\ndn: ou=groups,{SlapdKit.Base}\nobjectClass: organizationalUnit\nou: groups\n\n"
            + string.Concat(((string[])["mina", "otto"]).Select(name => SlapdKit.Person(name, $"{name}-password", name, "Ökafor").TrimEnd() + "\n\n")) + $"dn: cn=agents,ou=groups,{SlapdKit.Base}\nobjectClass: groupOfNames\ncn: agents\nmember: uid=mina,ou=people,{SlapdKit.Base}\n");
        var folder = Directory.CreateTempSubdirectory("gatehouse-directory-guide-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "secret"), SlapdKit.AdminPassword);
        var told = new Dictionary<string, string>();
        foreach (var line in Shell.Commands(Path.Combine(Root(), "docs/guides/directory.md")).Where(line => !line.Contains("corp", StringComparison.Ordinal)))
        {
            var command = line.Replace("ldaps://dc1.example ldaps://dc2.example", $"ldaps://localhost:1 {slapd.TlsUrl}", StringComparison.Ordinal).Replace("/etc/ssl/site-ca.pem", slapd.CaFile, StringComparison.Ordinal)
                .Replace("cn=gatehouse,dc=example", SlapdKit.Admin, StringComparison.Ordinal).Replace("ou=people,dc=example", "ou=people," + SlapdKit.Base, StringComparison.Ordinal).Replace("ou=groups,dc=example", "ou=groups," + SlapdKit.Base, StringComparison.Ordinal).Replace("/run/secrets/directory", Path.Combine(folder, "secret"), StringComparison.Ordinal);
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data}");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            told.TryAdd(line, output);
        }

        Assert.Contains("Nothing was changed", told["gatehouse providers import site --dry-run"], StringComparison.Ordinal);
        Assert.Contains("read 2, made 2,", told["gatehouse providers import site"], StringComparison.Ordinal);
        Assert.Contains("everybody was last gone over", told["gatehouse providers status site"], StringComparison.Ordinal);
        using var walker = new Walker();
        await walker.OpenAsync($"{program.Issuer}/sign-in");
        await walker.SubmitAsync(("username", "mina"), ("password", told["gatehouse users set-password mina --generate"].Split('\n')[0].Trim()));
        await walker.GoOnAsync();
        Assert.True(walker.At.AbsolutePath.EndsWith("/signed-in", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{program.Output}");
        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
