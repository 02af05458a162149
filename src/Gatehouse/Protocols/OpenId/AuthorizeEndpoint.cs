using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>The authorization endpoint: 1 read, 2 check, 3 is a session good enough, 4 else store an interaction and send the browser to the sign-in, 5 on return issue a code. Each tab has its own interaction.</summary>
public sealed class AuthorizeEndpoint(Realms realms, Entrance entrance, AuthorizeChecks checks, PushedRequests pushed, SessionStore sessions, Interactions interactions, Codes codes, Issuers issuers, Verify verify, ShowFault showFault, AuditLog audit, TimeProvider time)
{
    /// <summary>GET or POST <c>auth</c>.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;

        // 1 Read: from the query, the form, or what was pushed.
        var (parameters, error) = await ReadAsync(context);
        var isPushed = parameters?["request_uri"]?.StartsWith(PushedRequests.Prefix, StringComparison.Ordinal) == true;
        if (isPushed) (parameters, error) = await pushed.TakeAsync(realm.Name, parameters!["request_uri"]!, parameters["client_id"], context.RequestAborted);
        if (parameters is null)
        {
            audit.NoteRefusal(Exchange.Refusal(context, realm.Name, "LOGIN_ERROR", null, error!));
            await showFault(context, realm.Name, Reasons.RequestInvalid, error!.Description);
            return;
        }

        // 2 Check.
        var request = new AuthorizeRequest(realm, parameters) { Pushed = isPushed };
        if (await checks.AuthorizeAsync(request, context.RequestAborted) is { } refused)
        {
            await RefuseAsync(context, request, refused);
            return;
        }

        // 3 A session that is good enough goes on at once.
        var session = await entrance.SessionAsync(context, realm);
        var fresh = IsFreshNeeded(request, session);

        // A client that asks silently for one person must not be given another (OpenID Connect Core, 3.1.2.1, id_token_hint).
        if (session is not null && request.Prompt.Contains("none") && parameters["id_token_hint"] is { } hint && verify.CheckHint(hint, realm.Name)?.Subject != session.User) session = null;
        if (session is not null && !fresh)
        {
            await IssueAsync(context, request, session);
            return;
        }

        if (request.Prompt.Contains("none"))
        {
            await RefuseAsync(context, request, new OAuthError("login_required", "Nobody is signed in, or not recently enough."));
            return;
        }

        // 4 Someone must prove who they are first.
        var interaction = await interactions.BeginAsync(new Interaction
        {
            Id = "", Realm = realm.Name, ClientId = request.Client!.ClientId, ClientName = request.Client.Name, ResumePath = $"{Resume(realm)}?i=",
            Payload = JsonSerializer.Serialize(parameters.All), LoginHint = parameters["login_hint"], Locales = parameters["ui_locales"], Fresh = fresh, UpstreamHint = parameters["kc_idp_hint"],
        }, realm.InteractionLife, context);
        Exchange.NoStore(context.Response);
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = Interactions.SignInPath(interaction, Again(realm, parameters));
    }

    /// <summary>GET <c>auth/resume</c>: the browser comes back from the sign-in. Only the session that finished the interaction may go on with it, and only once.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        if (await entrance.ReturnedAsync(context, realm, Resume(realm)) is not { } back)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "This sign-in is over. Go back to the application and start again.");
            return;
        }

        // Checked again: the client may have been changed while the person typed.
        var request = new AuthorizeRequest(realm, Parameters.Of(JsonSerializer.Deserialize<Dictionary<string, string>>(back.Payload)!)) { Pushed = true };
        if (await checks.AuthorizeAsync(request, context.RequestAborted) is { } refused)
        {
            await RefuseAsync(context, request, refused);
            return;
        }

        // 5 What was asked for was done: prompt=login is satisfied by an authentication after the interaction began.
        if (back.Interaction.Fresh && !back.IsFresh) await RefuseAsync(context, request, new OAuthError("login_required", "The person did not sign in again."));
        else await IssueAsync(context, request, back.Session);
    }

    private static string Resume(Realm realm) => $"/realms/{realm.Name}/protocol/openid-connect/auth/resume";

    private async Task IssueAsync(HttpContext context, AuthorizeRequest r, Session session)
    {
        sessions.Touch(session, r.Realm.SessionIdle);
        var code = await codes.MakeAsync(new CodeGrant
        {
            Realm = r.Realm.Name, ClientId = r.Client!.ClientId, User = session.User, Session = session.Id, RedirectUri = r.RedirectUri!, Challenge = r.Parameters["code_challenge"]!,
            Scopes = [.. r.Scopes], Nonce = r.Parameters["nonce"], AuthenticatedAt = session.AuthenticatedAt, Level = session.Level,
        }, r.Realm.CodeLife, context.RequestAborted);
        await AuthorizeAnswer.SendAsync(context, r, issuers.Of(r.Realm.Name), [("session_state", session.Id), ("code", code)]);
    }

    private Task RefuseAsync(HttpContext context, AuthorizeRequest r, OAuthError error)
    {
        audit.NoteRefusal(Exchange.Refusal(context, r.Realm.Name, "LOGIN_ERROR", r.Parameters["client_id"], error));
        return r.RedirectUri is null
            ? showFault(context, r.Realm.Name, Reasons.RequestInvalid, error.Description)
            : AuthorizeAnswer.SendAsync(context, r, issuers.Of(r.Realm.Name), [("error", error.Code), ("error_description", error.Description)]);
    }

    private bool IsFreshNeeded(AuthorizeRequest r, Session? session)
    {
        if (r.Prompt.Contains("login") || r.Prompt.Contains("select_account")) return true;
        return session is not null && r.MaxAge is { } age && session.AuthenticatedAt.AddSeconds(age) < time.GetUtcNow();
    }

    // The same request as a local address: where a page goes whose interaction has timed out.
    private static string Again(Realm realm, Parameters parameters)
        => $"/realms/{realm.Name}/protocol/openid-connect/auth?" + string.Join('&', parameters.All.Select(one => $"{Uri.EscapeDataString(one.Key)}={Uri.EscapeDataString(one.Value)}"));

    private static async Task<(Parameters? Parameters, OAuthError? Error)> ReadAsync(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method)) return await Exchange.FormAsync(context);
        return Parameters.TryParse(context.Request.QueryString.Value, out var parameters, out var error) ? (parameters, null) : (null, error);
    }
}
