using System.Diagnostics;
using Dapper;
using Gatehouse.People;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Storage;

/// <summary>A process is killed in the middle of its load: whatever it had acknowledged is there at the next start.</summary>
public sealed class CrashTests
{
    private const string Variable = "GATEHOUSE_CRASH_FOLDER";

    [Fact]
    public async Task Sigkill_under_load_loses_nothing_acknowledged_and_the_next_start_is_clean()
    {
        // The child is this same test in a process of its own.
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder) await WriteUntilKilledAsync(folder);
        var settings = StoreKit.Sqlite();
        var acknowledged = Path.Combine(settings.Folder, "acknowledged");
        for (var round = 1; round <= 3; round++)
        {
            using var child = Start(settings.Folder);
            await UntilAsync(() => File.Exists(acknowledged) && ReadLines(acknowledged).Count >= round * 400, child);
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);

            await using var node = await Node.OpenAsync(settings);
            Assert.Equal("ok", await node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<string>("pragma integrity_check"), default));
            var there = (await node.Database.ReadAsync(connection => connection.QueryAsync<string>("select username from users"), default)).ToHashSet();
            // The last line may be cut: it was not acknowledged to anybody.
            var names = ReadLines(acknowledged);
            Assert.True(names.Count >= round * 400);
            Assert.All(names, name => Assert.Contains(name, there.AsEnumerable()));
            Assert.True(await node.Database.WriteAsync(work => node.Users.AddAsync(work, NewUser($"after{round}")), default));
        }

        Directory.Delete(settings.Folder, recursive: true);
    }

    private static async Task WriteUntilKilledAsync(string folder)
    {
        var node = await Node.OpenAsync(new Gatehouse.Storage.StorageSettings { Folder = folder });
        await node.Database.WriteAsync(work => node.Realms.AddAsync(work, new Terms.Realm { Name = StoreKit.Realm }), default);
        await using var file = new FileStream(Path.Combine(folder, "acknowledged"), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            while (true)
            {
                var user = NewUser(Guid.NewGuid().ToString("n"));
                if (!await node.Database.WriteAsync(work => node.Users.AddAsync(work, user), default)) throw new InvalidOperationException();
                lock (gate) file.Write(System.Text.Encoding.ASCII.GetBytes(user.Username + "\n"));
            }
        }));
    }

    private static Process Start(string folder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(CrashTests).Assembly.Location);
        foreach (var argument in (string[])["--filter-method", $"{typeof(CrashTests).FullName}.{nameof(Sigkill_under_load_loses_nothing_acknowledged_and_the_next_start_is_clean)}"]) start.ArgumentList.Add(argument);
        start.Environment[Variable] = folder;
        var child = Process.Start(start)!;
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    private static List<string> ReadLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Length == 32)];
    }

    private static async Task UntilAsync(Func<bool> condition, Process child)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            Assert.False(child.HasExited, "the child ended by itself");
            await Task.Delay(10, patience.Token);
        }
    }

    private static User NewUser(string name) => new() { Id = Guid.NewGuid().ToString(), Realm = StoreKit.Realm, Username = name };
}
