using Gatehouse.Outbound;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Oidc;

/// <summary>Checks an ID token (OpenID Connect Core, 3.1.3.7), by asymmetric keys of its issuer only.</summary>
internal static class IdToken
{
    private const long Skew = 60;
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>The claims, or what is wrong; <c>Down</c> when the keys cannot be had. A null nonce is not asked for.</summary>
    public static async Task<(JwtClaims? Claims, string? Fault, bool Down)> CheckAsync(string token, OidcShape shape, string client, string? nonce, IssuerKeys keys, TimeProvider time, CancellationToken stop)
    {
        if (!Jws.TryParse(token, Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return (null, "the ID token cannot be read", false);
        if (claims.Issuer != shape.Issuer) return (null, $"the ID token is from '{claims.Issuer}', not '{shape.Issuer}'", false);
        if (!Algorithms.Contains(jws.Algorithm.Name)) return (null, $"the ID token is signed with {jws.Algorithm.Name}", false);
        var (key, known) = await keys.FindAsync(jws.KeyId, jws.Algorithm.Name, stop);
        if (!known) return (null, "the issuer's keys cannot be had", true);
        if (key is null || key.Verify(jws) != JoseError.None) return (null, "the ID token's signature is not of the issuer's keys", false);
        if (!claims.Audience.Contains(client)) return (null, "the ID token is meant for another client", false);
        var party = claims.Text("azp");
        if (party is not null ? party != client : claims.Audience.Length > 1) return (null, "the ID token was given to another party (azp)", false);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.ExpiresAt is not { } ends || ends + Skew <= now) return (null, "the ID token has expired", false);
        if (claims.IssuedAt is not { } begun || begun > now + Skew || claims.NotBefore > now + Skew) return (null, "the ID token begins in the future, or does not say when", false);
        if (nonce is not null && claims.Text("nonce") != nonce) return (null, "the ID token has another nonce", false);
        return claims.Subject is { Length: > 0 } ? (claims, null, false) : (null, "the ID token names no subject", false);
    }
}
