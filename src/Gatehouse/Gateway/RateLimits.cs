using System.Collections.Concurrent;

namespace Gatehouse.Gateway;

/// <summary>Token buckets per service and principal (or address), on this node. Small on purpose: it protects upstreams from one client, not the site from the internet.</summary>
public sealed class RateLimits
{
    private const int Most = 100_000;
    private readonly ConcurrentDictionary<(string Service, string Who), Bucket> buckets = new();

    /// <summary>Takes one; null when it may go on, else how long to wait.</summary>
    public TimeSpan? Take(string service, string who, RateLimit limit, DateTimeOffset now)
    {
        if (buckets.Count >= Most) buckets.Clear();
        return buckets.GetOrAdd((service, who), static (_, full) => new Bucket(full), (double)limit.Requests).Take(limit, now);
    }

    private sealed class Bucket(double left)
    {
        private double left = left;
        private DateTimeOffset at = DateTimeOffset.MinValue;

        public TimeSpan? Take(RateLimit limit, DateTimeOffset now)
        {
            lock (this)
            {
                var perSecond = limit.Requests / limit.Per.TotalSeconds;
                if (at != DateTimeOffset.MinValue && now > at) left = Math.Min(limit.Requests, left + (now - at).TotalSeconds * perSecond);
                at = now;
                if (left < 1) return TimeSpan.FromSeconds((1 - left) / perSecond);
                left--;
                return null;
            }
        }
    }
}
