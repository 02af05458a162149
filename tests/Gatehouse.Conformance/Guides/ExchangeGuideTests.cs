using System.Runtime.CompilerServices;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/exchange.md, its commands as they stand, with the address of an issuer that is really asked for its keys.</summary>
public sealed class ExchangeGuideTests
{
    [Fact]
    public async Task The_guides_commands_trade_a_partners_token()
    {
        await using var program = await RunningProgram.StartAsync();
        await using var partner = await ForeignIssuer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-exchange-guide-").FullName;
        var guide = Path.Combine(Root(), "docs/guides/exchange.md");
        var secret = "";
        foreach (var command in Shell.Commands(guide).Select(line => line.Replace("https://partner.example", partner.Url, StringComparison.Ordinal)))
        {
            var (code, output) = await Shell.RunAsync(folder, $"{command} --data {program.Data} 2>/dev/null");
            Assert.True(code == 0, $"{command}: {code}\n{output}");
            if (command.Contains("clients add", StringComparison.Ordinal)) secret = output.Trim();
        }

        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var token = partner.Token("k1", new { iss = partner.Url, sub = "p-1", aud = program.Issuer, iat = now, exp = now + 60, jti = Guid.NewGuid().ToString(), preferred_username = "parvati", groups = new[] { "agents" } });
        var curl = string.Join('\n', File.ReadAllLines(guide).SkipWhile(line => !line.StartsWith("    curl", StringComparison.Ordinal)).TakeWhile(line => line.Length > 0))
            .Replace("https://OUR-ADDRESS/realms/REALM", program.Issuer, StringComparison.Ordinal).Replace("SECRET", secret, StringComparison.Ordinal).Replace("TOKEN", token, StringComparison.Ordinal);
        var (exit, said) = await Shell.RunAsync(folder, curl);
        Assert.Equal(0, exit);
        using var json = JsonDocument.Parse(said);
        Assert.True(json.RootElement.TryGetProperty("access_token", out var made), said);
        Assert.Equal("parvati", JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(made.GetString()!.Split('.')[1])).RootElement.GetProperty("preferred_username").GetString());
        Assert.Contains("replayed", (await Shell.RunAsync(folder, curl)).Output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
