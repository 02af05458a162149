using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>Redeems an authorization code (RFC 6749, 4.1.3) with its PKCE verifier (RFC 7636, 4.6).</summary>
public sealed class AuthorizationCodeGrant(Codes codes, RefreshTokens refreshTokens, SessionStore sessions) : IGrant
{
    /// <inheritdoc/>
    public string Type => "authorization_code";

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client.StandardFlow;

    /// <inheritdoc/>
    public Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
        => request.Parameters["code"] is not null && request.Parameters["code_verifier"] is null ? Task.FromResult<GrantResult>(Refuse(OAuthError.InvalidRequest("The parameter 'code_verifier' is missing (PKCE, RFC 7636)."))) : RedeemAsync(request, null, plainToo: false, stop);

    /// <summary>Redeems a code of a door of its own; null for the OpenID endpoints. A code without a challenge counts only where <paramref name="plainToo"/> says so, and only for a client that has proven who it is by a secret.</summary>
    public async Task<GrantResult> RedeemAsync(GrantRequest request, string? door, bool plainToo, CancellationToken stop)
    {
        var parameters = request.Parameters;
        if (parameters["code"] is not { } code) return Refuse(OAuthError.InvalidRequest("The parameter 'code' is missing."));

        // 1 The code is consumed before it is judged: whoever guesses at a verifier has one try.
        var (grant, stolen) = await codes.TakeAsync(request.Realm.Name, code, stop);
        if (stolen)
        {
            await refreshTokens.EndOfCodeAsync(request.Realm.Name, codes.HashOf(code), stop);
            return Refuse(OAuthError.InvalidGrant(Codes.UsedBefore));
        }

        if (grant is null) return Refuse(OAuthError.InvalidGrant("Code not valid"));

        // 2 It belongs to this client, this address, this verifier.
        if (grant.ClientId != request.Client.ClientId) return Refuse(OAuthError.InvalidGrant("The code was made for another client."));
        if (grant.RedirectUri != parameters["redirect_uri"]) return Refuse(OAuthError.InvalidGrant("Incorrect redirect_uri"));
        if (grant.Door != door) return Refuse(OAuthError.InvalidGrant("The code was made at another endpoint."));
        // A verifier without a challenge, or the other way round, is a code that was exchanged on the way (RFC 9700, 4.8.2).
        var verifier = parameters["code_verifier"];
        if (grant.Challenge.Length == 0 ? verifier is not null || door is null || !plainToo || request.Client.Public : verifier is null || !Pkce.Matches(verifier, grant.Challenge)) return Refuse(OAuthError.InvalidGrant("PKCE verification failed"));

        // 3 Its session is alive.
        if (await sessions.FindAsync(request.Realm.Name, grant.Session, stop) is not { } session) return Refuse(OAuthError.InvalidGrant("The session has ended. Sign in again."));
        return new GrantResult.Granted(new Authorization
        {
            Grant = Type, Realm = request.Realm, Client = request.Client, User = grant.User, Session = session, Scopes = [.. grant.Scopes], Nonce = grant.Nonce,
            AuthenticatedAt = grant.AuthenticatedAt, Level = grant.Level, WithRefresh = true, CodeHash = codes.HashOf(code), Door = door, Since = grant.MadeAt, Address = request.Address,
        });
    }

    private static GrantResult.Refused Refuse(OAuthError error) => new(error);
}
