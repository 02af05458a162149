using Gatehouse.Storage;

namespace Gatehouse.Audit;

/// <summary>Writes the ledger of observe mode.</summary>
internal sealed class ObservedWriter(ObservedLedger ledger, ObservedStore store, TimeProvider time, ILogger<ObservedWriter> logger) : LedgerWriter("The ledger of observe mode", time, logger)
{
    protected override Task FlushAsync(CancellationToken stop) => ledger.FlushAsync(stop);

    protected override void Forget(DateTimeOffset since) => ledger.Forget(since);

    protected override Task<bool> PruneAsync(DateTimeOffset before, CancellationToken stop) => store.PruneAsync(before, stop);
}
