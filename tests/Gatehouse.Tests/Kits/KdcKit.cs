using System.Diagnostics;
using System.Text;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A real MIT Kerberos realm, SITE.EXAMPLE, on a loopback port in a scratch folder: the people mina and otto, services with keytabs, and curl that shows tickets.</summary>
public sealed class KdcKit : IAsyncDisposable
{
    public const string Realm = "SITE.EXAMPLE";
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-kdc-").FullName;
    private readonly StringBuilder said = new();
    private readonly int port;
    private Process? process;

    private KdcKit(int port) => this.port = port;

    public string Keytab => In("http.keytab");

    public string Folder => folder;

    public static async Task<KdcKit> StartAsync(string service = "HTTP/localhost")
    {
        if (!File.Exists("/usr/sbin/krb5kdc")) Assert.Skip("MIT Kerberos is not installed: apt-get install krb5-kdc krb5-admin-server krb5-user");
        var kit = new KdcKit(Loopback.FreePort());
        await File.WriteAllTextAsync(kit.In("krb5.conf"), $$"""
            [libdefaults]
              default_realm = {{Realm}}
              dns_lookup_kdc = false
              dns_lookup_realm = false
              dns_canonicalize_hostname = false
              rdns = false
              udp_preference_limit = 1
            [realms]
              {{Realm}} = {
                kdc = 127.0.0.1:{{kit.port}}
              }
            [domain_realm]
              localhost = {{Realm}}

            """);
        await File.WriteAllTextAsync(kit.In("kdc.conf"), $$"""
            [kdcdefaults]
              kdc_listen = ""
              kdc_tcp_listen = 127.0.0.1:{{kit.port}}
            [realms]
              {{Realm}} = {
                database_name = {{kit.In("principal")}}
                key_stash_file = {{kit.In("stash")}}
                acl_file = {{kit.In("acl")}}
                kdc_listen = ""
                kdc_tcp_listen = 127.0.0.1:{{kit.port}}
                supported_enctypes = aes256-cts:normal aes128-cts:normal
              }

            """);
        await kit.RunAsync("/usr/sbin/kdb5_util", "create", "-s", "-r", Realm, "-P", "master-of-this-test");
        await kit.AdminAsync("addprinc -pw minas-password mina");
        await kit.AdminAsync("addprinc -pw ottos-password otto");
        await kit.ServiceAsync(service, kit.Keytab);
        await kit.ServeAsync();
        return kit;
    }

    public Task AdminAsync(string command) => RunAsync("/usr/sbin/kadmin.local", "-r", Realm, "-q", command);

    /// <summary>Makes a service, or a new key of it, and writes it to a keytab.</summary>
    public async Task ServiceAsync(string name, string keytab, bool again = false)
    {
        if (!again) await AdminAsync($"addprinc -randkey {name}");
        await AdminAsync($"ktadd -k {keytab} {name}");
    }

    public async Task ServeAsync()
    {
        process = Start("/usr/sbin/krb5kdc", "-n", "-r", Realm);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Loopback.ListensAsync(port, TimeSpan.FromSeconds(20));
    }

    public void Kill()
    {
        if (process is not { HasExited: false }) return;
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>A ticket-granting ticket for a person; false when the KDC does not give one.</summary>
    public async Task<bool> SignInAsync(string name, string password)
    {
        using var kinit = Start("/usr/bin/kinit", name);
        try
        {
            await kinit.StandardInput.WriteLineAsync(password);
            kinit.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not wait for the password: there is no KDC.
        }

        await kinit.WaitForExitAsync();
        return kinit.ExitCode == 0;
    }

    /// <summary>curl with the person's tickets; its whole output, headers first.</summary>
    public Task<string> CurlAsync(params string[] words) => CurlAsync("", words);

    /// <summary>The same on a computer whose clock is wrong, by so much (+20m).</summary>
    public Task<string> CurlAtAsync(string shift, params string[] words)
    {
        if (!File.Exists("/usr/bin/faketime")) Assert.Skip("faketime is not installed: apt-get install faketime");
        return CurlAsync(shift, words);
    }

    private async Task<string> CurlAsync(string shift, string[] words)
    {
        string[] all = ["/usr/bin/curl", "-sS", "-v", "--negotiate", "-u", ":", "-b", In("jar"), "-c", In("jar"), .. words];
        using var curl = shift.Length > 0 ? Start("/usr/bin/faketime", ["-f", shift, .. all]) : Start(all[0], all[1..]);
        curl.StandardInput.Close();
        var told = await Task.WhenAll(curl.StandardOutput.ReadToEndAsync(), curl.StandardError.ReadToEndAsync());
        await curl.WaitForExitAsync();
        return string.Join('\n', told.Reverse());
    }

    /// <summary>What a client needs in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["KRB5_CONFIG"] = In("krb5.conf"), ["KRB5CCNAME"] = "FILE:" + In("ccache"), ["KRB5_KDC_PROFILE"] = In("kdc.conf"), ["KRB5_TRACE"] = "/dev/null" };

    public void ForgetCookies() => File.Delete(In("jar"));

    public ValueTask DisposeAsync()
    {
        Kill();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    public string In(string path) => Path.Combine(folder, path);

    private void Keep(string? line)
    {
        lock (said) said.AppendLine(line);
    }

    private Process Start(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = folder };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private async Task RunAsync(string program, params string[] words)
    {
        using var run = Start(program, words);
        run.StandardInput.Close();
        var all = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', words)}: {string.Join('\n', all)}");
    }
}
