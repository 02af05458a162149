using Dapper;
using Gatehouse.Dialogs;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Bench;

/// <summary>Fills a data folder with live dialogs as rows: by the API a million would take longer than the bench.</summary>
internal static class Seed
{
    private const int Together = 20_000;

    /// <summary>Writes the dialogs, and to <paramref name="file"/> lines of id and token of dialogs picked at random.</summary>
    public static async Task RunAsync(string folder, string realm, string project, int count, int tokens, string file)
    {
        await using var database = await Database.OpenReadyAsync(new StorageSettings { Folder = folder }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var dialog = new Dialog(project, now, now + 14_400_000, 0, now + 14_400_000, 0, 600);
        var ids = new string[count];
        for (var i = 0; i < count; i++) ids[i] = Guid.NewGuid().ToString();
        // In the order of the key: to fill a million random places of it would take minutes.
        Array.Sort(ids, StringComparer.Ordinal);
        foreach (var some in ids.Chunk(Together))
        {
            await database.WriteAsync(async work =>
            {
                // A statement with many rows: the parameters of a single one would take most of the time.
                foreach (var few in some.Chunk(500))
                    await work.Connection.ExecuteAsync($"insert into dialogs (realm, id, project, source, started_at, alive_until, ended_at, hard_until, frozen_at, headroom, over_at) values {string.Join(',', few.Select(id => $"(@realm, '{id}', @project, 'bench', {dialog.StartedAt}, {dialog.AliveUntil}, 0, {dialog.HardUntil}, 0, {dialog.HeadroomSeconds}, {dialog.OverAt})"))}", new { realm, project }, work.Transaction, commandTimeout: 60);
                return true;
            }, CancellationToken.None);
        }

        var mint = new DialogTokens(new Sealer(RootKey.Load(new KeysSettings(), folder)), TimeProvider.System);
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, tokens).Select(_ => ids[Random.Shared.Next(ids.Length)]).Select(id => $"{id} {mint.Mint(realm, id, dialog, visitor: false)}"));
    }

    /// <summary>Loads them as a starting node does; milliseconds and the bytes that stay.</summary>
    public static async Task LoadAsync(string folder)
    {
        await using var database = await Database.OpenReadyAsync(new StorageSettings { Folder = folder }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var store = new DialogStore(database, new DialogProjects(database, new Sealer(RootKey.Load(new KeysSettings(), folder))), TimeProvider.System);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var live = new LiveDialogs(database, TimeProvider.System);
        var began = TimeProvider.System.GetTimestamp();
        await store.LoadAsync(live, CancellationToken.None);
        var took = TimeProvider.System.GetElapsedTime(began);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new { count = live.Count, seconds = took.TotalSeconds, bytes = (after - before) / (double)live.Count }));
    }
}
