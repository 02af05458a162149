using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>
/// <c>/desktop/sso/token</c>: the desktop's tokens. GET makes them of the browser's session, after a sign-in where there is none (a script is told 401 instead: it can show nobody a page); POST, and GET with
/// <c>refresh-token</c>, renew.
/// </summary>
internal sealed class SsoTokenEndpoint(Site site, Modes modes, Agents agents, Seating seating, SsoTokens tokens, UserCache users, Entrance entrance, Interactions interactions, ShowFault showFault, AuditLog audit)
{
    private const string Here = "/desktop/sso/token";
    private const string Resume = "/desktop/sso/resume";
    private const int Longest = 2048;

    private sealed record Wish(string Query, string? UserName);

    /// <summary>GET.</summary>
    public async Task FetchAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, client)) return;
        var query = context.Request.Query;
        if (query.Any(one => one.Value.Count != 1) || context.Request.QueryString.Value is { Length: > Longest })
        {
            await Reply.FaultAsync(context, 400, Vendor.AuthError, "A parameter stands twice, or the address is too long.");
            return;
        }

        // Some clients renew by an address; tokens in addresses are read nowhere else.
        if (query[Vendor.RefreshToken] is [{ Length: > 0 } refresh])
        {
            await RenewAsync(context, realm, client, null, refresh, WithUser(query["return_user"]));
            return;
        }

        var wanted = query[Vendor.UserName] is [{ Length: > 0 and <= 255 } named] ? named : Posted.Cookie(context);
        var session = await entrance.SessionAsync(context, realm);
        var user = session is null ? null : await users.FindAsync(realm.Name, session.User, context.RequestAborted);
        if (session is null || user is null || (wanted is not null && !agents.Is(user, wanted)))
        {
            await SignInAsync(context, realm, client, wanted, fresh: session is not null);
            return;
        }

        if (await modes.OfAsync(user, context.RequestAborted) != Modes.Sso)
        {
            Note(context, realm, "LOGIN_ERROR", client, user.Id, "finesse_mode", "The person signs in without SSO.");
            await Reply.FaultAsync(context, 401, Vendor.AuthError, "This person signs in to Finesse without SSO.");
            return;
        }

        var (seated, obstacle, seat) = await seating.SitAsync(user, session, client, asks: !IsScript(context), AddressOf(context), context.RequestAborted);
        if (seated is null)
        {
            // Of a seat that is taken the seats tell themselves.
            if (seat is null) Note(context, realm, "LOGIN_ERROR", client, user.Id, "finesse_no_device", obstacle!.Message);
            if (seat is null || IsScript(context)) await Reply.FaultAsync(context, 401, obstacle!.Type, obstacle.Message);
            else await seating.AskAsync(context, realm, client, user, seat, $"{Resume}?i=", JsonSerializer.Serialize(new Wish(context.Request.QueryString.Value ?? "", wanted)), Here + context.Request.QueryString.Value);
            return;
        }

        var (made, error) = await tokens.MakeAsync(realm, client, user, seated, query["return_refresh_token"] == "true", AddressOf(context), context.RequestAborted);
        if (made is null) await Reply.FaultAsync(context, 401, Vendor.AuthError, error!.Description);
        else await AnswerAsync(context, realm, user, made, WithUser(query["return_user"]));
    }

    /// <summary>The browser comes back from the sign-in: only the session that finished it, once, and only the person that was asked for.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        if (site.Realm is not { } realm)
        {
            await showFault(context, null, Reasons.NotFound, null);
            return;
        }

        if (await entrance.ReturnedAsync(context, realm, Resume) is not { } back || (back.Interaction.Fresh && !back.IsFresh))
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "This sign-in is over. Open the desktop again.");
            return;
        }

        var wish = JsonSerializer.Deserialize<Wish>(back.Payload)!;
        if (wish.UserName is { } wanted && (await users.FindAsync(realm.Name, back.Session.User, context.RequestAborted) is not { } user || !agents.Is(user, wanted)))
        {
            Note(context, realm, "LOGIN_ERROR", null, back.Session.User, "finesse_other_user", "Somebody else signed in than the desktop asked for.");
            await showFault(context, realm.Name, Reasons.RequestInvalid, "The desktop asked for somebody else than who signed in. Sign out, and open the desktop again.");
            return;
        }

        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        Onward.Go(context, Here + wish.Query);
    }

    /// <summary>POST: renews.</summary>
    public async Task PostAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, client)) return;
        var (form, error) = await Posted.FormAsync(context);
        if (form is null || form[Vendor.RefreshToken] is not { Length: > 0 } refresh) await Reply.FaultAsync(context, 400, Vendor.AuthError, error?.Description ?? "The form needs 'refresh-token'.");
        else await RenewAsync(context, realm, client, form[Vendor.Token] is { Length: > 0 } access ? access : null, refresh, WithUser(form["return_user"] ?? context.Request.Query["return_user"]));
    }

    private async Task RenewAsync(HttpContext context, Realm realm, Client client, string? access, string refresh, bool withUser)
    {
        if (refresh.Length > 512 || access is { Length: > 32_768 })
        {
            await Reply.FaultAsync(context, 400, Vendor.AuthError, "A token is too long.");
            return;
        }

        var (found, id, error) = await tokens.FindAsync(realm, client, access, refresh, AddressOf(context), context.RequestAborted);
        var user = id is null ? null : await users.FindAsync(realm.Name, id, context.RequestAborted);

        // The person's way in may have changed since: asked before anything is made, or counts as used.
        if (error is null && (user is null || await modes.OfAsync(user, context.RequestAborted) != Modes.Sso)) error = OAuthError.InvalidGrant("The person signs in without SSO.");
        TokenSet? made = null;
        if (error is null) (made, error) = await tokens.RenewAsync(found!, context.RequestAborted);
        if (error is null)
        {
            await AnswerAsync(context, realm, user!, made!, withUser);
            return;
        }

        Note(context, realm, "REFRESH_TOKEN_ERROR", client, id, error.Code, error.Description);
        await Reply.FaultAsync(context, error.Status >= 500 ? 503 : 401, Vendor.AuthError, error.Description);
    }

    private async Task<(Realm Realm, Client Client)?> OpenAsync(HttpContext context)
    {
        if (!modes.OffersSso)
        {
            await Reply.FaultAsync(context, 400, Vendor.AuthError, "The system is not in SSO mode.");
            return null;
        }

        if (site.IsForeign(context))
        {
            if (site.Realm is { } attacked) Note(context, attacked, "LOGIN_ERROR", null, null, Reasons.CredentialCrossSite.Code, "A page of another site asked for the desktop's tokens.");
            await Reply.FaultAsync(context, 403, Vendor.Forbidden, "The page's origin is not one that may use this. An administrator lists it in facades:finesse:origins.");
            return null;
        }

        var (realm, client, missing) = await site.OpenAsync(context.RequestAborted);
        if (missing is null) return (realm!, client!);
        await Reply.FaultAsync(context, 500, Vendor.AuthError, $"The facade is not set up: {missing}.");
        return null;
    }

    private async Task SignInAsync(HttpContext context, Realm realm, Client client, string? wanted, bool fresh)
    {
        if (IsScript(context))
        {
            await Reply.FaultAsync(context, 401, Vendor.NoToken, fresh ? "Somebody else is signed in." : "Nobody is signed in. Open this address in a window.");
            return;
        }

        var query = context.Request.QueryString.Value ?? "";
        var interaction = await interactions.BeginAsync(new Interaction
        {
            Id = "", Realm = realm.Name, ClientId = client.ClientId, ClientName = client.Name ?? "Finesse", ResumePath = $"{Resume}?i=", Payload = JsonSerializer.Serialize(new Wish(query, wanted)), LoginHint = wanted, Fresh = fresh,
        }, realm.InteractionLife, context);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        Onward.Go(context, Interactions.SignInPath(interaction, Here + query));
    }

    private Task AnswerAsync(HttpContext context, Realm realm, User user, TokenSet made, bool withUser) => Reply.JsonAsync(context, 200, json =>
    {
        json.WriteString(Vendor.Token, made.AccessToken);
        if (made.RefreshToken is { } refresh) json.WriteString("refresh_token", refresh);
        json.WriteNumber("expires_in", made.ExpiresIn);
        if (!withUser) return;
        json.WriteString("user_id", user.Username);
        json.WriteString("realm", site.Domain);
        json.WriteString("user_principal", agents.PrincipalOf(user));
    });

    // It can show nobody a page.
    private static bool IsScript(HttpContext context) => context.Request.Headers["Sec-Fetch-Dest"] is ["empty"];

    // Who does not say is told: the sample answer of the vendor has the members.
    private static bool WithUser(string? wish) => wish is not ("no" or "false");

    private static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();

    private void Note(HttpContext context, Realm realm, string type, Client? client, string? user, string error, string reason)
        => audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = type, Client = client?.ClientId, User = user, Address = AddressOf(context), Error = error, Details = new Dictionary<string, string> { ["reason"] = reason } });
}
