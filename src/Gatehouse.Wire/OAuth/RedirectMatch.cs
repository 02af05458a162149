namespace Gatehouse.Wire.OAuth;

/// <summary>Compares redirect addresses by simple string comparison (RFC 9700, 2.1); only the port of a loopback address that was registered without one may differ (RFC 8252, 7.3).</summary>
public static class RedirectMatch
{
    private static readonly string[] Loopbacks = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

    /// <summary>Whether a requested address is the registered one.</summary>
    public static bool Is(string registered, string requested)
    {
        if (string.Equals(registered, requested, StringComparison.Ordinal)) return true;
        foreach (var host in Loopbacks)
        {
            if (!registered.StartsWith(host, StringComparison.Ordinal) || !requested.StartsWith(host + ":", StringComparison.Ordinal)) continue;
            var rest = registered[host.Length..];
            if (rest.Length > 0 && rest[0] is not ('/' or '?')) return false; // registered with a port: exact only
            var after = requested.AsSpan(host.Length + 1);
            var digits = after.IndexOfAnyExceptInRange('0', '9');
            var port = digits < 0 ? after : after[..digits];
            return ushort.TryParse(port, out var number) && number > 0 && port[0] != '0' && after[port.Length..].SequenceEqual(rest);
        }

        return false;
    }
}
