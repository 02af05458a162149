using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.People.Import;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tokens;

namespace Gatehouse.SignIn.Import;

/// <summary>What an import is asked to do.</summary>
/// <param name="Delta">Read those who changed since the last time only.</param>
/// <param name="DryRun">Write nothing; tell what would be.</param>
/// <param name="AllowVanished">Disable those who vanished however many they are.</param>
public sealed record ImportWish(bool Delta = false, bool DryRun = false, bool AllowVanished = false);

/// <summary>
/// Imports an upstream's people: page by page into users, links and mapped rights. One import of an upstream runs at a time, on whichever node holds its lease. What was applied stays when it breaks
/// off; going over all again costs a comparison for each, and no write.
/// </summary>
public sealed class PeopleImport(Upstreams upstreams, ImportPages pages, ImportRecords records, Vanished vanished, SessionStore sessions, Revocations revocations, Database database, AuditLog audit, TimeProvider time)
{
    /// <summary>What is known of an upstream's imports; null when it was never imported.</summary>
    public Task<ImportRecord?> FindAsync(Upstream upstream, CancellationToken stop) => records.FindAsync(upstream.Id, stop);

    /// <summary>Whether an upstream lists its people at all.</summary>
    public bool CanList(Upstream upstream) => upstreams.Open(upstream).Upstream is IListsPeople;

    /// <summary>Takes the lease. Null when an import of this upstream is under way. A dry run needs none.</summary>
    public async Task<ImportRun?> TakeAsync(Upstream upstream, ImportWish wish, AuditEvent by, CancellationToken stop)
    {
        if (upstreams.Open(upstream).Upstream is not IListsPeople lists) throw new ArgumentException($"A provider of the kind '{upstream.Kind}' does not list its people.");
        var begun = new ImportStatus { Delta = wish.Delta, DryRun = wish.DryRun, BegunAt = time.GetUtcNow() };
        var mark = wish.Delta ? (await records.FindAsync(upstream.Id, stop))?.Mark : null;
        var holder = Guid.NewGuid().ToString();
        if (!wish.DryRun && !await records.TakeAsync(upstream, holder, begun, stop)) return null;
        return new ImportRun(new ImportRun.Parts(pages, records, vanished, database, audit, time), upstream, lists, wish, begun, mark, holder, by, EndAsync);
    }

    private async Task EndAsync(Work work, User user)
    {
        await sessions.EndAllAsync(work, user.Realm, user.Id);
        await revocations.AddAsync(work, RevocationKind.Subject, user.Realm, user.Id);
    }
}
