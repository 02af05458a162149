using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Gatehouse.Conformance.Guides;

/// <summary>A guide's commands, and a shell that runs them with the built program first on its path.</summary>
internal static partial class Shell
{
    /// <summary>Every line of a document that is a command of ours, continued lines joined, remarks left out.</summary>
    public static IEnumerable<string> Commands(string file)
        => Continued().Replace(File.ReadAllText(file), " ").Split('\n').Where(line => line.StartsWith("    gatehouse ", StringComparison.Ordinal)).Select(line => Remark().Replace(line.Trim(), ""));

    public static async Task<(int Code, string Output)> RunAsync(string folder, string script, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("bash") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        await process.WaitForExitAsync(late.Token);
        return (process.ExitCode, string.Concat(output));
    }

    [GeneratedRegex(@"\\\n\s+")]
    private static partial Regex Continued();

    [GeneratedRegex(@"\s+#.*$")]
    private static partial Regex Remark();
}
