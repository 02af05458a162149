using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Conformance.Kits;

/// <summary>The built program as a process of its own, over scratch data on a free port, with its demo.</summary>
public sealed partial class RunningProgram : IAsyncDisposable
{
    public const string Password = "conformance-password-1";
    public const string ClientSecret = "conformance-secret-of-crm-sync";

    private readonly Process process;
    private readonly StringBuilder output;

    private RunningProgram(Process process, StringBuilder output, Uri url, string data) => (this.process, this.output, Url, Data) = (process, output, url, data);

    public Uri Url { get; }

    public string Data { get; }

    public string Issuer => new Uri(Url, "/realms/contact-centre").ToString();

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    public Process Process => process;

    /// <summary>Starts it; <paramref name="data"/> continues an earlier one's folder.</summary>
    public static Task<RunningProgram> StartAsync(string? data = null, int port = 0) => StartAsync(Path.Combine(AppContext.BaseDirectory, "gatehouse"), ["serve", "--demo"], data, port);

    /// <summary>Starts it with its demo, and settings by environment.</summary>
    public static Task<RunningProgram> StartDemoAsync(params (string Name, string Value)[] environment) => StartAsync(Path.Combine(AppContext.BaseDirectory, "gatehouse"), ["serve", "--demo"], null, 0, environment);

    /// <summary>Starts it with an access file of the test's.</summary>
    public static Task<RunningProgram> StartWithAsync(string access, string data) => StartAsync(Path.Combine(AppContext.BaseDirectory, "gatehouse"), ["serve", "--demo", "--access", access], data, 0);

    /// <summary>Starts it as a site does: without the demo, over data that is there; several over one PostgreSQL database are nodes of one installation.</summary>
    public static Task<RunningProgram> StartNodeAsync(string access, string data, int port, string? connection)
        => StartAsync(Path.Combine(AppContext.BaseDirectory, "gatehouse"), ["serve", "--access", access], data, port, connection is null ? [] : [("GATEHOUSE__STORAGE__CONNECTION", connection)]);

    /// <summary>Starts it as a newcomer does, by the script, which builds it first into <paramref name="built"/>; signals are as a terminal leaves them, even where the tests run in a shell's background.</summary>
    public static Task<RunningProgram> StartByScriptAsync(string built, string access, string? data = null)
        => StartAsync("env", ["--default-signal=INT,TERM", $"GATEHOUSE_RUN_FOLDER={built}", Path.Combine(Root(), "run"), "--", "--access", access], data, 0);

    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string me = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(me)!, "../../.."));

    private static async Task<RunningProgram> StartAsync(string command, string[] arguments, string? data, int port, params (string Name, string Value)[] environment)
    {
        data ??= Directory.CreateTempSubdirectory("gatehouse-conformance-").FullName;
        var start = new ProcessStartInfo(command) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[.. arguments, "--port", port.ToString(), "--data", data]) start.ArgumentList.Add(argument);
        start.Environment["GATEHOUSE_DEMO_PASSWORD"] = Password;
        start.Environment["GATEHOUSE_DEMO_SECRET"] = ClientSecret;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        var output = new StringBuilder();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(string? line)
        {
            lock (output) output.AppendLine(line);
            if (line is not null && Address().Match(line) is { Success: true } found) listening.TrySetResult(new Uri(found.Groups[1].Value));
        }

        process.OutputDataReceived += (_, heard) => Hear(heard.Data);
        process.ErrorDataReceived += (_, heard) => Hear(heard.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The program ended: {output}"));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new RunningProgram(process, output, await listening.Task.WaitAsync(TimeSpan.FromMinutes(3)), data);
    }

    /// <summary>SIGTERM, as a service manager sends it; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return process.ExitCode;
    }

    /// <summary>Sends a signal by name, as INT.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
        if (Directory.Exists(Data)) Directory.Delete(Data, recursive: true);
    }

    [GeneratedRegex(@"Gatehouse listens on (http://\S+)")]
    private static partial Regex Address();
}
