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
    private readonly IGrant refresh = grants.Single(grant => grant.Type == "refresh_token");

    /// <summary>Tokens of a session.</summary>
    public async Task<(TokenSet? Tokens, OAuthError? Error)> MakeAsync(Realm realm, Client client, User user, Session session, bool withRefresh, string? address, CancellationToken stop)
    {
        sessions.Touch(session, realm.SessionIdle);
        return await issuer.MintAsync(new Authorization
        {
            Grant = "authorization_code", Realm = realm, Client = client, User = user.Id, Session = session, Scopes = client.DefaultScopes, AuthenticatedAt = session.AuthenticatedAt, Level = session.Level, WithRefresh = withRefresh, Address = address,
        }, stop);
    }

    /// <summary>
    /// The next access token. The answer that the vendor's clients expect has no refresh token, so the one they have stays good: it is not rotated, ends with its session, and an access token beside it must be of the same session.
    /// </summary>
    public async Task<(TokenSet? Tokens, string? User, OAuthError? Error)> RenewAsync(Realm realm, Client client, string? access, string refreshToken, string? address, CancellationToken stop)
    {
        var result = await refresh.AuthorizeAsync(new GrantRequest(realm, client, Parameters.Of([new("refresh_token", refreshToken)]), address), stop);
        var error = result switch
        {
            GrantResult.Refused refused => refused.Error,
            // Rotated elsewhere a moment ago; here no such answer is repeated, for it holds the next refresh token.
            GrantResult.Repeated => OAuthError.InvalidGrant("The refresh token was replaced."),
            _ => null,
        };
        if (error is not null) return (null, null, error);
        var authorization = ((GrantResult.Granted)result).Authorization;

        // Nobody proves at this door which client asks, and nothing is rotated: what was made where both are done is renewed there alone, else whoever finds it renews it here unseen.
        if (authorization.Rotates is { OfCode: true } or { Audience: not null }) return (null, authorization.User, OAuthError.InvalidGrant("The refresh token is of another endpoint, which renews it."));
        if (access is not null && !Belongs(access, authorization)) return (null, authorization.User, OAuthError.InvalidGrant("The access token is not of this refresh token's session."));
        if (authorization.Session is not { } session) return (null, authorization.User, OAuthError.InvalidGrant("The refresh token has no session."));
        sessions.Touch(session, realm.SessionIdle);
        var (tokens, no) = await issuer.MintAsync(authorization with { WithRefresh = false }, stop);
        return (tokens, authorization.User, no);
    }

    // The old access token may be over: that is why it is renewed.
    private bool Belongs(string access, Authorization of)
    {
        var reason = verify.Check(access, null, out var principal);
        return reason is null ? principal!.Realm == of.Realm.Name && principal.Session == of.Session?.Id && principal.Client == of.Client.ClientId && principal.Gadget is null : reason.Code == Reasons.TokenExpired.Code;
    }
}
