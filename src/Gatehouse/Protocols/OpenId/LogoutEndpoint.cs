using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>OpenID Connect RP-Initiated Logout 1.0. With an ID token of the browser's own session it ends at once; otherwise the person is asked, since anybody can link to this address.</summary>
public sealed class LogoutEndpoint(Realms realms, ClientStore clients, Verify verify, SessionStore sessions, SignOut signOut, SignOutWays elsewhere, Interactions interactions, Issuers issuers, ShowFault showFault)
{
    private sealed record After(string? Uri, string? State);

    /// <summary>GET or POST <c>logout</c>.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, error) = HttpMethods.IsPost(context.Request.Method) ? await Exchange.FormAsync(context)
            : Parameters.TryParse(context.Request.QueryString.Value, out var query, out var wrong) ? (query, null) : (null, wrong);
        if (parameters is null)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, error!.Description);
            return;
        }

        // 1 Which client, by hint or by name; the two must agree.
        var hint = parameters["id_token_hint"] is { } token ? verify.CheckHint(token, realm.Name) : null;
        if (parameters["id_token_hint"] is not null && hint is null)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "Invalid parameter: id_token_hint");
            return;
        }

        var clientId = hint?.Text("azp") ?? parameters["client_id"];
        if (hint is not null && parameters["client_id"] is { } named && named != clientId) clientId = null;
        var client = clientId is null ? null : await clients.FindByClientIdAsync(realm.Name, clientId, context.RequestAborted);

        // 2 Where to go afterwards: exactly one of that client's addresses, or nowhere.
        var after = parameters["post_logout_redirect_uri"];
        if (after is not null && client?.PostLogoutRedirectUris.Any(one => RedirectMatch.Is(one, after)) != true)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "Invalid redirect uri");
            return;
        }

        // 3 The hint is of this very session: no question. No session: nothing to end.
        var session = Cookie.Read(context.Request.Headers, realm.Name, issuers.IsTls) is { } cookie ? await sessions.FindByCookieAsync(realm.Name, cookie, context.RequestAborted) : null;
        if (session is null && hint?.Text("sid") is { } sid) session = await sessions.FindAsync(realm.Name, sid, context.RequestAborted);
        var next = new After(after, parameters["state"]);
        if (session is null || hint?.Text("sid") == session.Id)
        {
            var way = Address(realm, next);
            if (session is not null)
            {
                await signOut.EndAsync(session, clientId, Exchange.AddressOf(context), context.RequestAborted);
                way = await elsewhere.ThenAsync(session, way, clientId, context.RequestAborted);
            }

            Cookie.Clear(context.Response, realm.Name, issuers.IsTls);
            Leave(context, way);
            return;
        }

        // 4 Ask.
        var interaction = await interactions.BeginAsync(new Interaction
        {
            Id = "", Realm = realm.Name, ClientId = clientId, ClientName = client?.Name, ResumePath = $"/realms/{realm.Name}/protocol/openid-connect/logout/done?i=", Payload = JsonSerializer.Serialize(next), Locales = parameters["ui_locales"],
        }, realm.InteractionLife, context);
        Exchange.NoStore(context.Response);
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = Interactions.SignOutPath(interaction);
    }

    /// <summary>GET <c>logout/done</c>: the person said yes.</summary>
    public async Task DoneAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var interaction = await interactions.TakeAsync(realm.Name, context.Request.Query["i"].ToString(), context.RequestAborted);
        Leave(context, Address(realm, interaction?.Payload is { } payload ? JsonSerializer.Deserialize<After>(payload)! : new After(null, null)));
    }

    private static void Leave(HttpContext context, string address)
    {
        Exchange.NoStore(context.Response);
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = address;
    }

    private static string Address(Realm realm, After after) => after.Uri is null ? $"/realms/{realm.Name}/signed-out"
            : after.State is null ? after.Uri : after.Uri + (after.Uri.Contains('?', StringComparison.Ordinal) ? '&' : '?') + "state=" + Uri.EscapeDataString(after.State);
}
