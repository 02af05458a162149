using System.Collections.Frozen;
using Gatehouse.Outbound;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Credentials.Kinds;

/// <summary>What a foreign issuer's JWTs must be.</summary>
/// <param name="Issuer">The exact <c>iss</c>.</param>
/// <param name="SubjectPrefix">Put before each <c>sub</c>, so that no subject of this issuer can pass for one of ours; empty to take them as they are.</param>
/// <param name="Audiences">One of these must be named.</param>
/// <param name="Algorithms">Accepted algorithms.</param>
public sealed record ForeignJwtTrust(string Issuer, string SubjectPrefix, IReadOnlyList<string> Audiences, IReadOnlyList<string> Algorithms);

/// <summary>JWTs of a foreign issuer, by its key set. What is no JWT of that issuer is <see cref="Reasons.TokenIssuer"/>: another verifier may know it. Unavailable is said only when no key was ever had.</summary>
public sealed class ForeignJwt(ForeignJwtTrust trust, string realm, IssuerKeys keys, TimeProvider time) : ICredentialVerifier
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    /// <inheritdoc/>
    public async ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
    {
        if (!Jws.TryParse(credential.Value.Reveal(), Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return No(Reasons.TokenIssuer);
        if (claims.Issuer != trust.Issuer) return No(Reasons.TokenIssuer);
        if (!trust.Algorithms.Contains(jws.Algorithm.Name)) return No(Reasons.TokenSignature);
        if (jws.Type is not (null or "jwt" or "at+jwt")) return No(Reasons.TokenType);
        var (key, known) = await keys.FindAsync(jws.KeyId, jws.Algorithm.Name, stop);
        if (!known) return new Verdict.Unavailable(Reasons.VerifierUnavailable);
        if (key is null || key.Verify(jws) != JoseError.None) return No(Reasons.TokenSignature);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var give = (long)Skew.TotalSeconds;
        if (claims.ExpiresAt is not { } exp || string.IsNullOrEmpty(claims.Subject)) return No(Reasons.TokenMalformed);
        if (exp <= now - give) return No(Reasons.TokenExpired);
        if (claims.NotBefore > now + give || claims.IssuedAt > now + give) return No(Reasons.TokenEarly);
        if (!claims.Audience.Any(trust.Audiences.Contains)) return No(Reasons.TokenAudience);
        return new Verdict.Accepted(new Principal
        {
            Realm = realm, Subject = trust.SubjectPrefix + claims.Subject,
            Kind = claims.Member("sid") is null && claims.Member("auth_time") is null && claims.Text("client_id") is not null ? PrincipalKind.Service : PrincipalKind.User,
            Name = claims.Text("preferred_username"), Issuer = claims.Issuer, Client = claims.Text("azp") ?? claims.Text("client_id"), TokenId = claims.Id, Audiences = claims.Audience,
            Roles = Verify.RolesOf(claims), Groups = claims.Texts("groups").ToFrozenSet(), Scopes = (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(),
            IssuedAt = claims.IssuedAt is { } iat ? DateTimeOffset.FromUnixTimeSeconds(iat) : null, Until = DateTimeOffset.FromUnixTimeSeconds(exp) + Skew,
        });
    }

    /// <inheritdoc/>
    public bool StillStands(Principal principal) => true;

    /// <inheritdoc/>
    public ValueTask<bool> LivesAsync(Principal principal, Credential credential, CancellationToken stop) => ValueTask.FromResult(true);

    private static Verdict.Rejected No(Reason reason) => new(reason);
}
