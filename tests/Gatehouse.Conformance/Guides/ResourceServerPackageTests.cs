using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>The resource servers' packages as a stranger has them: packed from here, alone in a folder, without a registry; each judges tokens of the real program.</summary>
public sealed class ResourceServerPackageTests(ResourceServerKit kit) : IClassFixture<ResourceServerKit>
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
          <ItemGroup><PackageReference Include="Gatehouse.ResourceServer" Version="*" /></ItemGroup>
        </Project>
        """;

    private const string Web = """
        using System.Net.Http.Headers;
        using Gatehouse.ResourceServer;

        var builder = WebApplication.CreateBuilder();
        builder.Services.AddAuthentication(GatehouseOptions.Scheme).AddGatehouse(options => options.Trust = new TrustRules { Issuer = Environment.GetEnvironmentVariable("ISSUER")!, Audiences = ["crm"] });
        builder.Services.AddAuthorization();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/customers", (HttpContext context) => $"for {context.User.Identity!.Name}").RequireAuthorization(policy => policy.RequireRole("crm/reader"));
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var token = Environment.GetEnvironmentVariable("TOKEN");
        foreach (var shown in (string?[])[token, null, token + "x"])
        {
            http.DefaultRequestHeaders.Authorization = shown is null ? null : new AuthenticationHeaderValue("Bearer", shown);
            using var answer = await http.GetAsync("/customers");
            Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
        """;

    private const string Node = """
        import { TokenTrust } from '@gatehouse/resource-server';
        const trust = new TokenTrust({ issuer: process.env.ISSUER, audiences: ['crm'] });
        for (const token of [process.env.TOKEN, `${process.env.TOKEN}x`]) {
          try { console.log('for', (await trust.judge(token)).name); } catch (wrong) { console.log(wrong.code); }
        }
        """;

    [Fact]
    public async Task A_strangers_projects_judge_tokens_with_nothing_but_the_packages()
    {
        await using var program = await RunningProgram.StartAsync();
        var ready = await Shell.RunAsync(kit.Folder, $$"""
            set -e
            gatehouse clients add crm --service-account --data {{program.Data}} >/dev/null 2>&1
            gatehouse roles add reader --client crm --data {{program.Data}} >/dev/null 2>&1
            gatehouse clients add nightly-report --service-account --role crm/reader --data {{program.Data}} --json 2>/dev/null
            """);
        Assert.True(ready.Code == 0, ready.Output);
        using var made = JsonDocument.Parse(ready.Output);
        using var http = new HttpClient();
        var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "nightly-report"), new("client_secret", made.RootElement.GetProperty("secret").GetString())]);
        using var answered = JsonDocument.Parse(await (await http.PostAsync($"{program.Issuer}/protocol/openid-connect/token", form, TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var surroundings = new Dictionary<string, string> { ["ISSUER"] = program.Issuer, ["TOKEN"] = answered.RootElement.GetProperty("access_token").GetString()! };

        var net = await NetAsync(surroundings);
        Assert.True(net.Code == 0, net.Output);
        Assert.Contains("200 for service-account-nightly-report", net.Output, StringComparison.Ordinal);
        Assert.Equal(2, net.Output.Split('\n').Count(line => line.StartsWith("401 ", StringComparison.Ordinal)));
        Assert.Contains("\"code\":\"token.", net.Output, StringComparison.Ordinal);

        var node = await kit.AsStrangerAsync(Node, surroundings, "typescript");
        Assert.True(node.Code == 0, node.Output);
        Assert.Contains("for service-account-nightly-report", node.Output, StringComparison.Ordinal);
        Assert.Contains("token.", node.Output, StringComparison.Ordinal);
    }

    // A feed of one folder, and a memory of packages of its own: what was installed here once before proves nothing.
    private static async Task<(int Code, string Output)> NetAsync(Dictionary<string, string> surroundings)
    {
        var stranger = Directory.CreateTempSubdirectory("gatehouse-stranger-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(stranger, "stranger.csproj"), Project);
            File.WriteAllText(Path.Combine(stranger, "Program.cs"), Web);
            File.WriteAllText(Path.Combine(stranger, "nuget.config"), """<configuration><packageSources><clear /><add key="feed" value="feed" /></packageSources></configuration>""");
            var built = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
            var packed = await Shell.RunAsync(stranger, $"dotnet pack {Root()}/clients/resource-server/dotnet/Gatehouse.ResourceServer --no-build -c {built} -o feed -v q --nologo");
            if (packed.Code != 0) return packed;
            using (var package = ZipFile.OpenRead(Directory.GetFiles(Path.Combine(stranger, "feed"), "*.nupkg").Single()))
            using (var nuspec = new StreamReader(package.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open()))
                Assert.DoesNotContain("<dependency ", await nuspec.ReadToEndAsync(), StringComparison.Ordinal);
            return await Shell.RunAsync(stranger, "dotnet build -o out -v q --nologo && dotnet out/stranger.dll", new Dictionary<string, string>(surroundings) { ["NUGET_PACKAGES"] = Path.Combine(stranger, "packages"), ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" });
        }
        finally
        {
            Directory.Delete(stranger, recursive: true);
        }
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
