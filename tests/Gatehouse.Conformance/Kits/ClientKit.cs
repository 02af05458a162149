using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Gatehouse.Conformance.Kits;

/// <summary>clients/bot, built.</summary>
public sealed class BotKit() : ClientKit("clients/bot");

/// <summary>clients/resource-server, built.</summary>
public sealed class ResourceServerKit() : ClientKit("clients/resource-server");

/// <summary>clients/gadget, built.</summary>
public sealed class GadgetKit() : ClientKit("clients/gadget");

/// <summary>A folder of clients built with its own tools from its lock file, in a scratch copy beside the shared vectors: the checkout stays as it is.</summary>
public abstract class ClientKit(string client) : IAsyncLifetime
{
    private static readonly string[] LeftOut = ["node_modules", "dist", "dotnet"];

    /// <summary>What stands for the repository's root.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("gatehouse-bot-").FullName;

    /// <summary>The copy of the client's folder.</summary>
    public string Folder => Path.Combine(Root, client);

    public async ValueTask InitializeAsync()
    {
        foreach (var folder in (string[])[client, "tests/vectors", "docs/guides"]) Copy(Path.Combine(Checkout(), folder), Path.Combine(Root, folder));
        foreach (var arguments in (string[][])[["ci", "--no-audit", "--no-fund"], ["run", "build"]])
        {
            var (code, output) = await RunAsync("npm", arguments);
            if (code != 0) throw new InvalidOperationException($"npm {string.Join(' ', arguments)}: {code}\n{output}");
        }
    }

    /// <summary>Runs a command in the copy.</summary>
    public async Task<(int Code, string Output)> RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = Folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return (process.ExitCode, await output + await error);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => !file.EndsWith(".tsbuildinfo", StringComparison.Ordinal))) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from).Where(folder => !LeftOut.Contains(Path.GetFileName(folder)))) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    private static string Checkout([CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));
}
