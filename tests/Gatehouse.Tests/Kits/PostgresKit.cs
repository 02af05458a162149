using System.Diagnostics;
using Npgsql;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>One private PostgreSQL cluster per test run, on a Unix socket in a scratch folder, gone at the end; each test gets a database of its own.</summary>
public static class PostgresKit
{
    private static readonly Lazy<Task<string>> Socket = new(StartAsync);
    private static int count;

    /// <summary>Connection text of a new, empty database.</summary>
    public static async Task<string> DatabaseAsync()
    {
        var socket = await Socket.Value;
        var name = $"gatehouse_{Interlocked.Increment(ref count)}";
        await using var connection = new NpgsqlConnection(Text(socket, "postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"create database {name}";
        await command.ExecuteNonQueryAsync();
        return Text(socket, name);
    }

    private static string Text(string socket, string database) => $"Host={socket};Username=postgres;Database={database};Maximum Pool Size=20";

    private static async Task<string> StartAsync()
    {
        var bin = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(folder => File.Exists(Path.Combine(folder, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (bin is null) Assert.Skip("PostgreSQL is not installed: apt-get install postgresql");
        var folder = Directory.CreateTempSubdirectory("gatehouse-pg-").FullName;
        // PostgreSQL refuses to run as root: then it runs as its own user.
        var asRoot = Environment.UserName == "root";
        if (asRoot) await RunAsync("chown", "postgres", folder);
        string[] before = asRoot ? ["runuser", "-u", "postgres", "--"] : [];
        var data = Path.Combine(folder, "data");
        await RunAsync([.. before, Path.Combine(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        // The log is a file: a server that inherits our output would keep the test run's pipe open.
        await RunAsync([.. before, Path.Combine(bin, "pg_ctl"), "-D", data, "-w", "-l", Path.Combine(folder, "log"), "-o", $"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=300", "start"]);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            RunAsync([.. before, Path.Combine(bin, "pg_ctl"), "-D", data, "-m", "immediate", "stop"]).Wait(TimeSpan.FromSeconds(20));
            Directory.Delete(folder, recursive: true);
        };
        return folder;
    }

    private static async Task RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var told = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {string.Concat(told)}");
    }
}
