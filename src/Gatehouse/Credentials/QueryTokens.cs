using System.Collections.Immutable;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Credentials;

/// <summary>Tokens in addresses: finding those that are declared, noticing those that are not, and taking them out of what goes on. Names and values are read as a server would decode them; what stays keeps its spelling.</summary>
public static class QueryTokens
{
    private const string Usual = "access_token";

    /// <summary>The tokens at declared names, in a query with its question mark; empty values are none. Null for a value that cannot be read.</summary>
    public static IEnumerable<(string Name, string? Value)> Find(string query, ImmutableArray<string> names)
    {
        foreach (var pair in query.Length == 0 ? [] : query[1..].Split('&'))
        {
            var (name, value) = Parts(pair);
            if (value.Length > 0 && Decoded(name) is { } read && names.Contains(read)) yield return (read, Decoded(value));
        }
    }

    /// <summary>
    /// Whether a query carries a token where none is declared: under RFC 6750's name (2.3) whatever it is; as <c>token</c> only what <paramref name="isOurs"/> recognises, since other APIs use that name for things of their own. With <paramref name="onlyOurs"/>, as on public routes, that goes for both names.
    /// </summary>
    public static bool HasStray(string query, ImmutableArray<string> declared, Func<string, bool> isOurs, bool onlyOurs = false)
    {
        foreach (var range in query.AsSpan(1).Split('&'))
        {
            var pair = query.AsSpan(1)[range];
            var equals = pair.IndexOf('=');
            var name = equals < 0 ? pair : pair[..equals];
            if (!Is(name, Usual) && !Is(name, "token")) continue;
            if (Decoded(name.ToString()) is not { } read || declared.Contains(read)) continue;
            if ((!onlyOurs && Is(name, Usual)) || (equals >= 0 && Decoded(pair[(equals + 1)..].ToString()) is { } value && isOurs(value))) return true;
        }

        return false;
    }

    /// <summary>A query without these parameters; the same text where there are none.</summary>
    public static string Without(string query, ImmutableArray<string> names, ImmutableArray<string> more)
        => names.IsEmpty && more.IsEmpty ? query : Keep(query, pair => Decoded(Parts(pair).Name) is not { } name || (!names.Contains(name) && !more.Contains(name)));

    /// <summary>A Referer without what is a token there, by name or by its look; null where there is nothing to take out. No service needs the token of another page's address.</summary>
    public static string? Referer(string value, ImmutableArray<string> names)
    {
        var question = value.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return null;
        var kept = Keep(value[question..], pair =>
        {
            var (name, text) = Parts(pair);
            return !Is(name, Usual) && !(Decoded(name) is { } read && names.Contains(read)) && !LooksLikeToken(Decoded(text));
        });
        return kept.Length == value.Length - question ? null : value[..question] + kept;
    }

    private static string Keep(string query, Func<string, bool> keeps)
    {
        if (query.Length < 2) return query;
        var pairs = query[1..].Split('&');
        var kept = pairs.Where(keeps).ToList();
        return kept.Count == pairs.Length ? query : kept.Count == 0 ? "" : "?" + string.Join('&', kept);
    }

    // One of our secrets, or anybody's JWT: a JOSE header begins with {" and so with eyJ.
    private static bool LooksLikeToken(string? text) => text is not null && (SecretKinds.IsAny(text) || (text.StartsWith("eyJ", StringComparison.Ordinal) && text.Count(c => c == '.') is 2 or 4));

    private static (string Name, string Value) Parts(string pair) => pair.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? (pair[..equals], pair[(equals + 1)..]) : (pair, "");

    private static bool Is(ReadOnlySpan<char> name, string known)
        => name.Equals(known, StringComparison.OrdinalIgnoreCase) || (name.Contains('%') && Parameters.TryDecode(name, out var decoded) && decoded.Equals(known, StringComparison.OrdinalIgnoreCase));

    private static string? Decoded(string text) => !text.AsSpan().ContainsAny('%', '+') ? text : Parameters.TryDecode(text, out var decoded) ? decoded : null;
}
