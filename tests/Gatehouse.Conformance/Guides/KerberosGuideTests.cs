using System.Runtime.CompilerServices;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/kerberos.md, its commands as they stand, with a real KDC's keytab: curl and a real Chromium are signed in by a ticket.</summary>
public sealed class KerberosGuideTests
{
    [Fact]
    public async Task The_guides_commands_sign_in_curl_and_a_browser()
    {
        if (!File.Exists("/usr/bin/chromium")) Assert.Skip("Chromium is not installed: apt-get install chromium");
        await using var kdc = await KdcKit.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        var guide = Path.Combine(Root(), "docs/guides/kerberos.md");
        foreach (var command in Shell.Commands(guide))
        {
            var (code, output) = await Shell.RunAsync(kdc.Folder, command.Replace("/etc/gatehouse/http.keytab", kdc.Keytab, StringComparison.Ordinal).Replace("HTTP/cx.example.org", "HTTP/localhost", StringComparison.Ordinal) + $" --data {program.Data}");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            if (command.StartsWith("gatehouse providers test", StringComparison.Ordinal)) Assert.Contains("key HTTP/localhost@SITE.EXAMPLE, version 2, aes256-cts-hmac-sha1-96", output, StringComparison.Ordinal);
        }

        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        var origin = $"http://localhost:{program.Url.Port}";

        // Another process wrote it: the running one hears of it a moment later.
        using (var http = new HttpClient())
        using (var late = new CancellationTokenSource(TimeSpan.FromSeconds(20)))
        {
            while ((await http.GetAsync($"{origin}/realms/contact-centre/sign-in", late.Token)).StatusCode != System.Net.HttpStatusCode.Unauthorized) await Task.Delay(50, late.Token);
        }

        var curl = File.ReadAllLines(guide).First(line => line.StartsWith("    curl", StringComparison.Ordinal)).Replace("https://OUR-ADDRESS/realms/REALM", $"{origin}/realms/contact-centre", StringComparison.Ordinal) + " -sS -c jar -b jar -o /dev/null -w '%{url_effective}'";
        var (exit, at) = await Shell.RunAsync(kdc.Folder, curl, kdc.Environment);
        Assert.True(exit == 0 && at.EndsWith("/signed-in", StringComparison.Ordinal), $"{at}\n{program.Output}");

        var (walked, said) = await Npm.RunAsync("browser", "ticket.mjs", origin, "contact-centre", kdc.In("krb5.conf"), "FILE:" + kdc.In("ccache"), Environment.GetEnvironmentVariable("GATEHOUSE_SCREENSHOTS") ?? "");
        Assert.True(walked == 0, $"{said}\n{program.Output}");
        foreach (var step in (string[])["signed in without a key pressed", "the page sees a ticket that fits", "the form where there is not trusted", "the form where there is no ticket"]) Assert.Contains($"ok {step}", said, StringComparison.Ordinal);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
