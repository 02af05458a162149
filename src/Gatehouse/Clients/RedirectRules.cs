namespace Gatehouse.Clients;

/// <summary>Which redirect addresses a client may register (RFC 6749, 3.1.2; RFC 8252; RFC 9700, 4.1).</summary>
public static class RedirectRules
{
    /// <summary>Whether an address may be registered; otherwise <paramref name="why"/> ends the sentence.</summary>
    public static bool IsSound(string uri, out string why)
    {
        why = "";
        if (uri.Contains('*', StringComparison.Ordinal)) why = "has a wildcard; list each address exactly (RFC 9700, 2.1).";
        else if (uri.Contains('#', StringComparison.Ordinal)) why = "has a fragment (RFC 6749, 3.1.2).";
        else if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || uri.Any(c => c is <= ' ' or > '~' or '\\')) why = "is not an absolute address.";
        else if (parsed.UserInfo.Length > 0) why = "has user information.";
        else if (parsed.Scheme is "javascript" or "data" or "vbscript" or "file" or "blob") why = $"has the scheme '{parsed.Scheme}'.";
        else if (parsed.Scheme == "http" && !parsed.IsLoopback) why = "is plain http outside this machine; use https.";
        return why.Length == 0;
    }
}
