using System.Net;
using Gatehouse.Audit;

namespace Gatehouse.Gateway;

/// <summary>Keeps a flood of refusals at the gate from filling the audit log: a sample of each service, reason and network. Counters count all of them.</summary>
internal sealed class RefusalSampling
{
    private readonly FloodSampling<(string Service, string Reason, UInt128 Network)> refusals = new();

    /// <summary>How many refusals the event stands for; 0 when none is to be written.</summary>
    public int Take(string service, string reason, IPAddress? address, DateTimeOffset now) => refusals.Take((service, reason, RateLimits.NetworkOf(address)), now);
}
