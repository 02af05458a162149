using Gatehouse.Wire.Text;

namespace Gatehouse.House;

/// <summary>Sends each request to its plane: identity's own addresses to identity's endpoints, all else to the gate.</summary>
public static class Planes
{
    private const string Realms = "/realms/";
    private const string Token = "/protocol/openid-connect/token";
    private static readonly string[] Prefixed = ["/realms", "/admin"];
    private static readonly string[] IdentityPrefixes = ["/realms", "/admin", "/health", "/assets", "/.well-known"];

    /// <summary>
    /// Whether a raw path belongs to identity, by its own addresses or those of <paramref name="facades"/> that are switched on, or by a single one of <paramref name="exact"/>. Identity's own are compared before any decoding: a spelling trick lands in the gate, which knows no route there.
    /// A facade's addresses may have the vendor's own endpoint behind them at the gate, without what the facade asks for: they are the facade's in every spelling that means the same.
    /// </summary>
    public static bool IsIdentity(ReadOnlySpan<char> path, IReadOnlyList<string> facades, IReadOnlyList<string>? exact = null)
    {
        foreach (var prefix in IdentityPrefixes)
        {
            if (IsBelow(path, prefix)) return true;
        }

        if (facades.Count == 0 && (exact is null || exact.Count == 0)) return false;
        if (IsFacades(path, facades, exact)) return true;
        var bare = path.IndexOf('?') is >= 0 and var end ? path[..end] : path;
        return bare.Contains('%') && CanonicalPath.TryParse(bare, out var same) && IsFacades(same.Value, facades, exact);
    }

    private static bool IsFacades(ReadOnlySpan<char> path, IReadOnlyList<string> facades, IReadOnlyList<string>? exact)
    {
        for (var i = 0; i < facades.Count; i++)
        {
            if (IsBelow(path, facades[i])) return true;
        }

        for (var i = 0; i < exact?.Count; i++)
        {
            // Express, behind many of these, takes any case and a slash at the end; so do our endpoints.
            if (!path.StartsWith(exact[i], StringComparison.OrdinalIgnoreCase)) continue;
            var rest = path[exact[i].Length..];
            if (rest is ['/', ..]) rest = rest[1..];
            if (rest.IsEmpty || rest[0] == '?') return true;
        }

        return false;
    }

    /// <summary>Addresses of realms and of the admin API behind a facade's prefix: they are identity's too.</summary>
    public static IReadOnlyList<string> Behind(IReadOnlyList<string> prefixes) => [.. prefixes.SelectMany(prefix => Prefixed.Select(path => prefix + path))];

    /// <summary>Takes a facade's prefix off, as a proxy in front would: what is below answers at its own address. Only before realms and the admin API, and only once.</summary>
    public static void TakeOff(HttpRequest request, IReadOnlyList<string> prefixes)
    {
        for (var i = 0; i < prefixes.Count; i++)
        {
            if (!request.Path.StartsWithSegments(prefixes[i], StringComparison.Ordinal, out var rest) || !Array.Exists(Prefixed, path => IsBelow(rest.Value, path))) continue;
            (request.PathBase, request.Path) = (request.PathBase + prefixes[i], rest);
            return;
        }
    }

    private static bool IsBelow(ReadOnlySpan<char> path, string prefix) => path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] is '/' or '?');

    /// <summary>
    /// Identity may block (SQLite, hashing, a look-up), and sockets complete inline on their event thread: here, and only here, its requests leave that thread for the pool. The token endpoint
    /// need not: it computes, and the database leaves such threads by itself, so the change of threads would be a quarter of its cost.
    /// </summary>
    public static Task IdentityAsync(HttpContext context, RequestDelegate identity)
        => IsToken(context.Request.Path.Value) ? identity(context) : Task.Run(() => identity(context), CancellationToken.None);

    /// <summary>Whether a path, as routing sees it, is a realm's token endpoint.</summary>
    internal static bool IsToken(ReadOnlySpan<char> path)
        => path.StartsWith(Realms, StringComparison.Ordinal) && path.EndsWith(Token, StringComparison.Ordinal) && path.Length > Realms.Length + Token.Length && !path[Realms.Length..^Token.Length].Contains('/');
}
