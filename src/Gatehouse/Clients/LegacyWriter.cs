using Gatehouse.Storage;

namespace Gatehouse.Clients;

/// <summary>Writes the ledger of shared secrets.</summary>
internal sealed class LegacyWriter(LegacyLedger ledger, LegacyUses store, TimeProvider time, ILogger<LegacyWriter> logger) : LedgerWriter("The ledger of shared secrets", time, logger)
{
    protected override Task FlushAsync(CancellationToken stop) => ledger.FlushAsync(stop);

    protected override void Forget(DateTimeOffset since) => ledger.Forget(since);

    protected override Task<bool> PruneAsync(DateTimeOffset before, CancellationToken stop) => store.PruneAsync(before, stop);
}
