using System.Net;

namespace Gatehouse.Gateway;

/// <summary>
/// Keeps a flood of refusals from filling the audit log: of one service, reason and network the first twenty of a minute are written one by one, then every thousandth, which tells how many it stands for.
/// Counters count all of them.
/// </summary>
internal sealed class RefusalSampling
{
    private const int OneByOne = 20;
    private const int Then = 1000;

    private readonly Generations<(string Service, string Reason, UInt128 Network), Flow> flows = new(10_000);

    /// <summary>How many refusals the event stands for; 0 when none is to be written.</summary>
    public int Take(string service, string reason, IPAddress? address, DateTimeOffset now)
        => flows.FindOrKeep((service, reason, RateLimits.NetworkOf(address)), static _ => new Flow()).Take(now.ToUnixTimeSeconds() / 60);

    private sealed class Flow
    {
        private long minute;
        private int count;

        public int Take(long now)
        {
            if (Interlocked.Exchange(ref minute, now) != now) Volatile.Write(ref count, 0);
            var at = Interlocked.Increment(ref count);
            return at <= OneByOne ? 1 : at % Then == 0 ? Then : 0;
        }
    }
}
