using System.Text.Json;
using Gatehouse.Outbound;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Oidc;

/// <summary>Checks a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).</summary>
internal static class LogoutToken
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private const long Skew = 60;
    private const long Oldest = 600;
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>The claims; null and why when it is not good.</summary>
    public static async Task<(JwtClaims? Claims, string? Fault)> CheckAsync(string token, OidcShape shape, string client, IssuerKeys keys, TimeProvider time, CancellationToken stop)
    {
        if (!Jws.TryParse(token, Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return (null, "the logout token cannot be read");
        if (claims.Issuer != shape.Issuer) return (null, "the logout token is another issuer's");
        if (jws.Type is not (null or "jwt" or "logout+jwt")) return (null, $"the token is of the type '{jws.Type}'");
        if (!Algorithms.Contains(jws.Algorithm.Name)) return (null, $"the logout token is signed with {jws.Algorithm.Name}");
        var (key, _) = await keys.FindAsync(jws.KeyId, jws.Algorithm.Name, stop);
        if (key is null || key.Verify(jws) != JoseError.None) return (null, "the logout token's signature is not of the issuer's keys");
        if (!claims.Audience.Contains(client)) return (null, "the logout token is meant for another client");
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.IssuedAt is not { } begun || begun > now + Skew || begun < now - Oldest || claims.ExpiresAt + Skew <= now) return (null, "the logout token is too old, or from the future");
        if (claims.Member("events") is not { ValueKind: JsonValueKind.Object } events || !events.TryGetProperty(Event, out var said) || said.ValueKind != JsonValueKind.Object) return (null, "the token does not tell of a logout");

        // An ID token passed off as a logout token would have one.
        if (claims.Member("nonce") is not null) return (null, "a logout token has no nonce");
        return claims.Subject is null && claims.Text("sid") is null ? (null, "the logout token names neither subject nor session") : (claims, null);
    }
}
