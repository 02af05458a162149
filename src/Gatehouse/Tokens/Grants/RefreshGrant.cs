using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>Trades a refresh token for new tokens (RFC 6749, 6).</summary>
public sealed class RefreshGrant(RefreshTokens refreshTokens, SessionStore sessions, IEnumerable<IPermits> permits) : IGrant
{
    /// <inheritdoc/>
    public string Type => "refresh_token";

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client.ActsForUsers;

    /// <inheritdoc/>
    public async Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
    {
        if (request.Parameters["refresh_token"] is not { } token) return Refuse(OAuthError.InvalidRequest("The parameter 'refresh_token' is missing."));
        var (use, same, error) = await refreshTokens.PresentAsync(request.Realm, token, request.Client.ClientId, request.Door, request.Address, stop);
        if (error is not null) return Refuse(error);
        if (same is not null) return new GrantResult.Repeated(same);

        // The new access token may have fewer scopes, never more.
        var scopes = use!.Scopes;
        if (request.Parameters["scope"] is { } asked)
        {
            if (!Scopes.TryParse(asked, out var wanted) || wanted.Any(scope => !scopes.Contains(scope))) return Refuse(OAuthError.InvalidScope("The scope exceeds what was granted."));
            scopes = [.. scopes.Where(scope => wanted.Contains(scope) || request.Client.DefaultScopes.Contains(scope))];
        }

        Session? session = null;
        if (use.Session is { } id)
        {
            session = await sessions.FindAsync(request.Realm.Name, id, stop);
            if (session is null) return Refuse(OAuthError.InvalidGrant("Session not active"));
            // A door touches it after its own rules.
            if (request.Door is null) sessions.Touch(session, request.Realm.SessionIdle);
        }

        // What the token tells of permissions is judged anew each time.
        var again = use is { Audience: { } audience, Permissions: { } kept } && permits.FirstOrDefault() is { } judge ? await judge.AgainAsync(request.Client, use.User, session, scopes, audience, kept, stop) : null;
        return new GrantResult.Granted(new Authorization
        {
            Grant = Type, Realm = request.Realm, Client = request.Client, User = use.User, Session = session, Scopes = Keep(use, scopes), Nonce = use.Nonce,
            AuthenticatedAt = use.AuthenticatedAt, Level = use.Level, WithRefresh = true, Permissions = again, Rotates = use, Door = use.Door, Since = use.Since, Address = request.Address,
        });
    }

    // What decides whether the family is bound to its session must not be narrowed away.
    private static ImmutableArray<string> Keep(RefreshUse use, ImmutableArray<string> scopes) => use.Session is null && !scopes.Contains("offline_access") ? scopes.Add("offline_access") : scopes;

    private static GrantResult.Refused Refuse(OAuthError error) => new(error);
}
