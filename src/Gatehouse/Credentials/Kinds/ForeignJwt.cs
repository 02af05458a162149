using System.Collections.Frozen;
using System.Text;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Credentials.Kinds;

/// <summary>What a foreign issuer's JWTs must be.</summary>
/// <param name="Name">Name in the access file.</param>
/// <param name="Issuer">The exact <c>iss</c>.</param>
/// <param name="Jwks">Address of its keys.</param>
/// <param name="Audiences">One of these must be named.</param>
/// <param name="Algorithms">Accepted algorithms.</param>
public sealed record ForeignJwtTrust(string Name, string Issuer, Uri Jwks, IReadOnlyList<string> Audiences, IReadOnlyList<string> Algorithms);

/// <summary>
/// JWTs of a foreign issuer, by its key set. Keys are kept; an unknown key id makes them be fetched again, at most once in ten seconds. When the issuer is down, known keys go on counting:
/// its outage is not ours. Unavailable is said only when no key was ever fetched.
/// </summary>
public sealed class ForeignJwt(ForeignJwtTrust trust, string realm, OutboundHttp http, TimeProvider time) : ICredentialVerifier, IDisposable
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim fetching = new(1, 1);
    private volatile JwkSet? keys;
    private long fetchedAt = long.MinValue;
    private long triedAt = long.MinValue;

    /// <inheritdoc/>
    public async ValueTask<Verdict> VerifyAsync(Credential credential, CancellationToken stop)
    {
        if (!Jws.TryParse(credential.Value.Reveal(), Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return No(Reasons.TokenMalformed);
        if (claims.Issuer != trust.Issuer) return No(Reasons.TokenIssuer);
        if (!trust.Algorithms.Contains(jws.Algorithm.Name)) return No(Reasons.TokenSignature);
        if (jws.Type is not (null or "jwt" or "at+jwt")) return No(Reasons.TokenType);
        var key = keys?.Find(jws.KeyId, jws.Algorithm.Name);
        if (key is null || Age(fetchedAt) > Fresh)
        {
            await FetchAsync(stop);
            key = keys?.Find(jws.KeyId, jws.Algorithm.Name);
        }

        if (keys is null) return new Verdict.Unavailable(Reasons.VerifierUnavailable);
        if (key is null) return No(Reasons.TokenSignature);
        using var verifier = new JoseVerifier(key);
        if (verifier.Verify(jws) != JoseError.None) return No(Reasons.TokenSignature);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var give = (long)Skew.TotalSeconds;
        if (claims.ExpiresAt is not { } exp || claims.Subject is null) return No(Reasons.TokenMalformed);
        if (exp <= now - give) return No(Reasons.TokenExpired);
        if (claims.NotBefore > now + give || claims.IssuedAt > now + give) return No(Reasons.TokenEarly);
        if (!claims.Audience.Any(trust.Audiences.Contains)) return No(Reasons.TokenAudience);
        return new Verdict.Accepted(new Principal
        {
            Realm = realm, Subject = claims.Subject, Kind = claims.Member("sid") is null && claims.Member("auth_time") is null && claims.Text("client_id") is not null ? PrincipalKind.Service : PrincipalKind.User,
            Name = claims.Text("preferred_username"), Issuer = claims.Issuer, Client = claims.Text("azp") ?? claims.Text("client_id"), TokenId = claims.Id, Audiences = claims.Audience,
            Roles = Verify.RolesOf(claims), Groups = claims.Texts("groups").ToFrozenSet(), Scopes = (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(),
            IssuedAt = claims.IssuedAt is { } iat ? DateTimeOffset.FromUnixTimeSeconds(iat) : null, Until = DateTimeOffset.FromUnixTimeSeconds(exp) + Skew,
        });
    }

    /// <inheritdoc/>
    public bool StillStands(Principal principal) => true;

    /// <inheritdoc/>
    public void Dispose() => fetching.Dispose();

    private static Verdict.Rejected No(Reason reason) => new(reason);

    private TimeSpan Age(long timestamp) => timestamp == long.MinValue ? TimeSpan.MaxValue : time.GetElapsedTime(timestamp);

    private async Task FetchAsync(CancellationToken stop)
    {
        // Without any key everybody waits for the fetch under way; with some, nobody waits for another.
        if (keys is not null && Age(triedAt) < Calm) return;
        await fetching.WaitAsync(stop);
        try
        {
            if (Age(triedAt) < Calm) return;
            triedAt = time.GetTimestamp();
            using var request = new HttpRequestMessage(HttpMethod.Get, trust.Jwks);
            var (status, body) = await http.SendAsync(request, stop);
            if ((int)status != 200 || !JwkSet.TryParse(body, out var set, out _)) return;
            keys = set;
            fetchedAt = time.GetTimestamp();
        }
        catch (Exception wrong) when (wrong is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            // Known keys stay.
        }
        finally
        {
            fetching.Release();
        }
    }
}
