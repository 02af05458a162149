using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Audit;

namespace Gatehouse.Gateway;

/// <summary>Limits per service and principal (or address), on this node. Small on purpose: it protects upstreams from one client, not the site from the internet. An IPv6 client counts by its /64, which is what one site is given.</summary>
public sealed class RateLimits
{
    private readonly Generations<(string Service, string? Subject, UInt128 Address), Meter> meters = new(100_000);

    /// <summary>Takes one; null when it may go on, else how long to wait. Counted by subject, or by address when that is null.</summary>
    public TimeSpan? Take(string service, string? subject, IPAddress? address, RateLimit limit, DateTimeOffset now)
        => meters.FindOrKeep((service, subject, subject is null ? NetworkOf(address) : UInt128.Zero), static _ => new Meter()).Take(limit, now);

    internal static UInt128 NetworkOf(IPAddress? address)
    {
        if (address is null) return UInt128.Zero;
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length)) return UInt128.Zero;
        if (length == 4) return BinaryPrimitives.ReadUInt32BigEndian(bytes) + UInt128.One;
        if (address.AddressFamily == AddressFamily.InterNetworkV6) bytes[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    // A bucket as one number, the instant at which it would be full again (GCRA): no lock, and nothing to fill up by a timer.
    private sealed class Meter
    {
        private long fullAt;

        public TimeSpan? Take(RateLimit limit, DateTimeOffset now)
        {
            var each = limit.Per.Ticks / limit.Requests;
            while (true)
            {
                var seen = Volatile.Read(ref fullAt);
                var next = Math.Max(seen, now.UtcTicks) + each;
                var over = next - now.UtcTicks - limit.Per.Ticks;
                if (over > 0) return TimeSpan.FromTicks(over);
                if (Interlocked.CompareExchange(ref fullAt, next, seen) == seen) return null;
            }
        }
    }
}
