using System.Diagnostics;
using Gatehouse.Conformance.Kits;
using Xunit;

namespace Gatehouse.Conformance.Admin;

public sealed class AdminClientTests
{
    [Fact]
    public async Task Npm_keycloak_admin_client_administers_a_realm_unchanged()
    {
        await using var program = await RunningProgram.StartAsync();
        var secret = await CommandAsync("clients", "add", "boss", "--service-account", "--role", "realm-management/realm-admin", "--data", program.Data);

        var (code, output) = await Npm.RunAsync("admin-client", "walk.mjs", program.Url.GetLeftPart(UriPartial.Authority), "contact-centre", "boss", secret);

        Assert.True(code == 0, $"{output}\n{program.Output}");
        foreach (var step in (string[])["auth", "realm", "users", "groups", "roles", "clients", "rights", "sessions, keys and events", "deletion"]) Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
    }

    // The command line works beside the running server, on the same data.
    private static async Task<string> CommandAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "gatehouse"), arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, await error);
        return (await output).Trim();
    }
}
