using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Checks our own access tokens (RFC 9068, 4) from memory: keys, revocations, ended sessions. No database, no I/O.</summary>
public sealed class Verify
{
    /// <summary>
    /// Checks issuer, type, signature, times (60 s of skew), audience when <paramref name="audience"/> is given, realm enabled, revocation. Returns null and the principal, or the reason of refusal.
    /// <see cref="Reasons.TokenIssuer"/> when the issuer is not one of our realms: the token may still be a foreign issuer's.
    /// </summary>
    public Reason? Check(string token, string? audience, out Principal? principal) => throw new NotImplementedException();

    /// <summary>Whether a principal whose token was checked before has been revoked since: by jti, session, user, client, realm, or "all issued before". Memory only; called on every request.</summary>
    public bool IsRevoked(Principal principal, DateTimeOffset issuedAt) => throw new NotImplementedException();
}
