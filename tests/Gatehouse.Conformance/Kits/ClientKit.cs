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

    /// <summary>As below, in surroundings as they are.</summary>
    public Task<(int Code, string Output)> AsStrangerAsync(string script, params string[] packages) => AsStrangerAsync(script, new Dictionary<string, string>(), packages);

    /// <summary>Packs packages of the copy, installs nothing but their files in a folder of a stranger's, without a registry, and runs a script there.</summary>
    public async Task<(int Code, string Output)> AsStrangerAsync(string script, IReadOnlyDictionary<string, string> surroundings, params string[] packages)
    {
        var stranger = Directory.CreateTempSubdirectory("gatehouse-stranger-").FullName;
        try
        {
            foreach (var package in packages)
            {
                // As who has just cloned the repository: what is packed is built for it.
                if (Directory.Exists(Path.Combine(Folder, package, "dist"))) Directory.Delete(Path.Combine(Folder, package, "dist"), recursive: true);
                foreach (var built in Directory.GetFiles(Path.Combine(Folder, package), "*.tsbuildinfo")) File.Delete(built);
                var (code, output) = await RunAtAsync(Path.Combine(Folder, package), [], "npm", "pack", "--pack-destination", stranger);
                if (code != 0) return (code, output);
            }

            File.WriteAllText(Path.Combine(stranger, "package.json"), """{ "name": "stranger", "private": true, "type": "module" }""");
            File.WriteAllText(Path.Combine(stranger, "own.mjs"), script);
            var installed = await RunAtAsync(stranger, [], "npm", ["install", "--offline", "--no-audit", "--no-fund", .. Directory.GetFiles(stranger, "*.tgz")]);
            return installed.Code != 0 ? installed : await RunAtAsync(stranger, surroundings, "node", "own.mjs");
        }
        finally
        {
            Directory.Delete(stranger, recursive: true);
        }
    }

    /// <summary>Runs a command in the copy.</summary>
    public Task<(int Code, string Output)> RunAsync(string command, params string[] arguments) => RunAtAsync(Folder, [], command, arguments);

    private static async Task<(int Code, string Output)> RunAtAsync(string folder, IEnumerable<KeyValuePair<string, string>> surroundings, string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in surroundings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
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
