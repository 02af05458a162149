using System.Diagnostics;
using Gatehouse.House.Commands;

namespace Gatehouse.Tests.House.Commands;

/// <summary>Runs the built executable as a process, as an operator does.</summary>
internal static class Program
{
    public sealed record Ended(int Code, string Output, string Error);

    public static Task<Ended> RunAsync(params string[] args) => RunAsync("", args);

    /// <summary>The same command line in this process: quicker, for the many steps of a walk.</summary>
    public static async Task<Ended> HereAsync(string input, params string[] args)
    {
        using var read = new StringReader(input);
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, new Terminal(read, output, error, Interactive: false));
        return new Ended(code, output.ToString(), error.ToString());
    }

    public static async Task<Ended> RunAsync(string input, string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "gatehouse.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }
}
