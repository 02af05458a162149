using Microsoft.Extensions.Primitives;

namespace Gatehouse.Sessions;

/// <summary>
/// The session cookie: the only place that reads or writes it. Name <c>__Host-gh.{realm}</c> over TLS, <c>gh.{realm}</c> on plain loopback; HttpOnly, SameSite=Lax, Path=/, under 200 bytes.
/// </summary>
public static class Cookie
{
    private const string Plain = "gh.";
    private const string Secure = "__Host-gh.";

    /// <summary>Name of the cookie.</summary>
    public static string NameOf(string realm, bool tls) => (tls ? Secure : Plain) + realm;

    /// <summary>The cookie's value for a realm; null when the request has none, or has it twice: somebody planted one, and which is ours cannot be told.</summary>
    public static string? Read(IHeaderDictionary headers, string realm, bool tls)
    {
        var values = headers.Cookie;
        if (values.Count == 0) return null;
        var name = NameOf(realm, tls);
        string? found = null;
        foreach (var header in values)
        {
            foreach (var range in new StringTokenizer(header ?? "", [';']))
            {
                var part = range.AsSpan().Trim();
                if (part.Length <= name.Length || part[name.Length] != '=' || !part.StartsWith(name, StringComparison.Ordinal)) continue;
                if (found is not null) return null;
                found = part[(name.Length + 1)..].ToString();
            }
        }

        return found is { Length: > 0 } ? found : null;
    }

    /// <summary>Sets the cookie.</summary>
    public static void Write(HttpResponse response, string realm, string value, bool tls) => response.Cookies.Append(NameOf(realm, tls), value, Options(tls));

    /// <summary>Deletes the cookie.</summary>
    public static void Clear(HttpResponse response, string realm, bool tls) => response.Cookies.Delete(NameOf(realm, tls), Options(tls));

    /// <summary>The Cookie header without any of our cookies: what an upstream may see; null when nothing is left.</summary>
    public static string? Without(string cookieHeader)
    {
        var kept = new List<string>();
        foreach (var part in cookieHeader.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (!part.StartsWith(Plain, StringComparison.OrdinalIgnoreCase) && !part.StartsWith(Secure, StringComparison.OrdinalIgnoreCase)) kept.Add(part);
        return kept.Count == 0 ? null : string.Join("; ", kept);
    }

    private static CookieOptions Options(bool tls) => new() { HttpOnly = true, Secure = tls, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true };
}
