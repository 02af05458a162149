using System.Collections.Frozen;
using System.Text.Json;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tokens;

/// <summary>Checks our own access tokens (RFC 9068, 4) from memory: keys, revocations, ended sessions. No database, no I/O.</summary>
public sealed class Verify(Issuers issuers, Realms realms, SigningKeys keys, Revocations revocations, GadgetStops stops, SessionStore sessions, TimeProvider time, IOptions<TokensSettings> settings)
{
    private readonly GoodSignatures signatures = new();
    private readonly TimeSpan skew = TimeSpan.FromSeconds(settings.Value.ClockSkewSeconds);

    /// <summary>Difference of clocks that is forgiven: principals live that much longer than their tokens say.</summary>
    public TimeSpan Skew => skew;

    /// <summary>
    /// Checks type, issuer, signature, times, audience when <paramref name="audience"/> is given, realm enabled, revocation. Returns null and the principal, or the reason of refusal.
    /// <see cref="Reasons.TokenIssuer"/> when the issuer is not one of our realms: the token may still be a foreign issuer's.
    /// </summary>
    public Reason? Check(string token, string? audience, out Principal? principal)
    {
        principal = null;
        if (Read(token, "at+jwt", out var jws, out var claims) is { } unread) return unread;
        if (realms.Find(issuers.RealmOf(claims!.Issuer!)!) is not { Enabled: true } realm) return Reasons.TokenIssuer;
        if (keys.Verifier(realm.Name, jws!.KeyId, jws.Algorithm.Name) is not { } verifier || !signatures.Holds(token, jws, verifier)) return Reasons.TokenSignature;
        if (claims.Subject is null || claims.ExpiresAt is null || claims.IssuedAt is null) return Reasons.TokenMalformed;
        if (Times(claims) is { } untimely) return untimely;
        if (audience is not null && !claims.Audience.Contains(audience)) return Reasons.TokenAudience;
        var made = ToPrincipal(realm, claims);
        if (realm.NotBefore is { } floor && made.IssuedAt < floor) return Reasons.TokenRevoked;
        if (IsRevoked(made)) return Reasons.TokenRevoked;
        principal = made;
        return null;
    }

    /// <summary>Whether a principal whose token was checked before has been revoked since: by token, session, subject, client, gadget or realm. Memory only; called on every request.</summary>
    public bool IsRevoked(Principal principal)
        => (principal.Session is { } session && sessions.HasEnded(principal.Realm, session))
            || revocations.Has(principal.Realm, principal.TokenId, principal.Subject, principal.Client, principal.IssuedAt ?? DateTimeOffset.MaxValue, principal.Gadget)
            || (principal.Gadget is { } gadget && stops.Has(principal.Realm, gadget));

    /// <summary>Whether a text is a secret of this program, or a JWT that names it as its issuer: genuine or not, whole or damaged in its other parts.</summary>
    public bool IsOurs(string token)
    {
        if (SecretKinds.IsAny(token)) return true;
        var parts = token.Split('.');
        return parts.Length == 3 && StrictBase64Url.TryDecode(parts[1], out var payload) && JwtClaims.TryParse(payload, Limits.Default, out var claims, out _) && claims.Issuer is { } issuer && issuers.RealmOf(issuer) is not null;
    }

    /// <summary>An ID token of ours that comes back as a hint (OpenID Connect Core, 3.1.2.1; RP-Initiated Logout, 2): signature and issuer must hold, its age does not matter.</summary>
    public JwtClaims? CheckHint(string token, string realm)
    {
        if (Read(token, "jwt", out var jws, out var claims) is not null || issuers.RealmOf(claims!.Issuer!) != realm || claims.Text("typ") != "ID") return null;
        return keys.Verifier(realm, jws!.KeyId, jws.Algorithm.Name)?.Verify(jws) == JoseError.None ? claims : null;
    }

    private Reason? Read(string token, string type, out Jws? jws, out JwtClaims? claims)
    {
        claims = null;
        if (!Jws.TryParse(token, Limits.Default, out jws, out _)) return Reasons.TokenMalformed;
        if (!JwtClaims.TryParse(jws.Payload, Limits.Default, out claims, out _)) return Reasons.TokenMalformed;
        if (claims.Issuer is null || issuers.RealmOf(claims.Issuer) is null) return Reasons.TokenIssuer;
        return jws.Type == type ? null : Reasons.TokenType;
    }

    private Reason? Times(JwtClaims claims)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var give = (long)skew.TotalSeconds;
        if (claims.ExpiresAt <= now - give) return Reasons.TokenExpired with { Hint = $"It expired {now - claims.ExpiresAt} s ago by this host's clock, which forgives {give} s. Refresh it or sign in again; if it was issued just now, this host's clock is ahead by about that much." };
        var ahead = Math.Max(claims.NotBefore ?? 0, claims.IssuedAt ?? 0) - now;
        return ahead > give ? Reasons.TokenEarly with { Hint = $"It begins {ahead} s from now by this host's clock, which forgives {give} s: the clock of the host that issued it is ahead by that much, or this host's is behind." } : null;
    }

    private Principal ToPrincipal(Realm realm, JwtClaims claims)
    {
        var name = claims.Text("preferred_username");
        var service = name?.StartsWith("service-account-", StringComparison.Ordinal) == true && claims.Text("sid") is null && claims.Time("auth_time") is null;
        return new Principal
        {
            Realm = realm.Name, Subject = claims.Subject!, Kind = service ? PrincipalKind.Service : PrincipalKind.User, Name = name, Issuer = claims.Issuer,
            Client = claims.Text("azp"), Session = claims.Text("sid"), TokenId = claims.Id, Audiences = claims.Audience,
            Roles = RolesOf(claims), Groups = claims.Texts("groups").ToFrozenSet(),
            Scopes = (claims.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(),
            AuthenticatedAt = claims.Time("auth_time") is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null, Level = claims.Text("acr"), Gadget = claims.Text("gadget"), Door = claims.Text("door"), PermittedAt = claims.Text("permitted_at"),
            IssuedAt = DateTimeOffset.FromUnixTimeSeconds(claims.IssuedAt!.Value),
            // The forgiven skew is part of the life: a cache must not refuse what a fresh check would accept.
            Until = DateTimeOffset.FromUnixTimeSeconds(claims.ExpiresAt!.Value) + skew,
        };
    }

    /// <summary>Role keys from Keycloak's claims; used for foreign Keycloak issuers as well.</summary>
    public static FrozenSet<string> RolesOf(JwtClaims claims)
    {
        var roles = new HashSet<string>(StringComparer.Ordinal);
        if (claims.Member("realm_access") is { ValueKind: JsonValueKind.Object } realm) AddRoles(roles, realm, "");
        if (claims.Member("resource_access") is { ValueKind: JsonValueKind.Object } resources)
            foreach (var client in resources.EnumerateObject())
                if (client.Value.ValueKind == JsonValueKind.Object) AddRoles(roles, client.Value, client.Name + "/");
        return roles.ToFrozenSet();
    }

    private static void AddRoles(HashSet<string> roles, JsonElement access, string prefix)
    {
        if (!access.TryGetProperty("roles", out var list) || list.ValueKind != JsonValueKind.Array) return;
        foreach (var role in list.EnumerateArray())
            // A realm role with a slash would pass for a client's role.
            if (role.ValueKind == JsonValueKind.String && role.GetString() is { Length: > 0 } name && (prefix.Length > 0 || !name.Contains('/', StringComparison.Ordinal))) roles.Add(prefix + name);
    }
}
