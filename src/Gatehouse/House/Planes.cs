namespace Gatehouse.House;

/// <summary>Sends each request to its plane: identity's own addresses to identity's endpoints, all else to the gate.</summary>
public static class Planes
{
    private static readonly string[] IdentityPrefixes = ["/realms", "/admin", "/health", "/assets", "/.well-known"];

    /// <summary>Whether a raw path belongs to identity. Compared before any decoding: a spelling trick lands in the gate, which refuses it.</summary>
    public static bool IsIdentity(ReadOnlySpan<char> path)
    {
        foreach (var prefix in IdentityPrefixes)
        {
            if (path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] is '/' or '?')) return true;
        }

        return false;
    }

    /// <summary>
    /// Identity may block (SQLite, hashing, a look-up), and sockets complete inline on their event thread: here, and only here, its requests leave that thread for the pool.
    /// </summary>
    public static Task IdentityAsync(HttpContext context, RequestDelegate identity)
        => Task.Run(() => identity(context), CancellationToken.None);
}
