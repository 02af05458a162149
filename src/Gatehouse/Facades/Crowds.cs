using Gatehouse.Audit;

namespace Gatehouse.Facades;

/// <summary>Keeps a flood of refusals at facades' addresses from filling the audit log: a sample of each error, network, and person who is known.</summary>
internal sealed class Crowds(TimeProvider time)
{
    private readonly FloodSampling<(string Error, string Network, string User)> refusals = new();

    /// <summary>How many refusals the note stands for; 0 when none is to be written. <paramref name="user"/> is null where nobody is known: what strangers do hides nothing of a colleague behind the same address.</summary>
    public int Take(string error, string network, string? user) => refusals.Take((error, network, user ?? ""), time.GetUtcNow());
}
