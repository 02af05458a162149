namespace Gatehouse.Forwarding;

/// <summary>Arithmetic on timestamps and the small facts of an address.</summary>
internal static class Clock
{
    /// <summary>A timestamp later by a span; 0 (never) when the span is zero or less.</summary>
    public static long After(this TimeProvider time, long timestamp, TimeSpan span) =>
        span <= TimeSpan.Zero ? 0 : timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>The host as it stands in a Host header: brackets around an IPv6 address.</summary>
    public static string IdnHostOf(this Uri uri) => uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
}
