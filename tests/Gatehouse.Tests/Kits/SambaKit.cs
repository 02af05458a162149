using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A real Active Directory domain controller (Samba), its LDAP service alone, on a loopback address of its own in a scratch folder, gone at the end.</summary>
public sealed class SambaKit : IAsyncDisposable
{
    public const string Base = "DC=site,DC=example";
    public const string People = "OU=people," + Base;
    public const string Groups = "OU=groups," + Base;
    public const string Admin = "administrator@site.example";
    public const string AdminPassword = "Secret-of-the-domain-1";

    private readonly string folder;
    private Process? process;

    private SambaKit(string folder, string address) => (this.folder, Address) = (folder, address);

    /// <summary>Its address; the ports are LDAP's own, which Samba does not let one choose.</summary>
    public string Address { get; }

    public string Url => $"ldap://{Address}";

    public string TlsUrl => $"ldaps://{Address}";

    public string CaFile => Path.Combine(folder, "ca.pem");

    private string Config => Path.Combine(folder, "etc", "smb.conf");

    /// <summary>Makes a domain with these entries and starts it.</summary>
    public static async Task<SambaKit> StartAsync(string ldif)
    {
        if (!File.Exists("/usr/sbin/samba") || !Directory.Exists("/usr/share/samba/setup/ad-schema")) Assert.Skip("Samba's domain controller is not installed: apt-get install samba-ad-dc samba-ad-provision");
        if (!Environment.IsPrivilegedProcess) Assert.Skip("Samba's domain controller needs LDAP's own ports and runs as root alone");
        var kit = new SambaKit(Directory.CreateTempSubdirectory("gatehouse-samba-").FullName, FreeAddress());
        try
        {
            await kit.RunAsync("/usr/bin/samba-tool", "domain", "provision", "--targetdir=" + kit.folder, "--realm=SITE.EXAMPLE", "--domain=SITE", "--server-role=dc", "--dns-backend=NONE", "--adminpass=" + AdminPassword, "--host-ip=127.0.0.1", "--host-name=dc1", "--option=vfs objects = dfs_samba4 acl_xattr xattr_tdb", "--option=log file = " + kit.folder + "/log");
            ServerCertificate.Write(kit.folder, kit.Address);
            await File.WriteAllTextAsync(kit.Config, kit.Settings());
            await kit.RunAsync("/usr/bin/samba-tool", "domain", "passwordsettings", "set", "--complexity=on", "--min-pwd-length=10", "--min-pwd-age=0", "--configfile=" + kit.Config);
            await kit.StartAsync();
            await kit.ChangeAsync($"dn: {People}\nchangetype: add\nobjectClass: organizationalUnit\n\ndn: {Groups}\nchangetype: add\nobjectClass: organizationalUnit\n\n" + ldif);
            return kit;
        }
        catch
        {
            await kit.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, again if it was stopped.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("/usr/sbin/samba") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["-i", "-M", "single", "--configfile=" + Config, "--debug-stdout", "-d", "1"]) start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await AnswersAsync())
        {
            if (process.HasExited) throw new InvalidOperationException("samba ended; see its own log");
            await tick.WaitForNextTickAsync(late.Token);
        }
    }

    public async Task KillAsync()
    {
        process!.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>Changes entries (LDIF with changetype) as the administrator.</summary>
    public async Task ChangeAsync(string ldif)
    {
        var (file, secret) = (Path.Combine(folder, "change.ldif"), Path.Combine(folder, "secret"));
        await File.WriteAllTextAsync(file, ldif);
        await File.WriteAllTextAsync(secret, AdminPassword);
        await RunAsync("/usr/bin/ldapmodify", "-x", "-H", TlsUrl, "-D", Admin, "-y", secret, "-f", file);
    }

    /// <summary>A person with a password, enabled; <paramref name="control"/> is the account control (512 normal, 514 disabled).</summary>
    public static string Person(string name, string password, string first, string last, int control = 512, string more = "")
        => $"dn: CN={name},{People}\nchangetype: add\nobjectClass: user\nsAMAccountName: {name}\nuserPrincipalName: {name}@site.example\ngivenName: {first}\nsn: {last}\nmail: {name}@site.example\nunicodePwd:: {Convert.ToBase64String(System.Text.Encoding.Unicode.GetBytes($"\"{password}\""))}\nuserAccountControl: {control}\n{more}\n";

    public static string Group(string name, params string[] members)
        => $"dn: CN={name},{Groups}\nchangetype: add\nobjectClass: group\nsAMAccountName: {name}\n{string.Concat(members.Select(member => $"member: {member}\n"))}\n";

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string Settings() => $"""
        [global]
        netbios name = DC1
        realm = SITE.EXAMPLE
        workgroup = SITE
        server role = active directory domain controller
        server services = ldap
        dcerpc endpoint servers =
        interfaces = {Address}/8
        bind interfaces only = yes
        private dir = {folder}/private
        state directory = {folder}/state
        cache directory = {folder}/cache
        lock directory = {folder}
        binddns dir = {folder}/bind-dns
        pid directory = {folder}
        ncalrpc dir = {folder}/ncalrpc
        ntp signd socket directory = {folder}/ntp
        winbindd socket directory = {folder}/winbindd
        log file = {folder}/log
        panic action =
        tls enabled = yes
        tls certfile = {folder}/server.pem
        tls keyfile = {folder}/server.key
        tls cafile = {folder}/ca.pem

        """;

    private async Task<bool> AnswersAsync()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(Address), 636);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        start.Environment["LDAPTLS_CACERT"] = CaFile;
        using var run = Process.Start(start)!;
        var output = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        if (run.ExitCode != 0) throw new InvalidOperationException($"{command[0]}: {string.Concat(output)}");
    }

    // All of 127/8 is this host: an address that nobody else has serves as a free port.
    private static string FreeAddress()
    {
        while (true)
        {
            var address = new IPAddress([127, (byte)Random.Shared.Next(64, 128), (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(1, 255)]);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, 636));
                return address.ToString();
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
