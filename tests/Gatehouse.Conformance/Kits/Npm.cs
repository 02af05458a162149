using System.Diagnostics;

namespace Gatehouse.Conformance.Kits;

/// <summary>Runs a script with real npm packages, installed from its lock file into a scratch folder.</summary>
public static class Npm
{
    /// <summary>Installs <paramref name="folder"/> (below npm/) and runs its script; returns exit code and output.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string folder, string script, params string[] arguments)
    {
        var scratch = Directory.CreateTempSubdirectory("gatehouse-npm-").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "npm", folder))) File.Copy(file, Path.Combine(scratch, Path.GetFileName(file)));
            var (code, output) = await CallAsync(scratch, "npm", "ci", "--no-audit", "--no-fund");
            return code != 0 ? (code, output) : await CallAsync(scratch, "node", [script, .. arguments]);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static async Task<(int Code, string Output)> CallAsync(string folder, string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return (process.ExitCode, await output + await error);
    }
}
