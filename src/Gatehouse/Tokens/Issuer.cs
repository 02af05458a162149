using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens;

/// <summary>The one mint. Whatever the grant, the same checklist runs here, in this order, and nobody else signs.</summary>
public sealed class Issuer(Issuers issuers, SigningKeys keys, UserCache users, RightsCache rights, SessionStore sessions, RefreshTokens refreshTokens, GadgetStops stops, AuditLog audit, TimeProvider time)
{
    /// <summary>Makes the tokens of an authorization, or says which check failed.</summary>
    /// <remarks>1 realm, 2 client, 3 grant and scopes allowed, 4 user enabled, 5 nothing ended since, 6 session alive, 7 rights, 8 lifetimes, 9 sign, 10 write and audit.</remarks>
    public async ValueTask<(TokenSet? Tokens, OAuthError? Error)> MintAsync(Authorization a, CancellationToken stop)
    {
        var now = time.GetUtcNow();

        // 1 The realm is open.
        if (!a.Realm.Enabled) return Refuse(a, OAuthError.InvalidGrant("The realm is disabled."));

        // 2 The client is enabled.
        if (!a.Client.Enabled) return Refuse(a, OAuthError.InvalidClient("The client is disabled."));

        // 3 The client may use this grant, and what it was granted once is cut to what it may have today.
        if (a.User is null ? !a.Client.ServiceAccount || a.Client.Public : !a.Client.ActsForUsers) return Refuse(a, OAuthError.UnauthorizedClient("The client may not use this grant."));

        if (a.User is not null) a = a with { Scopes = [.. a.Scopes.Where(scope => scope == "openid" || a.Client.DefaultScopes.Contains(scope) || a.Client.OptionalScopes.Contains(scope))] };

        // 4 The user exists and is enabled: asked now, not when the grant began.
        var user = a.User is null ? null : await users.FindAsync(a.Realm.Name, a.User, stop);
        if (a.User is not null && user is not { Enabled: true }) return Refuse(a, OAuthError.InvalidGrant("The user is disabled or gone."));

        // 5 Nobody has since ended everything of the realm, the client or the user; a client of the same name made later inherits nothing.
        if (a.Since is { } since && (since < a.Realm.NotBefore || since < a.Client.NotBefore || since < SecondOf(a.Client.CreatedAt) || (a.AuthenticatedAt ?? since) < user?.NotBefore))
            return Refuse(a, OAuthError.InvalidGrant("What was granted before has been revoked. Sign in again."));

        // 6 The session is alive and theirs, unless the tokens are meant to outlive it.
        if (a.User is not null && !a.IsOffline && (a.Session is null || a.Session.User != a.User || await sessions.FindAsync(a.Realm.Name, a.Session.Id, stop) is null)) return Refuse(a, OAuthError.InvalidGrant("The session has ended. Sign in again."));

        // A session that stands in for a provider that is down ends with the outage, and so does all that comes of it.
        if (a.IsOffline && a.Session?.OnlyRoles is not null) return Refuse(a, OAuthError.InvalidScope("While the provider is down, nothing is given that outlives the session."));

        // 7 What the subject may claim, cut to what the client may see.
        var all = user is not null
            ? (await rights.OfAsync(a.Realm.Name, RoleHolder.User, user.Id, stop)).Only(a.Session?.OnlyRoles)
            : await rights.OfAsync(a.Realm.Name, RoleHolder.ServiceAccount, a.Client.ClientId, stop);
        IReadOnlyCollection<string> roles = a.Client.FullScope ? all.Roles : all.Roles.Where(role => a.Client.RoleScope.Contains(role) || role.StartsWith(a.Client.ClientId + "/", StringComparison.Ordinal)).ToHashSet();
        if (!a.Audience.IsEmpty)
        {
            // RFC 8693, 2.1: a token for these targets alone, which must be among those that the client may reach.
            static string Owner(string role) => role[..role.IndexOf('/', StringComparison.Ordinal)];
            var reach = a.Client.Audiences.Concat(roles.Where(role => role.Contains('/', StringComparison.Ordinal)).Select(Owner)).ToHashSet(StringComparer.Ordinal);
            if (!a.Audience.All(reach.Contains)) return Refuse(a, new OAuthError("invalid_target", "The audience is not known, or beyond this client's reach."));
            if (a.Within is { } narrow && !a.Audience.All(narrow.Names)) return Refuse(a, new OAuthError("invalid_target", "The token that was shown is not for that audience, so nothing made of it is."));
            roles = roles.Where(role => !role.Contains('/', StringComparison.Ordinal) || a.Audience.Contains(Owner(role))).ToHashSet(StringComparer.Ordinal);
        }

        // What was cut once stays cut: else whoever was handed a narrow token would trade it for a wide one.
        IReadOnlyCollection<string> groups = all.Groups;
        if (a.Within is { } shown)
        {
            if (a.Scopes.Contains("roles")) roles = roles.Where(shown.Roles.Contains).ToHashSet(StringComparer.Ordinal);
            groups = [.. all.Groups.Where(shown.Groups.Contains)];
        }

        if (a.Gadget is { } gadget)
        {
            // Without an audience it would count everywhere, and a refresh token would outlive whoever watches over it.
            if (a.Audience.IsEmpty || a.WithRefresh || a.IsOffline || a.User is null || a.Session is null) return Refuse(a, OAuthError.InvalidRequest("A gadget's token names its audience, is a person's in a session, and is not refreshed."));
            if (stops.Has(a.Realm.Name, gadget.Id)) return Refuse(a, new OAuthError("invalid_target", "The gadget is stopped."));
            roles = roles.Where(role => role.Contains('/', StringComparison.Ordinal) || gadget.Roles.Contains(role)).ToHashSet(StringComparer.Ordinal);
        }

        // 8 Lifetimes: a token never outlives its session, nor the memory of its revocation.
        var life = a.Client.AccessTokenLife ?? a.Realm.AccessTokenLife;
        if (a.Gadget is { } brief && brief.Life < life) life = brief.Life;
        var expires = now + (life < Revocations.Longest ? life : Revocations.Longest);
        if (a.NotAfter < expires) expires = a.NotAfter.Value;
        if (!a.IsOffline && a.Session is { } bound && bound.EndsAt < expires) expires = bound.EndsAt;

        if (a.NotAfter <= now) return Refuse(a, OAuthError.InvalidGrant("The token that was shown is over."));

        // 9 Sign.
        var family = a.WithRefresh ? a.Rotates?.Family ?? TokenIds.NewFamily() : null;
        var subject = new Subject(a, issuers.Of(a.Realm.Name), user, roles, groups, now, expires, TokenIds.New(family ?? a.Rotates?.Family));
        var algorithm = a.Client.SigningAlgorithm ?? a.Realm.SigningAlgorithm;
        var signer = await keys.SignerAsync(a.Realm.Name, algorithm, stop);
        // A socket's thread has others waiting: what takes long goes on in the pool.
        if (signer.IsSlow && !Thread.CurrentThread.IsThreadPoolThread) await Task.Yield();
        var buffer = new ArrayBufferWriter<byte>(1024);
        AccessClaims.Write(buffer, subject);
        var access = signer.Sign(buffer.WrittenSpan, "at+jwt");
        string? id = null;
        if (a.IsOpenId)
        {
            buffer.ResetWrittenCount();
            IdClaims.Write(buffer, subject, HalfHash(access, algorithm));
            id = signer.Sign(buffer.WrittenSpan, "JWT");
        }

        var tokens = new TokenSet
        {
            AccessToken = access, ExpiresIn = (int)(expires - now).TotalSeconds, IdToken = id, Scope = string.Join(' ', a.Scopes), SessionState = a.Session?.Id, IssuedType = a.Grant == Grants.ExchangeGrant.Name ? Federation.ProofType.AccessToken : null,
        };

        // 10 Write and audit. What is durable (a refresh token) carries its audit event in the same transaction.
        if (family is not null) return await refreshTokens.IssueAsync(a, tokens, family, stop);
        audit.Note(Event(a, null));
        return (tokens, null);
    }

    internal static AuditEvent Event(Authorization a, OAuthError? error) => new()
    {
        Realm = a.Realm.Name,
        Type = (a.Grant switch { "client_credentials" => "CLIENT_LOGIN", "refresh_token" => "REFRESH_TOKEN", Grants.GrantNames.Uma => "PERMISSION_TOKEN", Grants.ExchangeGrant.Name or "password" or Grants.AssertionGrants.Jwt or Grants.AssertionGrants.Saml => "TOKEN_EXCHANGE", _ => "CODE_TO_TOKEN" }) + (error is null ? "" : "_ERROR"),
        Client = a.Client.ClientId, User = a.User, Session = a.Session?.Id, Address = a.Address, Error = error?.Code,
        Details = Told(a, error),
    };

    private static Dictionary<string, string>? Told(Authorization a, OAuthError? error)
    {
        if (error is null && a.Gadget is null) return null;
        var told = new Dictionary<string, string>();
        if (a.Gadget is { } gadget) told["gadget"] = gadget.Id;
        if (error is not null) told["reason"] = error.Description;
        return told;
    }

    // OpenID Connect Core, 3.1.3.6: left half of the hash that belongs to the algorithm.
    internal static string HalfHash(string token, string algorithm)
    {
        var bytes = Encoding.ASCII.GetBytes(token);
        var hash = algorithm[^3..] switch { "256" => SHA256.HashData(bytes), "384" => SHA384.HashData(bytes), _ => SHA512.HashData(bytes) };
        return Base64Url.EncodeToString(hash.AsSpan(0, hash.Length / 2));
    }

    // A token says its second alone (RFC 7519, 4.1.6): traded in the second in which its client was made, it would count as older than that.
    private static DateTimeOffset SecondOf(DateTimeOffset instant) => DateTimeOffset.FromUnixTimeSeconds(instant.ToUnixTimeSeconds());

    private (TokenSet?, OAuthError?) Refuse(Authorization a, OAuthError error)
    {
        audit.Note(Event(a, error));
        return (null, error);
    }
}
