using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>The identity service's addresses for applications: <c>token</c> (codes and refresh tokens, the latter rotated), <c>introspect</c> (RFC 7662), and <c>validate</c>, which tells in the words of the vendor's tokens.</summary>
internal sealed class IdentityEndpoints(Site site, Modes modes, Agents agents, Applications applications, AuthorizationCodeGrant code, IEnumerable<IGrant> grants, Issuer issuer, SessionStore sessions, Introspect introspect, UserCache users, TimeProvider time)
{
    private readonly IGrant refresh = grants.Single(grant => grant.Type == "refresh_token");

    /// <summary>POST <c>token</c>.</summary>
    public async Task TokenAsync(HttpContext context)
    {
        if (await IdentifyAsync(context, "CODE_TO_TOKEN_ERROR") is not var (realm, client, form)) return;
        var request = new GrantRequest(realm, site.With(client), form, context.Connection.RemoteIpAddress?.ToString()) { Door = AuthorizeEndpoint.Door };
        var result = form["grant_type"] switch
        {
            null => new GrantResult.Refused(OAuthError.InvalidRequest("The parameter 'grant_type' is missing.")),
            "authorization_code" when code.IsAllowed(client) => await code.RedeemAsync(request, AuthorizeEndpoint.Door, site.Settings.AllowsPlainCodes(client.ClientId, time.GetUtcNow()), context.RequestAborted),
            "refresh_token" when refresh.IsAllowed(client) => await refresh.AuthorizeAsync(request, context.RequestAborted),
            "authorization_code" or "refresh_token" => new GrantResult.Refused(OAuthError.UnauthorizedClient("The client may not use this grant.")),
            _ => new GrantResult.Refused(OAuthError.UnsupportedGrant("The identity service knows authorization_code and refresh_token.")),
        };
        // The person's way in may have changed since, as at the desktop's address.
        if (result is GrantResult.Granted { Authorization.User: { } person } && (await users.FindAsync(realm.Name, person, context.RequestAborted) is not { } user || await modes.OfAsync(user, context.RequestAborted) != Modes.Sso))
            result = new GrantResult.Refused(OAuthError.InvalidGrant("The person signs in to Finesse without SSO."));
        switch (result)
        {
            case GrantResult.Refused refused:
                applications.Note(context, realm, form["grant_type"] == "refresh_token" ? "REFRESH_TOKEN_ERROR" : "CODE_TO_TOKEN_ERROR", client.ClientId, null, refused.Error);
                await Reply.OAuthAsync(context, refused.Error);
                return;
            case GrantResult.Repeated repeated:
                await Reply.SendAsync(context, 200, "application/json", repeated.Tokens.ToJson());
                return;
        }

        var authorization = ((GrantResult.Granted)result).Authorization;
        if (authorization is { Rotates: not null, Session: { } session }) sessions.Touch(session, realm.SessionIdle);
        var (tokens, error) = await issuer.MintAsync(authorization, context.RequestAborted);
        await (tokens is null ? Reply.OAuthAsync(context, error!) : Reply.SendAsync(context, 200, "application/json", tokens.ToJson()));
    }

    /// <summary>POST <c>introspect</c>.</summary>
    public async Task IntrospectAsync(HttpContext context)
    {
        if (await IdentifyAsync(context, "INTROSPECT_TOKEN_ERROR") is not var (realm, client, form)) return;
        if (form["token"] is { } token) await Reply.SendAsync(context, 200, "application/json", await introspect.AnswerAsync(realm, client, token, context.RequestAborted));
        else await Reply.OAuthAsync(context, OAuthError.InvalidRequest("The parameter 'token' is missing."));
    }

    /// <summary>POST <c>validate</c>: the members that stand inside the vendor's own tokens; 401 for a token that does not count.</summary>
    public async Task ValidateAsync(HttpContext context)
    {
        if (await IdentifyAsync(context, "INTROSPECT_TOKEN_ERROR") is not var (realm, client, form)) return;
        if ((form["token"] ?? form["access_token"]) is not { } token)
        {
            await Reply.OAuthAsync(context, OAuthError.InvalidRequest("The parameter 'token' is missing."));
            return;
        }

        using var told = JsonDocument.Parse(await introspect.AnswerAsync(realm, client, token, context.RequestAborted));
        var claims = told.RootElement;
        string? Text(string name) => claims.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
        if (!claims.GetProperty("active").GetBoolean() || Text("sub") is not { } id || await users.FindAsync(realm.Name, id, context.RequestAborted) is not { } user)
        {
            await Reply.OAuthAsync(context, new OAuthError("invalid_token", "The token does not count: it is unknown, over, or its session has ended.", 401));
            return;
        }

        await Reply.JsonAsync(context, 200, json =>
        {
            json.WriteBoolean("active", true);
            json.WriteString("user_id", user.Username);
            json.WriteString("login_id", Agents.IdOf(user));
            json.WriteString("realm", site.Domain);
            json.WriteString("upn", agents.PrincipalOf(user));
            json.WriteString("client_id", Text("client_id"));
            json.WriteString("scope", Text("scope"));
            if (Text("extension") is { } extension) json.WriteString("extension", extension);
            json.WriteString("usage", Text("typ") == "Bearer" ? "access" : "refresh");
            json.WriteNumber("expiry", claims.GetProperty("exp").GetInt64() * 1000);
        });
    }

    private async Task<(Realm Realm, Client Client, Parameters Form)?> IdentifyAsync(HttpContext context, string refusal)
    {
        var (form, error) = await Posted.FormAsync(context);
        var realm = site.Realm;
        Client? client = null;
        if (realm is null) error = new OAuthError("temporarily_unavailable", "The realm is not open.", 503);
        else if (form is not null) (client, error) = await applications.IdentifyAsync(context, realm, form, refusal);
        if (client is not null) return (realm!, client, form!);
        await Reply.OAuthAsync(context, error!);
        return null;
    }
}
