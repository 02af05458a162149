using System.Globalization;
using System.Text;
using Gatehouse.Federation.Oidc;
using Gatehouse.Outbound;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;

namespace Gatehouse.Federation.Jwt;

/// <summary>An issuer whose JWTs are taken as authorization grants (RFC 7523, 3), by asymmetric keys of its own only.</summary>
internal sealed class JwtUpstream : IAcceptsProof
{
    private const long Skew = 60;
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly Upstream upstream;
    private readonly Surroundings surroundings;
    private readonly OidcShape shape;
    private readonly string issuer;
    private readonly long longest;
    private readonly JwkSet? given;
    private readonly IssuerKeys? fetched;

    /// <summary>Opens one. Throws <see cref="ArgumentException"/> when its settings are wrong.</summary>
    public JwtUpstream(Upstream upstream, Surroundings surroundings)
    {
        (this.upstream, this.surroundings, issuer) = (upstream, surroundings, upstream["issuer"]!);
        shape = new OidcShape { Issuer = issuer, SubjectClaim = upstream["subjectClaim"] ?? "sub", UsernameClaim = upstream["usernameClaim"] ?? "preferred_username", GroupsClaim = upstream["groupsClaim"] ?? "groups" };
        longest = long.TryParse(upstream["longestLife"] ?? "600", NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 10 and <= 86_400 ? seconds : throw new ArgumentException("'longestLife' is 10 to 86400 seconds.");
        if (upstream["jwks"] is { } document)
        {
            given = JwkSet.TryParse(Encoding.UTF8.GetBytes(document), out var set, out var error) ? set : throw new ArgumentException($"'jwks' is no public key set ({error}).");
            return;
        }

        Uri? address = null;
        if (upstream["jwksUrl"] is { } at && !(Uri.TryCreate(at, UriKind.Absolute, out address) && address.Scheme is "https" or "http")) throw new ArgumentException("'jwksUrl' is no web address.");
        var source = address ?? (Uri.TryCreate(issuer, UriKind.Absolute, out var own) && own.Scheme is "https" or "http" ? own : throw new ArgumentException("'issuer' is no web address, so its keys cannot be found: set 'jwksUrl' or 'jwks'."));

        // Whoever can change keys on the wire can vouch for anybody.
        if (source.Scheme == "http" && !source.IsLoopback) throw new ArgumentException("Keys come by https: over plain http anybody on the way could put their own there.");
        if (surroundings.Http is not null) fetched = new IssuerKeys(issuer, address, surroundings.Http, surroundings.Time);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ProofTypes => [ProofType.Jwt];

    /// <inheritdoc/>
    public async Task<Finding.Unavailable?> ProbeAsync(Trace trace, CancellationToken stop)
    {
        trace.Add($"takes tokens of {issuer} for {upstream["audience"] ?? "this realm"}");
        if (given is not null) return null;
        var (_, known) = await fetched!.FindAsync(null, "RS256", stop);
        trace.Add($"its keys: {(known ? "had" : "not to be had")}");
        return known ? null : new Finding.Unavailable("its keys cannot be had");
    }

    /// <inheritdoc/>
    public async Task<Finding> AcceptAsync(Secret proof, string? target, Trace trace, CancellationToken stop)
    {
        if (!Jws.TryParse(proof.Reveal(), Limits.Default, out var jws, out _) || !JwtClaims.TryParse(jws.Payload, Limits.Default, out var claims, out _)) return No("malformed", "the token cannot be read");
        if (claims.Issuer != issuer) return No("wrong_issuer", $"the token is from '{claims.Issuer}'");
        if (!Algorithms.Contains(jws.Algorithm.Name)) return No("unsupported_algorithm", $"the token is signed with {jws.Algorithm.Name}");

        // What says that it is something else is not taken for an assertion (RFC 8725, 3.11).
        if (jws.Type is "logout+jwt" or "dpop+jwt" or "secevent+jwt") return No("wrong_type", $"the token is of the type '{jws.Type}'");
        if (await VerifyAsync(jws, stop) is { } fault) return fault;

        var realm = $"{surroundings.PublicUrl}/realms/{upstream.Realm}";
        if (upstream["audience"] is { } wanted ? !claims.Audience.Contains(wanted) : !claims.Audience.Contains(realm) && !(target is not null && claims.Audience.Contains(target))) return No("wrong_audience", "the token is meant for somebody else");
        var now = surroundings.Time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.ExpiresAt is not { } ends || ends + Skew <= now) return No("expired", "the token is over, or does not say when it is");
        if (ends > now + longest + Skew) return No("lives_too_long", $"the token lives longer than {longest} s");
        if (claims.IssuedAt > now + Skew || claims.NotBefore > now + Skew) return No("not_yet_valid", "the token begins in the future");
        var person = OidcPerson.Of(shape, claims.All, null);
        if (person.Subject.Length == 0) return No("no_subject", "the token names no subject");
        if (!upstream.Flag("once", otherwise: true)) return new Finding.Known(person);
        if (claims.Id is not { Length: > 0 and <= 255 } jti) return No("no_jti", "the token has no 'jti', without which it could count twice");
        return await surroundings.Used.TakeAsync(upstream.Realm, issuer, jti, DateTimeOffset.FromUnixTimeSeconds(ends + 2 * Skew), stop) ? new Finding.Known(person) : No("replayed", "the token was used before");
    }

    private async ValueTask<Finding?> VerifyAsync(Jws jws, CancellationToken stop)
    {
        if (given is not null)
        {
            using var own = given.Find(jws.KeyId, jws.Algorithm.Name) is { } listed ? new JoseVerifier(listed) : null;
            return own?.Verify(jws) == JoseError.None ? null : Unsigned();
        }

        var (key, known) = await fetched!.FindAsync(jws.KeyId, jws.Algorithm.Name, stop);
        return !known ? new Finding.Unavailable("the issuer's keys cannot be had") : key?.Verify(jws) == JoseError.None ? null : Unsigned();
    }

    private static Finding.Refused Unsigned() => No("bad_signature", "the signature is not of the issuer's keys");

    private static Finding.Refused No(string code, string detail) => new(code, detail);
}
