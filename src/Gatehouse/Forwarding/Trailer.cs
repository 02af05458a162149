namespace Gatehouse.Forwarding;

/// <summary>Which fields may stand behind a body (RFC 9110, 6.5.1): nothing that frames, routes, authenticates, or tells who is asking.</summary>
internal static class Trailer
{
    private static readonly HashSet<string> Never = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Set-Cookie", "WWW-Authenticate", "Content-Encoding", "Content-Type", "Content-Range", "Trailer", "Cache-Control", "Max-Forwards", "Range",
        "Date", "Location", "Retry-After", "Vary", "Age", "Expires", "Pragma", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Allow",
    };

    /// <summary>Whether it may pass.</summary>
    public static bool MayPass(string name, RemovedNames? removed = null) =>
        !Never.Contains(name) && !(removed ?? RemovedNames.Standard).Contains(name);
}
