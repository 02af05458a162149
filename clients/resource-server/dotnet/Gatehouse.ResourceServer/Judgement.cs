using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.ResourceServer;

/// <summary>What was found about a token: its holder, or why it does not count.</summary>
/// <param name="Holder">Who holds it; null when it does not count.</param>
/// <param name="Fault">Why not; null when it counts.</param>
public readonly record struct Judgement(TokenHolder? Holder, TokenFault? Fault)
{
    /// <summary>It does not count.</summary>
    internal static Judgement No(TokenFault fault) => new(null, fault);

    /// <summary>A token's header and claims against the rules, before and beside its signature. No cryptography, no clock, no I/O.</summary>
    internal static TokenFault? Read(string token, TrustRules rules, out Jws? jws, out JwtClaims? claims)
    {
        claims = null;
        // Header members that bring a key of their own (jwk, jku, x5c) are read by nobody: only the issuer's keys count. Whatever is marked critical is refused.
        if (!Jws.TryParse(token, Limits.Default, out jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out claims, out _)) return TokenFault.Malformed;
        if (jws.Type is not { } type || !rules.Types.Contains(type)) return TokenFault.Type;
        if (claims.Issuer != rules.Issuer) return TokenFault.Issuer;
        return rules.Algorithms.Contains(jws.Algorithm.Name) ? null : TokenFault.Signature;
    }

    /// <summary>Times and audience of claims that are the issuer's own words; <paramref name="mustEnd"/> where they must say when they end.</summary>
    internal static Judgement Of(JwtClaims claims, TrustRules rules, DateTimeOffset now, bool mustEnd)
    {
        var (at, give) = (now.ToUnixTimeSeconds(), (long)rules.Skew.TotalSeconds);
        if (claims.ExpiresAt is null && mustEnd) return No(TokenFault.Malformed);
        if (claims.ExpiresAt is { } ends && ends <= at - give) return No(TokenFault.Expired);
        if (Math.Max(claims.NotBefore ?? 0, claims.IssuedAt ?? 0) - at > give) return No(TokenFault.Early);
        if (!rules.AnyAudience && !claims.Audience.Any(rules.Audiences.Contains)) return No(TokenFault.Audience);
        return TokenHolder.Of(claims) is { } holder ? new(holder, null) : No(TokenFault.Malformed);
    }
}
