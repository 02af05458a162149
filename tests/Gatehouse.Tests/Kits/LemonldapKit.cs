using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A real LemonLDAP::NG portal (Debian's package) on loopback, in a scratch folder: CAS server with its demonstration people, among them dwho, whose password is dwho.</summary>
public sealed class LemonldapKit : IAsyncDisposable
{
    private const string Portal = "/usr/share/lemonldap-ng/portal/htdocs/index.psgi";
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-llng-").FullName;
    private readonly StringBuilder said = new();
    private Process? process;

    private LemonldapKit(int port) => Port = port;

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public string Cas => $"{Url}/cas";

    public string Output
    {
        get
        {
            lock (said) return said.ToString();
        }
    }

    public static async Task<LemonldapKit> StartAsync()
    {
        if (!File.Exists(Portal) || !File.Exists("/usr/bin/plackup")) Assert.Skip("LemonLDAP::NG is not installed: apt-get install liblemonldap-ng-portal-perl libplack-perl libio-string-perl libxml-simple-perl");
        var kit = new LemonldapKit(Loopback.FreePort());
        foreach (var name in (string[])["conf", "sessions/lock", "psessions/lock", "cache"]) Directory.CreateDirectory(Path.Combine(kit.folder, name));
        await File.WriteAllTextAsync(Path.Combine(kit.folder, "llng.ini"), $"""
            [all]
            logLevel = info
            [configuration]
            type=File
            dirName = {kit.folder}/conf
            [portal]
            staticPrefix = /static
            templateDir = /usr/share/lemonldap-ng/portal/templates
            languages = en

            """);
        await File.WriteAllTextAsync(Path.Combine(kit.folder, "conf/lmConf-1.json"), JsonSerializer.Serialize(kit.Config()));
        await kit.ServeAsync();
        return kit;
    }

    /// <summary>Ends it at once, as a crash does.</summary>
    public void Kill()
    {
        if (process is not { HasExited: false }) return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    public async Task ServeAsync()
    {
        var start = new ProcessStartInfo("/usr/bin/plackup") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = folder };
        foreach (var word in (string[])["-E", "deployment", "--host", "127.0.0.1", "--port", Port.ToString(), Portal]) start.ArgumentList.Add(word);
        start.Environment["LLNG_DEFAULTCONFFILE"] = Path.Combine(folder, "llng.ini");
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(Cas + "/login", late.Token);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, late.Token);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Keep(string? line)
    {
        lock (said) said.AppendLine(line);
    }

    private Dictionary<string, object> Config()
    {
        Dictionary<string, string> Sessions(string name) => new() { ["Directory"] = $"{folder}/{name}", ["LockDirectory"] = $"{folder}/{name}/lock", ["generateModule"] = "Lemonldap::NG::Common::Apache::Session::Generate::SHA256" };
        return new Dictionary<string, object>
        {
            ["cfgNum"] = 1, ["cfgVersion"] = "2.16.1", ["cfgAuthor"] = "test", ["cfgDate"] = 1, ["authentication"] = "Demo", ["userDB"] = "Same", ["passwordDB"] = "Demo", ["registerDB"] = "Null", ["domain"] = "127.0.0.1", ["portal"] = Url + "/", ["cookieName"] = "llng",
            ["securedCookie"] = 0, ["timeout"] = 7200, ["key"] = "a-key-of-this-test-only-32-chars", ["globalStorage"] = "Apache::Session::File", ["globalStorageOptions"] = Sessions("sessions"), ["persistentStorage"] = "Apache::Session::File", ["persistentStorageOptions"] = Sessions("psessions"),
            ["localSessionStorage"] = "Cache::FileCache", ["localSessionStorageOptions"] = new Dictionary<string, object> { ["cache_root"] = $"{folder}/cache", ["namespace"] = "s", ["default_expires_in"] = 600, ["directory_umask"] = "007", ["cache_depth"] = 3 },
            ["demoExportedVars"] = new Dictionary<string, string> { ["cn"] = "cn", ["mail"] = "mail", ["uid"] = "uid" }, ["locationRules"] = new Dictionary<string, object> { ["127.0.0.1"] = new Dictionary<string, string> { ["default"] = "accept" } },
            ["groups"] = new Dictionary<string, string> { ["agents"] = "$uid eq 'dwho'" }, ["whatToTrace"] = "uid", ["issuerDBCASActivation"] = 1, ["issuerDBCASPath"] = "^/cas/", ["issuerDBCASRule"] = 1, ["casAccessControlPolicy"] = "none", ["casAttr"] = "uid",
            ["casAttributes"] = new Dictionary<string, string> { ["cn"] = "cn", ["mail"] = "mail", ["uid"] = "uid", ["groups"] = "groups" }, ["requireToken"] = 0, ["portalSkin"] = "bootstrap", ["loginHistoryEnabled"] = 0, ["notification"] = 0,

            // Its own captcha wants an image library; any other module of its own satisfies the loader.
            ["captcha"] = "::Plugins::Status",
        };
    }
}
