using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tokens;

/// <summary>Issuer addresses: <c>{public url}/realms/{realm}</c>, with a path before <c>/realms</c> where the settings say so. They never follow the request's Host header, which anybody can send.</summary>
public sealed class Issuers(IOptions<TokensSettings> settings)
{
    private readonly ConcurrentDictionary<string, string> known = new();
    private readonly string prefix = settings.Value.PublicUrl.TrimEnd('/') + settings.Value.IssuerPath + "/realms/";
    private readonly string plain = settings.Value.PublicUrl.TrimEnd('/') + "/realms/";

    /// <summary>Public address without a trailing slash.</summary>
    public string PublicUrl { get; } = settings.Value.PublicUrl.TrimEnd('/');

    /// <summary>Whether clients come over TLS: cookies are Secure then.</summary>
    public bool IsTls => PublicUrl.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Issuer of a realm, as tokens and metadata name it (RFC 8414, 2).</summary>
    public string Of(string realm) => known.GetOrAdd(realm, static (name, start) => start + name, prefix);

    /// <summary>Realm name when <paramref name="issuer"/> is of our form; null otherwise. Whether the realm exists is another question.</summary>
    public string? RealmOf(string issuer) => Behind(prefix, issuer) ?? (plain.Length == prefix.Length ? null : Behind(plain, issuer));

    private static string? Behind(string start, string issuer)
        => issuer.StartsWith(start, StringComparison.Ordinal) && issuer.Length > start.Length && !issuer.AsSpan(start.Length).Contains('/') ? issuer[start.Length..] : null;
}
