using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A real OpenLDAP server on loopback ports in a scratch folder, gone at the end. It tells its operations, so that a test can count them.</summary>
public sealed class SlapdKit : IAsyncDisposable
{
    public const string Base = "dc=site,dc=example";
    public const string Admin = "cn=admin," + Base;
    public const string AdminPassword = "secret-of-the-directory";

    private readonly string folder;
    private readonly List<string> told = [];
    private Process? process;
    private int markers;

    private SlapdKit(string folder, int port, int tlsPort) => (this.folder, Port, TlsPort) = (folder, port, tlsPort);

    public int Port { get; }

    public int TlsPort { get; }

    public string Url => $"ldap://127.0.0.1:{Port}";

    public string TlsUrl => $"ldaps://localhost:{TlsPort}";

    /// <summary>PEM file of the authority that signed the server's certificate, which names localhost alone.</summary>
    public string CaFile => Path.Combine(folder, "ca.pem");

    /// <summary>Starts a server with these entries (LDIF below <see cref="Base"/>).</summary>
    public static async Task<SlapdKit> StartAsync(string ldif, string more = "")
    {
        if (!File.Exists("/usr/sbin/slapd")) Assert.Skip("slapd is not installed: apt-get install slapd");
        var kit = new SlapdKit(Directory.CreateTempSubdirectory("gatehouse-slapd-").FullName, Loopback.FreePort(), Loopback.FreePort());
        Directory.CreateDirectory(Path.Combine(kit.folder, "db"));
        ServerCertificate.Write(kit.folder, "localhost");
        await File.WriteAllTextAsync(kit.Config, $"""
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            moduleload memberof
            pidfile {kit.folder}/pid
            TLSCertificateFile {kit.folder}/server.pem
            TLSCertificateKeyFile {kit.folder}/server.key
            loglevel stats
            sizelimit unlimited
            database mdb
            maxsize 1073741824
            suffix "{Base}"
            rootdn "{Admin}"
            rootpw {AdminPassword}
            directory {kit.folder}/db
            dbnosync
            index objectClass,uid,entryUUID,member,memberOf,modifyTimestamp eq
            overlay memberof
            memberof-group-oc groupOfNames
            access to attrs=userPassword by self write by anonymous auth by * none
            access to * by dn.exact="{Admin}" write by users read by anonymous read
            {more}

            """);
        await File.WriteAllTextAsync(Path.Combine(kit.folder, "data.ldif"), $"dn: {Base}\nobjectClass: dcObject\nobjectClass: organization\no: Site\ndc: site\n\n{ldif}\n");
        await kit.RunAsync("/usr/sbin/slapadd", "-q", "-f", kit.Config, "-l", Path.Combine(kit.folder, "data.ldif"));
        await kit.StartAsync();
        return kit;
    }

    private string Config => Path.Combine(folder, "slapd.conf");

    /// <summary>Starts it, again if it was stopped.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("/usr/sbin/slapd") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-f", Config, "-h", $"ldap://127.0.0.1:{Port} ldaps://127.0.0.1:{TlsPort}", "-d", "stats"]) start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (told) told.Add(line.Data);
            if (line.Data.Contains("slapd starting", StringComparison.Ordinal)) ready.TrySetResult();
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _ = process.WaitForExitAsync().ContinueWith(_ => ready.TrySetException(new InvalidOperationException("slapd ended: " + string.Join('\n', Told()))), TaskScheduler.Default);
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(20));
        // It says so a moment before it listens.
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!Listens(Port) || !Listens(TlsPort)) await tick.WaitForNextTickAsync(late.Token);
    }

    private static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Stops it in the middle of whatever it does: it takes connections and answers nothing until it is killed.</summary>
    public async Task FreezeAsync()
    {
        await RunAsync("/bin/kill", "-STOP", process!.Id.ToString());
        // The signal is taken by one thread, in its turn; until then the others go on answering.
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!Directory.GetDirectories($"/proc/{process.Id}/task").All(IsStopped)) await tick.WaitForNextTickAsync(late.Token);
    }

    private static bool IsStopped(string thread)
    {
        var state = File.ReadAllText(Path.Combine(thread, "stat"));
        return state[state.LastIndexOf(')') + 2] is 'T';
    }

    /// <summary>Kills it.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Changes entries (LDIF with changetype) as the administrator.</summary>
    public async Task ChangeAsync(string ldif)
    {
        var file = Path.Combine(folder, "change.ldif");
        await File.WriteAllTextAsync(file, ldif);
        await RunAsync("/usr/bin/ldapmodify", "-x", "-H", Url, "-D", Admin, "-w", AdminPassword, "-f", file);
    }

    /// <summary>What it told so far.</summary>
    public IReadOnlyList<string> Told()
    {
        lock (told) return [.. told];
    }

    /// <summary>How many searches and binds it has seen. It tells of them late, so a search of our own goes last, and is waited for and left out.</summary>
    public async Task<(int Searches, int Binds)> CountAsync()
    {
        markers++;
        var marker = $"marker-{Guid.NewGuid():n}";
        await RunAsync("/usr/bin/ldapsearch", "-x", "-H", Url, "-b", Base, "-s", "base", $"(cn={marker})");
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!Told().Any(line => line.Contains(marker, StringComparison.Ordinal))) await tick.WaitForNextTickAsync(late.Token);
        return (Count("SRCH") - markers, Count("BIND") - markers);
    }

    private int Count(string operation) => Told().Count(line => line.Contains($" {operation} ", StringComparison.Ordinal) && (line.Contains("base=", StringComparison.Ordinal) || line.Contains("method=", StringComparison.Ordinal)));

    /// <summary>A person's entry.</summary>
    public static string Person(string uid, string password, string first, string last, string more = "") => $"""
        dn: uid={uid},ou=people,{Base}
        objectClass: inetOrgPerson
        uid: {uid}
        cn: {first} {last}
        givenName: {first}
        sn: {last}
        mail: {uid}@site.example
        userPassword: {password}
        {more}

        """.Replace("\n\n\n", "\n\n", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        using var run = Process.Start(start)!;
        var output = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        if (run.ExitCode != 0) throw new InvalidOperationException($"{command[0]}: {string.Concat(output)}");
    }
}
