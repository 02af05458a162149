using System.Text;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Credentials;

/// <summary>Finds credentials in a request: the only place that reads Authorization. Pure: no cryptography, no I/O.</summary>
public static class Finder
{
    // Longer than any name and password that could be right.
    private const int LongestBasic = 4 * 1024;

    private static readonly Found.None Nothing = new();
    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Bearer in Authorization (scheme in any case, RFC 9110, 11.1), or the session cookie of <paramref name="cookieRealm"/> when given. A browser sends its cookie by itself, so a token beside it is no conflict: the token was meant.</summary>
    public static Found Find(IHeaderDictionary headers, string? cookieRealm, bool tls) => Find(headers, cookieRealm, tls, false);

    private static Found Find(IHeaderDictionary headers, string? cookieRealm, bool tls, bool basic)
    {
        var values = headers.Authorization;
        if (values.Count > 1) return new Found.Conflict(Reasons.CredentialConflict);
        if (values.Count == 1 && values[0] is { Length: > 0 } header)
        {
            if (TryScheme(header, "Bearer", out var token))
                return token.Length > 0 && !token.Contains(' ') && !token.Contains(',') ? new Found.One(new Credential(KindOf(token), CredentialPlace.Authorization, "Authorization", new Secret(token.ToString()))) : new Found.Conflict(Reasons.TokenMalformed);
            return basic && TryScheme(header, "Basic", out var encoded) ? Person(encoded) : new Found.Conflict(Reasons.CredentialKind);
        }

        return cookieRealm is not null && Cookie.Read(headers, cookieRealm, tls) is { } cookie
            ? new Found.One(new Credential(CredentialKind.SessionCookie, CredentialPlace.Cookie, Cookie.NameOf(cookieRealm, tls), new Secret(cookie)))
            : Nothing;
    }

    /// <summary>A shared secret in one of the named headers, beside what was found already: a cookie comes by itself, so the secret was meant; with any other credential it is a conflict.</summary>
    public static Found FindShared(Found found, IHeaderDictionary headers, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            var values = headers[name];
            if (values.Count == 0 || (values.Count == 1 && string.IsNullOrEmpty(values[0]))) continue;
            if (values.Count > 1) return new Found.Conflict(Reasons.CredentialConflict);
            switch (found)
            {
                case Found.Conflict: return found;
                // The same header may be a place of tokens too, and was read as one.
                case Found.One { Credential: { Place: CredentialPlace.Header, Name: var read } } when read.Equals(name, StringComparison.OrdinalIgnoreCase): continue;
                case Found.One { Credential.Place: not CredentialPlace.Cookie }: return new Found.Conflict(Reasons.CredentialConflict);
                default: found = new Found.One(new Credential(CredentialKind.SharedSecret, CredentialPlace.Header, name, new Secret(values[0]!.Trim(' ', '\t')))); break;
            }
        }

        return found;
    }

    /// <summary>The one Authorization header, as the very string that the server made of it; null when there is none, or more than one. Equal references mean equal headers, whatever they hold.</summary>
    public static string? HeaderOf(IHeaderDictionary headers) => headers.Authorization is { Count: 1 } values ? values.ToString() : null;

    /// <summary>As above, at the places that are declared: exactly one token in all of them together, or with <paramref name="basic"/> a person's name and password. <paramref name="query"/> has its question mark.</summary>
    public static Found Find(IHeaderDictionary headers, string query, TokenPlaces places, string? cookieRealm, bool tls, bool basic = false)
    {
        if (places.IsUsual) return Find(headers, cookieRealm, tls, basic);
        var found = Find(headers, null, tls, basic);
        if (found is Found.One { Credential.Kind: not CredentialKind.Basic } && !places.Authorization) return new Found.Conflict(Reasons.CredentialKind);
        foreach (var name in places.Headers)
        {
            var values = headers[name];
            if (values.Count == 0 || (values.Count == 1 && string.IsNullOrEmpty(values[0]))) continue;
            found = values.Count > 1 ? new Found.Conflict(Reasons.CredentialConflict) : Beside(found, CredentialPlace.Header, name, values[0]!.Trim(' ', '\t'));
        }

        if (!places.Queries.IsEmpty)
            foreach (var (name, value) in QueryTokens.Find(query, places.Queries)) found = Beside(found, CredentialPlace.Query, name, value);
        return found is Found.None ? Find(headers, cookieRealm, tls, basic) : found;
    }

    // A token was found at a declared place: alone it counts, beside another nothing does.
    private static Found Beside(Found found, CredentialPlace place, string name, string? token)
        => found is Found.Conflict ? found
            : found is Found.One ? new Found.Conflict(Reasons.CredentialConflict)
            : string.IsNullOrEmpty(token) || token.Any(c => c is <= ' ' or ',' or >= '\x7f') ? new Found.Conflict(Reasons.TokenMalformed)
            : new Found.One(new Credential(KindOf(token), place, name, new Secret(token)));

    /// <summary>A ticket in <c>Authorization: Negotiate</c> (RFC 4559, 4.2), Base64; null when there is none.</summary>
    public static Secret? FindNegotiate(IHeaderDictionary headers)
        => headers.Authorization is { Count: 1 } values && values[0] is { Length: > 0 } header && TryScheme(header, "Negotiate", out var token) && token.Length > 0 ? new Secret(token.ToString()) : null;

    /// <summary>A person's name and password in <c>Authorization: Basic</c> (RFC 7617, 2): UTF-8, nothing form-decoded, all after the first colon is the password. None for other schemes, One with Kind Basic (Name = user name), or Conflict.</summary>
    public static Found FindPerson(IHeaderDictionary headers)
    {
        var values = headers.Authorization;
        if (values.Count > 1) return new Found.Conflict(Reasons.CredentialConflict);
        return values.Count == 1 && values[0] is { Length: > 0 } header && TryScheme(header, "Basic", out var encoded) ? Person(encoded) : Nothing;
    }

    /// <summary>Whether any Authorization header may be read as <c>Basic</c>: for whoever must not pass it on.</summary>
    public static bool HasBasic(IHeaderDictionary headers)
    {
        foreach (var value in headers.Authorization)
            if (value?.TrimStart().StartsWith("Basic", StringComparison.OrdinalIgnoreCase) == true) return true;
        return false;
    }

    private static Found Person(ReadOnlySpan<char> encoded)
    {
        // Convert forgives white space inside; nobody sends that but to be read in two ways.
        if (encoded.Length is 0 or > LongestBasic || encoded.ContainsAny(" \t\r\n,")) return new Found.Conflict(encoded.Contains(',') ? Reasons.CredentialConflict : Reasons.CredentialUnreadable);
        try
        {
            var text = Strict.GetString(Convert.FromBase64String(encoded.ToString()));
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            // An empty password is no password: a directory would take it for no sign-in at all (RFC 4513, 5.1.2).
            if (colon > 0 && colon < text.Length - 1 && !text.Any(char.IsControl)) return new Found.One(new Credential(CredentialKind.Basic, CredentialPlace.Authorization, text[..colon], new Secret(text[(colon + 1)..])));
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            // Falls through: it cannot be read.
        }

        return new Found.Conflict(Reasons.CredentialUnreadable);
    }

    /// <summary>Client authentication by HTTP Basic (RFC 6749, 2.3.1: both parts form-decoded). None, One with Kind Basic (Name = client id), or Conflict.</summary>
    public static Found FindClient(IHeaderDictionary headers)
    {
        var values = headers.Authorization;
        if (values.Count == 0 || string.IsNullOrEmpty(values[0])) return Nothing;
        if (values.Count > 1) return new Found.Conflict(Reasons.CredentialConflict);
        // Some adapters send a stale Bearer along with the client's own credentials in the form; it is not client authentication.
        if (!TryScheme(values[0]!, "Basic", out var encoded)) return Nothing;
        try
        {
            var text = Strict.GetString(Convert.FromBase64String(encoded.ToString()));
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && Parameters.TryDecode(text.AsSpan(0, colon), out var id) && Parameters.TryDecode(text.AsSpan(colon + 1), out var secret))
                return new Found.One(new Credential(CredentialKind.Basic, CredentialPlace.Authorization, id, new Secret(secret)));
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException)
        {
            // Falls through: it cannot be read.
        }

        return new Found.Conflict(Reasons.RequestInvalid);
    }

    private static CredentialKind KindOf(ReadOnlySpan<char> token) => token.StartsWith(SecretKinds.Dialog + "_", StringComparison.Ordinal) ? CredentialKind.Dialog : CredentialKind.Bearer;

    private static bool TryScheme(string header, string scheme, out ReadOnlySpan<char> rest)
    {
        rest = default;
        if (header.Length <= scheme.Length || header[scheme.Length] != ' ' || !header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
        rest = header.AsSpan(scheme.Length + 1).Trim(' ');
        return true;
    }
}
