using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Guides;

/// <summary>docs/guides/behind-a-proxy.md as it stands: its settings, its commands, its nginx, and whether the lists of headers in it are those that the program names.</summary>
public sealed class ProxyGuideTests
{
    private static readonly string Guide = Path.Combine(Root(), "docs/guides/behind-a-proxy.md");

    [Fact]
    public async Task The_import_leads_to_an_access_file_that_loads()
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-proxy-guide-").FullName;
        foreach (var file in (string[])["apisix.yaml", "services.yaml"]) File.Copy(Path.Combine(Root(), "examples/expertflow/apisix", file), Path.Combine(folder, file));
        var commands = Shell.Commands(Guide).ToList();
        Assert.Equal(["gatehouse import", "gatehouse check", "gatehouse explain"], commands.Select(line => string.Join(' ', line.Split(' ').Take(2))));
        foreach (var (command, code, output) in new[] { (commands[0], 0, "Next: gatehouse check access.yaml"), (commands[1], 0, "It loads"), (commands[2], 1, "refused with 401 credential.missing") })
        {
            var ran = await Shell.RunAsync(folder, command);
            Assert.True(ran.Code == code, $"{command}: {ran.Code}\n{ran.Output}");
            Assert.Contains(output, ran.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("made-up-secret", ran.Output, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_listed_proxy_is_answered_and_every_header_of_the_answer_is_handled_by_the_files_of_the_guide()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var upstream = await RecordingUpstream.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gatehouse-proxy-guide-").FullName;
        var text = await File.ReadAllTextAsync(Guide, stop);
        var settings = Regex.Match(text, "(?m)^    (\\{ \"protocols\".*\\})$").Groups[1].Value.Replace("10.0.0.0/8", "127.0.0.0/8", StringComparison.Ordinal);
        Assert.NotEmpty(settings);
        await File.WriteAllTextAsync(Path.Combine(folder, "gatehouse.json"), settings, stop);
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, $"realm: contact-centre\nservices:\n  ccm: {{ upstreams: [\"{upstream.Url}\"], identity: [jwt, userinfo], rules: [{{ allow: {{}} }}] }}\npublic:\n  - {{ reason: a test, lines: \"GET /ccm/open\" }}\n", stop);
        await using var program = await RunningProgram.StartWithAsync(access, folder);

        var curl = Regex.Match(text, @"(?s)    (curl -i .*?)\n\n").Groups[1].Value.Replace("127.0.0.1:8080", program.Url.Authority, StringComparison.Ordinal);
        var asked = await Shell.RunAsync(folder, curl);
        Assert.Contains("HTTP/1.1 401", asked.Output, StringComparison.Ordinal);
        Assert.Contains("Gatehouse-Code: credential.missing", asked.Output, StringComparison.Ordinal);

        // nginx as the guide has it.
        var server = Regex.Match(text, @"(?s)    server \{\n(.*?)\n    \}").Groups[1].Value;
        await using var nginx = await NginxKit.StartAsync(program.Url, $"upstream ccm {{ server {new Uri(upstream.Url).Authority}; }}", server);
        using var http = new HttpClient { BaseAddress = nginx.Url };
        Assert.Equal("from the upstream", await http.GetStringAsync("/ccm/open", stop));
        using (var refused = await http.GetAsync("/ccm/closed", stop)) Assert.Equal(401, (int)refused.StatusCode);

        // A name that the program clears is cleared by nginx' file and by Traefik's expression, whenever one is added.
        using var question = new HttpRequestMessage(HttpMethod.Get, new Uri(program.Url, "/forward-auth/traefik"));
        foreach (var (name, value) in new[] { ("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/ccm/open"), ("X-Forwarded-For", "203.0.113.7") }) question.Headers.Add(name, value);
        using var yes = await http.SendAsync(question, stop);
        var location = await File.ReadAllTextAsync(Path.Combine(Root(), "examples/nginx/location.conf"), stop);
        var traefik = new Regex(Regex.Match(text, "authResponseHeadersRegex: \"(.*)\"").Groups[1].Value, RegexOptions.IgnoreCase);
        // Where another path or host stands, which the proxy's own configuration is about.
        string[] proxys = ["X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-By", "X-Client-IP", "True-Client-IP", "X-Host"];
        var names = yes.Headers.GetValues("Gatehouse-Clear").Single().Split(", ").Append("X-Userinfo").ToList();
        Assert.InRange(names.Count, 30, 200);
        foreach (var name in names)
        {
            Assert.True(location.Contains($"proxy_set_header {name} ", StringComparison.OrdinalIgnoreCase), $"examples/nginx/location.conf does not clear {name}");
            Assert.True(proxys.Contains(name, StringComparer.OrdinalIgnoreCase) || traefik.IsMatch(name), $"the guide's expression for Traefik does not clear {name}");
        }
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
