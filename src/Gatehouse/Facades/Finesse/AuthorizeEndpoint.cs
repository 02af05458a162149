using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>
/// <c>GET /ids/v1/oauth/authorize</c>: a code for a third party's service (RFC 6749, 4.1.1). The redirect address is one that is registered, to the letter; a client without PKCE is one that the settings name, and its
/// last day has not passed (decision 0012).
/// </summary>
internal sealed class AuthorizeEndpoint(Site site, Modes modes, Applications applications, ClientStore clients, UserCache users, Codes codes, SessionStore sessions, Entrance entrance, Interactions interactions, ShowFault showFault, TimeProvider time)
{
    /// <summary>Name of this door: its codes count at the token address beside it alone.</summary>
    public const string Door = "ids";

    private const string Here = "/ids/v1/oauth/authorize";
    private const string Resume = "/ids/v1/oauth/resume";

    private sealed record Wish(string Client, string Redirect, string? State, string Challenge);

    /// <summary>The request of an application.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (site.Realm is not { } realm)
        {
            await showFault(context, null, Reasons.NotFound, null);
            return;
        }

        var query = context.Request.Query;
        var (client, redirect) = (await FindAsync(realm, query["client_id"].ToString(), context.RequestAborted), query["redirect_uri"].ToString());
        if (client is null || query["redirect_uri"].Count != 1 || query["client_id"].Count != 1 || !client.RedirectUris.Contains(redirect, StringComparer.Ordinal))
        {
            // Never to an address that nobody registered: it would carry the person there.
            applications.Note(context, realm, "LOGIN_ERROR", query["client_id"].ToString(), null, new OAuthError(client is null ? "client_not_found" : "invalid_redirect_uri", "The identity service was asked for a code for an address that is not registered."));
            await showFault(context, realm.Name, Reasons.RequestInvalid, client is null ? "This application is not registered here." : "This application's address is not registered here.");
            return;
        }

        var wish = new Wish(client.ClientId, redirect, query["state"] is [{ } state] ? state : null, query["code_challenge"].ToString());
        if (Fault(query, client, wish) is { } error)
        {
            Refuse(context, realm, wish, null, error);
            return;
        }

        var wanted = query[Vendor.UserName] is [{ Length: > 0 and <= 255 } named] ? named : Posted.Cookie(context);
        if (await entrance.SessionAsync(context, realm) is { } session)
        {
            await IssueAsync(context, realm, wish, session);
            return;
        }

        var interaction = await interactions.BeginAsync(new Interaction { Id = "", Realm = realm.Name, ClientId = client.ClientId, ClientName = client.Name, ResumePath = $"{Resume}?i=", Payload = JsonSerializer.Serialize(wish), LoginHint = wanted }, realm.InteractionLife, context);
        Leave(context, Interactions.SignInPath(interaction, Here + context.Request.QueryString.Value));
    }

    /// <summary>The browser comes back from the sign-in: only the session that finished it, once. The client is looked at again, since it may have been changed meanwhile.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        if (site.Realm is not { } realm)
        {
            await showFault(context, null, Reasons.NotFound, null);
            return;
        }

        if (await entrance.ReturnedAsync(context, realm, Resume) is not { } back)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "This sign-in is over. Go back to the application and start again.");
            return;
        }

        var wish = JsonSerializer.Deserialize<Wish>(back.Payload)!;
        if (await FindAsync(realm, wish.Client, context.RequestAborted) is { } client && client.RedirectUris.Contains(wish.Redirect, StringComparer.Ordinal)) await IssueAsync(context, realm, wish, back.Session);
        else await showFault(context, realm.Name, Reasons.RequestInvalid, "This application's address is not registered here.");
    }

    private OAuthError? Fault(IQueryCollection query, Client client, Wish wish)
        => query.Any(one => one.Value.Count != 1) || wish.State is { Length: > 2048 } ? OAuthError.InvalidRequest("A parameter stands twice, or is too long.")
            : query["response_type"] != "code" ? new OAuthError("unsupported_response_type", "The response_type must be 'code'.")
            : wish.Challenge.Length > 0 ? (query["code_challenge_method"] == "S256" && Pkce.IsChallenge(wish.Challenge) ? null : OAuthError.InvalidRequest("The code_challenge must be one of S256."))
            : client.Public || !site.Settings.AllowsPlainCodes(client.ClientId, time.GetUtcNow()) ? OAuthError.InvalidRequest("A code_challenge is needed (PKCE, RFC 7636); clients that know none are named in facades:finesse:withoutPkce, with their last day.") : null;

    private async Task IssueAsync(HttpContext context, Realm realm, Wish wish, Session session)
    {
        if (await users.FindAsync(realm.Name, session.User, context.RequestAborted) is not { Enabled: true } user || await modes.OfAsync(user, context.RequestAborted) != Modes.Sso)
        {
            Refuse(context, realm, wish, session.User, new OAuthError("access_denied", "This person signs in to Finesse without SSO."));
            return;
        }

        sessions.Touch(session, realm.SessionIdle);
        var client = (await FindAsync(realm, wish.Client, context.RequestAborted))!;
        var code = await codes.MakeAsync(new CodeGrant
        {
            Realm = realm.Name, ClientId = wish.Client, User = user.Id, Session = session.Id, RedirectUri = wish.Redirect, Challenge = wish.Challenge, Door = Door, Scopes = [.. client.DefaultScopes], AuthenticatedAt = session.AuthenticatedAt, Level = session.Level,
        }, realm.CodeLife, context.RequestAborted);
        Answer(context, wish, ("code", code));
    }

    private void Refuse(HttpContext context, Realm realm, Wish wish, string? user, OAuthError error)
    {
        applications.Note(context, realm, "LOGIN_ERROR", wish.Client, user, error);
        Answer(context, wish, ("error", error.Code), ("error_description", error.Description));
    }

    private static void Answer(HttpContext context, Wish wish, params (string Name, string Value)[] values)
    {
        IEnumerable<(string Name, string Value)> all = wish.State is null ? values : [.. values, ("state", wish.State)];
        Leave(context, wish.Redirect + (wish.Redirect.Contains('?', StringComparison.Ordinal) ? '&' : '?') + string.Join('&', all.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}")));
    }

    private async ValueTask<Client?> FindAsync(Realm realm, string id, CancellationToken stop) => id.Length is > 0 and <= 255 && await clients.FindByClientIdAsync(realm.Name, id, stop) is { Enabled: true, StandardFlow: true } client ? client : null;

    private static void Leave(HttpContext context, string address)
    {
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        Onward.Go(context, address);
    }
}
