using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Permissions;

/// <summary>
/// Asks for permissions at a resource server (Keycloak's use of the UMA 2.0 grant): for the holder of a token of ours, or for the client's own service account. The answer is a token that tells of them, the list, or yes.
/// Names, passwords and other parameters that adapters leave in the form are ignored, as in Keycloak.
/// </summary>
public sealed class UmaGrant(Entitlements entitlements, Verify verify, SessionStore sessions, ClientStore clients) : IGrant
{
    private static readonly ReadOnlyMemory<byte> Yes = """{"result":true}"""u8.ToArray();
    private static readonly OAuthError Denied = new("access_denied", "not_authorized", 403);

    /// <inheritdoc/>
    public string Type => GrantNames.Uma;

    /// <inheritdoc/>
    public bool TakesBearer => true;

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client.Enabled;

    /// <inheritdoc/>
    public async Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
    {
        // 1 The request says what is wanted, in which form.
        var parameters = request.Parameters;
        if (parameters["ticket"] is not null) return Refuse(OAuthError.InvalidRequest("Permission tickets are not offered: name the permissions and the audience."));
        if (parameters["response_mode"] is { } mode && mode is not ("decision" or "permissions" or "token")) return Refuse(OAuthError.InvalidRequest("Invalid response_mode: decision, permissions and token are offered."));
        if (!PermissionRequest.TryRead(parameters, out var wanted, out var malformed)) return Refuse(malformed);
        if (parameters["audience"] is null && !wanted.Wanted.IsEmpty) return Refuse(OAuthError.InvalidRequest("The parameter 'audience' is missing: whose permissions are asked for?"));
        var audience = parameters["audience"] ?? request.Client.ClientId;

        // 2 Somebody asks: whose token it is, else the client itself.
        var (who, error) = await WhoAsync(request, audience, stop);
        if (who is null) return Refuse(error!);

        // 3 The resource server's policies say what they may.
        var (granted, unknown) = await entitlements.AskAsync(request.Realm.Name, audience, who.Asker, wanted, stop);
        if (unknown is not null) return Refuse(unknown);
        if (granted.IsEmpty) return Refuse(Denied);

        // 4 As asked for: yes, the list, or a token, which is for the resource server too. Nobody makes a token good for a place by showing it alone: it is good there already, or its client proves itself.
        if (parameters["response_mode"] is null or "token" && (request.ByBearer || request.Client.Public) && !who.Reaches)
            return Refuse(new OAuthError("invalid_target", $"The bearer token is not for '{audience}', and by itself it gets no token that is. Ask for response_mode=decision or permissions, add the audience to the token's client, or let that client prove itself."));
        return parameters["response_mode"] switch
        {
            "decision" => new GrantResult.Told(Yes),
            "permissions" => new GrantResult.Told(PermissionList.ToJson(granted)),
            _ => new GrantResult.Granted(who.Authorization with { Permissions = new GrantedPermissions(audience, granted, wanted.Write()) }),
        };
    }

    private async Task<(Who? Who, OAuthError? Error)> WhoAsync(GrantRequest request, string audience, CancellationToken stop)
    {
        var made = new Authorization { Grant = Type, Realm = request.Realm, Client = request.Client, Address = request.Address };
        if (request.Bearer?.Reveal() is not { } token && (token = request.Parameters["subject_token"]) is null)
        {
            if (request.Client is not { ServiceAccount: true, Public: false }) return (null, OAuthError.UnauthorizedClient("The client has no service account: send a user's token as 'Authorization: Bearer'."));
            return (new Who(await entitlements.AskerAsync(request.Client, stop), made with { Scopes = request.Client.DefaultScopes }, true), null);
        }

        if (verify.Check(token, null, out var principal) is { } reason) return (null, Invalid($"Invalid bearer token: {reason.Code}"));
        if (principal!.Realm != request.Realm.Name) return (null, Invalid("Invalid bearer token: another realm's"));
        if (principal.Gadget is not null) return (null, Invalid($"Invalid bearer token: {Reasons.TokenGadget.Code}"));
        if (principal.Client is not { } maker) return (null, Invalid("Invalid bearer token: no client's"));

        // A client that proves itself must have to do with the token: it was made for it, or what is asked for is its own.
        if (!request.ByBearer && maker != request.Client.ClientId && !principal.Names(request.Client.ClientId) && audience != request.Client.ClientId)
            return (null, OAuthError.InvalidGrant("The bearer token was not made for this client, and the permissions are not its own."));
        if (principal.Session is { } id && (await sessions.FindAsync(principal.Realm, id, stop) is not { } alive || alive.User != principal.Subject)) return (null, Invalid("Session not active"));
        if (await clients.FindByClientIdAsync(principal.Realm, maker, stop) is not { Enabled: true } client) return (null, Invalid("The bearer token's client is gone or disabled"));
        if (await entitlements.AskerAsync(principal, stop) is not { } asker) return (null, Invalid("The user is disabled or gone"));

        // The new token is the same client's. Only who proved to be that client can go on with it longer than the old one lives; and a token that was cut is not renewed, since what is renewed is whole.
        var session = principal.Session is { } sid ? await sessions.FindAsync(principal.Realm, sid, stop) : null;
        var proven = !request.ByBearer && !request.Client.Public && client.ClientId == request.Client.ClientId && await entitlements.IsWholeAsync(principal, client, session, stop);
        return (new Who(asker, made with
        {
            Client = client, User = principal.Kind == PrincipalKind.User ? principal.Subject : null, Session = session, Scopes = [.. principal.Scopes.Where(scope => scope is not ("offline_access" or "openid"))], AuthenticatedAt = principal.AuthenticatedAt,
            Level = principal.Level, Since = principal.IssuedAt, Within = principal, Door = principal.Door == Authorization.Cut ? Authorization.Cut : null, WithRefresh = proven && session is not null, NotAfter = proven && session is not null ? null : principal.Until - verify.Skew,
        }, principal.Names(audience) || (maker == audience && principal.Door != Authorization.Cut)), null);
    }

    private static OAuthError Invalid(string description) => new("invalid_grant", description, 401);

    private static GrantResult.Refused Refuse(OAuthError error) => new(error);

    private sealed record Who(Policy.Asker Asker, Authorization Authorization, bool Reaches);
}
