using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>The desktop's tokens: made of a browser's session, renewed with the refresh token. All by the one mint.</summary>
internal sealed class SsoTokens(Issuer issuer, IEnumerable<IGrant> grants, Verify verify, SessionStore sessions)
{
    private const string Door = "desktop";

    private readonly IGrant refresh = grants.Single(grant => grant.Type == "refresh_token");

    /// <summary>Tokens of a session.</summary>
    public async Task<(TokenSet? Tokens, OAuthError? Error)> MakeAsync(Realm realm, Client client, User user, Session session, bool withRefresh, string? address, CancellationToken stop)
    {
        sessions.Touch(session, realm.SessionIdle);
        return await issuer.MintAsync(new Authorization
        {
            Grant = "authorization_code", Door = Door, Realm = realm, Client = client, User = user.Id, Session = session, Scopes = client.DefaultScopes, AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, WithRefresh = withRefresh, Address = address,
        }, stop);
    }

    /// <summary>
    /// What a refresh token stands for, for the next access token. The answer that the vendor's clients expect has no refresh token, so the one they have stays good: it is not rotated, ends with its session, and an access token beside it must be of the same session. Nobody proves at this door which client asks, and nothing is rotated: it renews what it made itself, and nothing else.
    /// </summary>
    public async Task<(Authorization? Found, string? User, OAuthError? Error)> FindAsync(Realm realm, Client client, string? access, string refreshToken, string? address, CancellationToken stop)
    {
        var result = await refresh.AuthorizeAsync(new GrantRequest(realm, client, Parameters.Of([new("refresh_token", refreshToken)]), address) { Door = Door }, stop);
        var error = result switch
        {
            GrantResult.Refused refused => refused.Error,
            // Rotated elsewhere a moment ago; here no such answer is repeated, for it holds the next refresh token.
            GrantResult.Repeated => OAuthError.InvalidGrant("The refresh token was replaced."),
            _ => null,
        };
        if (error is not null) return (null, null, error);
        var authorization = ((GrantResult.Granted)result).Authorization;
        if (access is not null && !Belongs(access, authorization)) return (null, authorization.User, OAuthError.InvalidGrant("The access token is not of this refresh token's session."));
        return authorization.Session is null ? (null, authorization.User, OAuthError.InvalidGrant("The refresh token has no session.")) : (authorization, authorization.User, null);
    }

    /// <summary>The next access token of what <see cref="FindAsync"/> found; the session counts as used.</summary>
    public ValueTask<(TokenSet? Tokens, OAuthError? Error)> RenewAsync(Authorization found, CancellationToken stop)
    {
        sessions.Touch(found.Session!, found.Realm.SessionIdle);
        return issuer.MintAsync(found with { WithRefresh = false }, stop);
    }

    // The old access token may be over: that is why it is renewed.
    private bool Belongs(string access, Authorization of)
    {
        var reason = verify.Check(access, null, out var principal);
        return reason is null ? principal!.Realm == of.Realm.Name && principal.Session == of.Session?.Id && principal.Client == of.Client.ClientId && principal.Gadget is null : reason.Code == Reasons.TokenExpired.Code;
    }
}
