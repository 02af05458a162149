using Microsoft.AspNetCore.Http;

namespace Gatehouse.Sessions;

/// <summary>The session cookie: the only place that reads or writes it. Name <c>__Host-gh.{realm}</c> over TLS, <c>gh.{realm}</c> on plain loopback; HttpOnly, SameSite=Lax, Path=/, under 200 bytes.</summary>
public static class Cookie
{
    /// <summary>The cookie's value for a realm; null when the request has none, or has it twice.</summary>
    public static string? Read(IHeaderDictionary headers, string realm, bool tls) => throw new NotImplementedException();

    /// <summary>Sets the cookie.</summary>
    public static void Write(HttpResponse response, string realm, string value, bool tls) => throw new NotImplementedException();

    /// <summary>Deletes the cookie.</summary>
    public static void Clear(HttpResponse response, string realm, bool tls) => throw new NotImplementedException();

    /// <summary>The Cookie header without any of our cookies: what an upstream may see; null when nothing is left.</summary>
    public static string? Without(string cookieHeader) => throw new NotImplementedException();
}
