using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Kits;

/// <summary>A real nginx that asks Gatehouse by the files of examples/nginx, as they stand there but for the address.</summary>
internal sealed class NginxKit : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly string folder;

    private NginxKit(Process process, string folder, int port) => (this.process, this.folder, Url) = (process, folder, new Uri($"http://127.0.0.1:{port}"));

    public Uri Url { get; }

    /// <summary>Starts it; <paramref name="servers"/> is the body of the one server block. <c>{file}</c> paths of examples/nginx are found under its folder.</summary>
    public static async Task<NginxKit> StartAsync(Uri gatehouse, string upstreams, string server)
    {
        var folder = Directory.CreateTempSubdirectory("gatehouse-nginx-").FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root(), "examples/nginx"), "*.conf"))
            await File.WriteAllTextAsync(Path.Combine(folder, Path.GetFileName(file)), (await File.ReadAllTextAsync(file)).Replace("127.0.0.1:8080", gatehouse.Authority, StringComparison.Ordinal));
        var port = Loopback.FreePort();
        var temporary = string.Join(' ', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind};"));
        var conf = Path.Combine(folder, "nginx.main");
        await File.WriteAllTextAsync(conf, $"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {temporary}\ninclude http.conf;\n{upstreams}\nserver {{ listen 127.0.0.1:{port}; underscores_in_headers on;\n{server}\n}} }}\n");
        var nginx = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-c", conf, "-p", folder]) { UseShellExecute = false })!;
        using var late = new CancellationTokenSource(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            Assert.False(nginx.HasExited, "nginx ended.");
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(IPAddress.Loopback, port, late.Token);
                return new NginxKit(nginx, folder, port);
            }
            catch (SocketException)
            {
                await tick.WaitForNextTickAsync(late.Token);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Root([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
