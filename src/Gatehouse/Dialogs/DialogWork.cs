using System.Threading.Channels;
using Gatehouse.Audit;
using Gatehouse.Storage;

namespace Gatehouse.Dialogs;

/// <summary>Changes of dialogs that come of requests at the gate, which wait for no database: done one after the other in the background, each at most once at a time for one dialog.</summary>
public sealed class DialogWork : IAsyncDisposable
{
    private const int Most = 10_000;

    private readonly DialogStore store;
    private readonly DialogProjects projects;
    private readonly LiveDialogs live;
    private readonly AuditLog audit;
    private readonly ILogger<DialogWork> logger;
    private readonly Channel<(string Realm, string Id, long IssuedAt, string? Address)> waiting = Channel.CreateBounded<(string, string, long, string?)>(new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Task working;

    /// <summary>Begins to work.</summary>
    public DialogWork(DialogStore store, DialogProjects projects, LiveDialogs live, AuditLog audit, ILogger<DialogWork> logger)
    {
        (this.store, this.projects, this.live, this.audit, this.logger) = (store, projects, live, audit, logger);
        working = Task.Run(WorkAsync);
    }

    /// <summary>A token was used for another dialog: where its project says so, it and those issued before it freeze. Not the later ones: whoever holds an old token must not be able to cut a bot off.</summary>
    public void Misused(string realm, string id, DateTimeOffset issuedAt, string? address)
    {
        if (DialogKey.TryParse(id, out var key) && live.Find(realm, key) is { } dialog && projects.Find(realm, dialog.Project) is { FreezeOnMisuse: true }) waiting.Writer.TryWrite((realm, id, issuedAt.ToUnixTimeMilliseconds(), address));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await working;
    }

    private async Task WorkAsync()
    {
        await foreach (var (realm, id, issuedAt, address) in waiting.Reader.ReadAllAsync())
        {
            try
            {
                await store.FreezeAsync(realm, id, issuedAt, CancellationToken.None);
                audit.Note(new AuditEvent { Realm = realm, Type = AuditTypes.DialogFrozen, Resource = $"dialogs/{id}", Address = address, Error = Terms.Reasons.DialogOther.Code });
            }
            catch (Exception wrong) when (wrong is System.Data.Common.DbException or StorageFault or StorageBusy or ObjectDisposedException)
            {
                logger.LogWarning("The tokens of a dialog could not be frozen: {Message}", wrong.Message);
            }
        }
    }
}
