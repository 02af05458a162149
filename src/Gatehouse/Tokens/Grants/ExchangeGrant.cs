using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>
/// Token exchange (RFC 8693): trades what somebody holds (a Kerberos or CAS ticket, an ID token, a SAML assertion, a foreign JWT) for a token of ours, and a token of ours for a narrower one. Impersonation only: who acts for whom
/// (<c>actor_token</c>) is not offered.
/// </summary>
public sealed class ExchangeGrant(Vouching vouching, Verify verify, SessionStore sessions) : IGrant
{
    /// <summary>Value of <c>grant_type</c>.</summary>
    public const string Name = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <inheritdoc/>
    public string Type => Name;

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client is { Exchanges: true, Public: false };

    /// <inheritdoc/>
    public async Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
    {
        var parameters = request.Parameters;
        if (parameters["subject_token_type"] is not { } type) return Refuse(OAuthError.InvalidRequest("The parameter 'subject_token_type' is missing."));
        if (parameters["subject_token"] is not { } token) return Refuse(OAuthError.InvalidRequest("The parameter 'subject_token' is missing."));
        if (parameters["actor_token"] is not null || parameters["actor_token_type"] is not null) return Refuse(OAuthError.InvalidRequest("An actor token is not offered."));
        var wanted = parameters["requested_token_type"] ?? ProofType.AccessToken;
        if (wanted is not (ProofType.AccessToken or ProofType.RefreshToken)) return Refuse(OAuthError.InvalidRequest("'requested_token_type' can be an access token or a refresh token."));
        ImmutableArray<string> audience = [.. ((string?[])[parameters["audience"], parameters["resource"]]).OfType<string>()];
        if (audience.Any(one => one.Length is 0 or > 512)) return Refuse(new OAuthError("invalid_target", "The audience is not known."));
        if (parameters["gadget"] is not null && type != ProofType.AccessToken) return Refuse(OAuthError.InvalidRequest("A gadget's token is cut from the agent's access token: 'subject_token_type' must be that."));
        return type == ProofType.AccessToken ? await OwnAsync(request, token, audience, wanted == ProofType.RefreshToken, stop) : await vouching.AuthorizeAsync(request, Name, type, token, parameters["subject_issuer"], audience, wanted == ProofType.RefreshToken, stop);
    }

    // One of ours: it must have been made for the client that brings it, so that whoever finds a token cannot have it changed for another.
    private async Task<GrantResult> OwnAsync(GrantRequest request, string token, ImmutableArray<string> audience, bool withRefresh, CancellationToken stop)
    {
        if (withRefresh) return Refuse(OAuthError.InvalidRequest("An access token is not traded for a refresh token."));
        if (verify.Check(token, null, out var principal) is { } reason) return Refuse(OAuthError.InvalidGrant($"The subject token is refused: {reason.Code}."), reason.Code);
        if (principal!.Realm != request.Realm.Name) return Refuse(OAuthError.InvalidGrant("The subject token is another realm's."), Reasons.TokenIssuer.Code);
        // What was cut for a gadget is traded no further: it would be a way round its audience, and round its end.
        if (principal.Gadget is not null) return Refuse(OAuthError.InvalidGrant("The subject token is a gadget's, which is not traded."), Reasons.TokenGadget.Code);
        if (principal.Kind != PrincipalKind.User || principal.Session is not { } id) return Refuse(OAuthError.InvalidGrant("The subject token is not a person's in a session."), Reasons.TokenType.Code);
        var own = principal.Client == request.Client.ClientId;
        if (!own && !principal.Names(request.Client.ClientId)) return Refuse(OAuthError.InvalidGrant("The subject token was not made for this client: neither 'azp' nor 'aud' names it."), Reasons.TokenAudience.Code);
        // A door renews what it made, whole; nothing else becomes whole by being shown to it.
        if (request.Door is { } door ? !own || principal.Door != door : request is { Unproven: true, Gadget: null } && !own && principal.Door == Authorization.Cut) return Refuse(OAuthError.InvalidGrant("The subject token was made elsewhere, or cut of another: here it is not renewed."), Reasons.TokenDoor.Code);
        if (await sessions.FindAsync(request.Realm.Name, id, stop) is not { } session || session.User != principal.Subject) return Refuse(OAuthError.InvalidGrant("Session not active"), Reasons.SessionEnded.Code);
        var (scopes, error) = ScopeChoice.Of(request.Client, request.Parameters["scope"]);
        if (error is not null) return Refuse(error);

        // Narrower, never wider: what the token had not is not in the next.
        if (request.Parameters["scope"] is { } asked && asked.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(scope => !principal.Scopes.Contains(scope))) return Refuse(OAuthError.InvalidScope("The scope exceeds that of the subject token."));
        scopes = [.. scopes.Where(scope => principal.Scopes.Contains(scope) && scope != "offline_access")];
        var (gadget, targets) = request.Gadget is { } asks ? (asks.Cut, asks.Audience) : (null, audience);
        if (gadget is null && request.Parameters["gadget"] is { } named)
        {
            if (!GadgetCut.IsId(named)) return Refuse(OAuthError.InvalidRequest("'gadget' is an id: letters, digits, dots, hyphens and underscores, 64 at most."));
            if (audience.IsEmpty) return Refuse(OAuthError.InvalidRequest("A gadget's token needs 'audience': the back ends for which it is."));
            gadget = new GadgetCut(named, [.. (request.Parameters["gadget_roles"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)], GadgetCut.UsualLife);
        }

        // Only another client that has proven itself (RFC 8693) is given what it may reach itself. Its own token, and whatever a facade is shown, becomes no more than it is: whoever was sent it would have the rest by it.
        var cut = request.Door is null && (own || request is { Unproven: true, Gadget: not null });

        // An ID token beside it would say more about the person than the gadget needs.
        if (gadget is not null) scopes = [.. scopes.Where(scope => scope != "openid")];
        // A realm role stays in only if the subject token had it too.
        if (gadget is not null) gadget = gadget with { Roles = [.. gadget.Roles.Where(principal.Roles.Contains)] };
        return new GrantResult.Granted(new Authorization
        {
            Grant = Name, Realm = request.Realm, Client = request.Client, User = session.User, Session = session, Scopes = scopes, Audience = targets, Gadget = gadget, AuthenticatedAt = principal.AuthenticatedAt, Level = principal.Level, Since = principal.IssuedAt, Address = request.Address,
            Within = cut ? principal : null, Door = cut ? Authorization.Cut : null, NotAfter = cut ? principal.Until - verify.Skew : null,
        });
    }

    private static GrantResult.Refused Refuse(OAuthError error, string? code = null) => new(error, code);
}
