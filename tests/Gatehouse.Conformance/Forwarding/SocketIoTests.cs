using System.Diagnostics;
using Gatehouse.Tests.Forwarding;
using Xunit;

namespace Gatehouse.Conformance.Forwarding;

/// <summary>A real socket.io server and client from npm, with the forwarder between them.</summary>
public sealed class SocketIoTests : IAsyncLifetime
{
    private string _folder = "";

    public async ValueTask InitializeAsync()
    {
        _folder = Directory.CreateTempSubdirectory("gatehouse-socket-io-").FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "npm", "socket-io"))) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        using var npm = Start("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        var said = await npm.StandardOutput.ReadToEndAsync();
        await npm.WaitForExitAsync();
        Assert.True(npm.ExitCode == 0, said);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = _folder, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
    })!;

    [Fact]
    public async Task Socket_io_works_by_polling_by_websocket_and_changing_over()
    {
        var stop = TestContext.Current.CancellationToken;
        using var server = Start("node", "server.mjs");
        try
        {
            var port = await server.StandardOutput.ReadLineAsync(stop);
            await using var rig = await Rig.StartAsync([new Uri($"http://127.0.0.1:{port}")]);
            foreach (var (transports, end) in new[] { ("polling", "polling"), ("websocket", "websocket"), ("polling,websocket", "websocket") })
            {
                using var client = Start("node", "client.mjs", rig.Address.ToString(), transports);
                Assert.Equal($"ok {end}", (await client.StandardOutput.ReadToEndAsync(stop)).Trim());
                await client.WaitForExitAsync(stop);
            }
        }
        finally
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }
}
