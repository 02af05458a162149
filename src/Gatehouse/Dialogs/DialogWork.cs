using System.Collections.Concurrent;
using System.Threading.Channels;
using Gatehouse.Audit;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>Changes of dialogs that come of requests at the gate, which wait for no database: done one after the other in the background.</summary>
public sealed class DialogWork : IAsyncDisposable
{
    private const int Most = 10_000;

    private readonly DialogStore store;
    private readonly DialogProjects projects;
    private readonly LiveDialogs live;
    private readonly AuditLog audit;
    private readonly TimeProvider time;
    private readonly ILogger<DialogWork> logger;
    private readonly Channel<Job> waiting = Channel.CreateBounded<Job>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly ConcurrentDictionary<(string Realm, DialogKey Dialog), bool> extending = new();
    private readonly Task working;

    /// <summary>Begins to work.</summary>
    public DialogWork(DialogStore store, DialogProjects projects, LiveDialogs live, AuditLog audit, TimeProvider time, ILogger<DialogWork> logger)
    {
        (this.store, this.projects, this.live, this.audit, this.time, this.logger) = (store, projects, live, audit, time, logger);
        working = Task.Run(WorkAsync);
    }

    /// <summary>A token was used for another dialog: where its project says so, it and those issued before it freeze. Not the later ones: whoever holds an old token must not be able to cut a bot off.</summary>
    public void Misused(string realm, string id, DateTimeOffset issuedAt, string? address)
    {
        if (DialogKey.TryParse(id, out var key) && live.Find(realm, key) is { } dialog && projects.Find(realm, dialog.Project) is { FreezeOnMisuse: true }) waiting.Writer.TryWrite(new Freeze(realm, id, issuedAt.ToUnixTimeMilliseconds(), address));
    }

    /// <summary>The source gave a sign of life. Written when a quarter of the silence is gone, not for every event.</summary>
    public void Alive(string realm, DialogKey key, string id, in Dialog dialog)
    {
        var silence = (projects.Find(realm, dialog.Project)?.Silence ?? TimeSpan.FromMinutes(5)).TotalMilliseconds;
        if (dialog.AliveUntil - time.GetUtcNow().ToUnixTimeMilliseconds() > silence * 0.75 || dialog.AliveUntil == dialog.HardUntil || !extending.TryAdd((realm, key), true)) return;
        if (!waiting.Writer.TryWrite(new Extend(realm, key, id))) extending.TryRemove((realm, key), out _);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await working;
    }

    private async Task WorkAsync()
    {
        await foreach (var job in waiting.Reader.ReadAllAsync())
        {
            try
            {
                if (job is Freeze freeze)
                {
                    await store.FreezeAsync(freeze.Realm, freeze.Id, freeze.IssuedAt, CancellationToken.None);
                    audit.Note(new AuditEvent { Realm = freeze.Realm, Type = AuditTypes.DialogFrozen, Resource = $"dialogs/{freeze.Id}", Address = freeze.Address, Error = Terms.Reasons.DialogOther.Code });
                }
                else if (job is Extend extend)
                {
                    extending.TryRemove((extend.Realm, extend.Key), out _);
                    await store.ExtendAsync(extend.Realm, extend.Id, CancellationToken.None);
                }
            }
            catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault or StorageBusy or ObjectDisposedException)
            {
                logger.LogWarning("A dialog could not be changed: {Message}", wrong.Message);
            }
        }
    }

    private abstract record Job(string Realm, string Id);

    private sealed record Freeze(string Realm, string Id, long IssuedAt, string? Address) : Job(Realm, Id);

    private sealed record Extend(string Realm, DialogKey Key, string Id) : Job(Realm, Id);
}
