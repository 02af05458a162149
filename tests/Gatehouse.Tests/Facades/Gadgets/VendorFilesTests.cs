using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>The files that gadgets take from the desktop's own host: the operator's, by exact names, and nothing else of the machine.</summary>
public sealed class VendorFilesTests : IAsyncLifetime
{
    private const string Spec = """
        <Module><ModulePrefs title="Old"/><UserPref name="host"/><Content type="html"><![CDATA[
        <script src="/desktop/assets/js/finesse.js"></script><script src='/desktop/assets/js/missing.js'></script><link href="/desktop/thirdparty/boot/3.2.0/boot.css"><script src="own.js"></script><script src="__UP_scheme__://__UP_host__/x.js?__UP_authToken__"></script>
        ]]></Content></Module>
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-vendor-").FullName;
    private Thirds third = null!;
    private Desk desk = null!;
    private Agents agents = null!;

    public async ValueTask InitializeAsync()
    {
        third = await Thirds.StartAsync();
        third.Put("/old.xml", Spec, "text/xml");
        foreach (var file in (string[])["assets/js/finesse.js", "assets/js/page.html", "assets/js/notes.txt", "assets/img/a.svg", "thirdparty/boot/3.2.0/boot.css", "sso/token.js", "js/.hidden.js"])
        {
            var path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, $"/* {file} */");
        }

        await File.WriteAllTextAsync(folder + ".secret.js", "secret");
        File.CreateSymbolicLink(Path.Combine(folder, "assets/js/linked.js"), folder + ".secret.js");
        desk = await Desk.OpenAsync(with: options =>
        {
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""
                { "facades": { "gadgets": { "realm": "{{Desk.Realm}}", "client": "desktop", "assets": "{{folder}}", "list": [ { "id": "old", "spec": "{{third.Url}}/old.xml", "audiences": ["crm"] } ] } } }
                """);
            return options;
        });
        agents = await new Agents(desk).AddClientAsync("crm");
    }

    public async ValueTask DisposeAsync()
    {
        await desk.DisposeAsync();
        await third.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        File.Delete(folder + ".secret.js");
    }

    [Fact]
    public async Task What_is_in_the_folder_answers_where_the_vendors_would()
    {
        foreach (var (path, type) in ((string, string)[])[
            ("/desktop/assets/js/finesse.js", "text/javascript; charset=utf-8"),
            ("/desktop/assets/js/finesse.js?v=1", "text/javascript; charset=utf-8"),
            ("/desktop/thirdparty/boot/3.2.0/boot.css", "text/css; charset=utf-8"),
            ("/desktop/assets/img/a.svg", "image/svg+xml"),
        ])
        {
            using var answer = await desk.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            Assert.Equal(["cross-origin"], answer.Headers.GetValues("Cross-Origin-Resource-Policy"));
            // Opened as a page, nothing in it runs in our origin.
            Assert.Equal(["default-src 'none'; sandbox"], answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("/* ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nothing_else_does()
    {
        foreach (var path in (string[])[
            "/desktop/assets/js/page.html",
            "/desktop/assets/js/notes.txt",
            "/desktop/assets/js/linked.js",
            "/desktop/js/.hidden.js",
            "/desktop/sso/token.js",
            "/desktop/assets/js/FINESSE.js",
            "/desktop/assets/js",
            "/desktop/assets/",
            "/desktop/assets/../../gatehouse.json",
            "/desktop/assets/%2e%2e/%2e%2e/gatehouse.json",
            "/desktop/assets/..%2f..%2fgatehouse.json",
            "/desktop/assets/js/..%5c..%5c..%5cgatehouse.json",
            "/desktop/assets//etc/passwd",
            "/desktop/assets/js/finesse.js%00.css",
        ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(desk.Url.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
            using var answer = await desk.Http.SendAsync(request);
            Assert.True((int)answer.StatusCode is >= 400 and <= 404, path);
            Assert.DoesNotContain("/*", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_folder_that_is_none_is_told_at_the_start()
        => Assert.Contains("facades:gadgets:assets", new Gatehouse.Facades.Gadgets.GadgetsSettings { Realm = "a", Assets = folder + "-not-there" }.Fault(), StringComparison.Ordinal);

    [Fact]
    public async Task A_host_relative_address_leads_to_the_file_and_every_other_one_stays_the_gadgets()
    {
        var (_, full) = await agents.SignInAsync();
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens");
        asked.Headers.TryAddWithoutValidation("Authorization", "Bearer " + full);
        using var told = await desk.Http.SendAsync(asked);
        var one = System.Text.Json.JsonDocument.Parse(await told.Content.ReadAsStringAsync()).RootElement.GetProperty("gadgets")[0];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/ifr?url=x&mid=old")
        {
            Content = new FormUrlEncodedContent([new("st", one.GetProperty("st").GetString()), new("token", one.GetProperty("token").GetString()), new("config", """{"host":"desk.example","scheme":"https","authToken":"x"}""")]),
        };
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        using var answer = await desk.Http.SendAsync(request);
        var (html, own) = (await answer.Content.ReadAsStringAsync(), desk.Url.GetLeftPart(UriPartial.Authority));
        Assert.Contains($"<script src=\"{own}/desktop/assets/js/finesse.js\">", html, StringComparison.Ordinal);
        Assert.Contains($"href=\"{own}/desktop/thirdparty/boot/3.2.0/boot.css\"", html, StringComparison.Ordinal);
        Assert.Contains("<script src='/desktop/assets/js/missing.js'>", html, StringComparison.Ordinal);
        Assert.Contains("<script src=\"own.js\">", html, StringComparison.Ordinal);
        Assert.Contains("src=\"https://desk.example/x.js?\"", html, StringComparison.Ordinal);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        foreach (var source in (string[])["script-src", "style-src", "img-src", "font-src"]) Assert.Contains(own + "/desktop/", policy.Split(source)[1].Split(';')[0], StringComparison.Ordinal);
    }
}
