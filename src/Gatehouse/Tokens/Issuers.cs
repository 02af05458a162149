using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tokens;

/// <summary>Issuer addresses: <c>{base}/realms/{realm}</c>. The base is the configured public address; without one, the request's own scheme and host on loopback only.</summary>
public sealed class Issuers
{
    /// <summary>Issuer of a realm, as tokens and metadata name it (RFC 8414, 2).</summary>
    public string Of(string realm, HttpContext? context = null) => throw new NotImplementedException();

    /// <summary>Realm name when <paramref name="issuer"/> is one of ours; null otherwise.</summary>
    public string? RealmOf(string issuer) => throw new NotImplementedException();
}
