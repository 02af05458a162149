using System.Collections.Concurrent;
using System.Threading.Channels;
using Gatehouse.Audit;

namespace Gatehouse.Dialogs;

/// <summary>Changes of dialogs that come of requests at the gate, which wait for no database: done in the background, some at once, since writes that wait together share a commit.</summary>
public sealed class DialogWork : IAsyncDisposable
{
    private const int Most = 10_000;
    private const int Together = 32;

    private readonly DialogStore store;
    private readonly DialogProjects projects;
    private readonly LiveDialogs live;
    private readonly AuditLog audit;
    private readonly TimeProvider time;
    private readonly ILogger<DialogWork> logger;
    // Apart: a freeze is somebody's safety, and does not wait behind signs of life. With Wait a full channel says so; with DropWrite it would lie.
    private readonly Channel<Freeze> freezing = Channel.CreateBounded<Freeze>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.Wait });
    private readonly Channel<Extend> living = Channel.CreateBounded<Extend>(new BoundedChannelOptions(10 * Most) { FullMode = BoundedChannelFullMode.Wait });
    private readonly ConcurrentDictionary<(string Realm, DialogKey Dialog), bool> extending = new();
    private readonly Task working;

    /// <summary>Begins to work.</summary>
    public DialogWork(DialogStore store, DialogProjects projects, LiveDialogs live, AuditLog audit, TimeProvider time, ILogger<DialogWork> logger)
    {
        (this.store, this.projects, this.live, this.audit, this.time, this.logger) = (store, projects, live, audit, time, logger);
        working = Task.WhenAll(WorkAsync(freezing, FreezeAsync), WorkAsync(living, ExtendAsync));
    }

    /// <summary>A token was used for another dialog: where its project says so, it and those issued before it freeze. Not the later ones: whoever holds an old token must not be able to cut a bot off.</summary>
    public void Misused(string realm, string id, DateTimeOffset issuedAt, string? address)
    {
        if (DialogKey.TryParse(id, out var key) && live.Find(realm, key) is { } dialog && projects.Find(realm, dialog.Project) is { FreezeOnMisuse: true }) freezing.Writer.TryWrite(new Freeze(realm, id, issuedAt.ToUnixTimeMilliseconds(), address));
    }

    /// <summary>The source gave a sign of life. Written when a quarter of the silence is gone, not for every event.</summary>
    public void Alive(string realm, DialogKey key, string id, in Dialog dialog)
    {
        var silence = (projects.Find(realm, dialog.Project)?.Silence ?? TimeSpan.FromMinutes(5)).TotalMilliseconds;
        if (dialog.AliveUntil - time.GetUtcNow().ToUnixTimeMilliseconds() > silence * 0.75 || dialog.AliveUntil == dialog.HardUntil || !extending.TryAdd((realm, key), true)) return;
        if (!living.Writer.TryWrite(new Extend(realm, key, id))) extending.TryRemove((realm, key), out _);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        freezing.Writer.TryComplete();
        living.Writer.TryComplete();
        await working;
    }

    private async Task FreezeAsync(Freeze freeze)
    {
        await store.FreezeAsync(freeze.Realm, freeze.Id, freeze.IssuedAt, CancellationToken.None);
        audit.Note(new AuditEvent { Realm = freeze.Realm, Type = AuditTypes.DialogFrozen, Resource = $"dialogs/{freeze.Id}", Address = freeze.Address, Error = Terms.Reasons.DialogOther.Code });
    }

    private async Task ExtendAsync(Extend extend)
    {
        extending.TryRemove((extend.Realm, extend.Key), out _);
        await store.ExtendAsync(extend.Realm, extend.Id, CancellationToken.None);
    }

    private Task WorkAsync<T>(Channel<T> channel, Func<T, Task> change) => Task.Run(() => Parallel.ForEachAsync(channel.Reader.ReadAllAsync(), new ParallelOptions { MaxDegreeOfParallelism = Together }, async (job, _) =>
    {
        try
        {
            await change(job);
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            // Whatever it is, the next one must be done.
            logger.LogWarning("A dialog could not be changed: {Message}", wrong.Message);
        }
    }));

    private sealed record Freeze(string Realm, string Id, long IssuedAt, string? Address);

    private sealed record Extend(string Realm, DialogKey Key, string Id);
}
