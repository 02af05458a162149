using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Protocols.Cas;

/// <summary>Login and logout of the CAS protocol (CAS Protocol 3.0 specification, 2.1 and 2.3). A ticket goes to registered service addresses and nowhere else.</summary>
public sealed class LoginEndpoint(Entrance entrance, ClientStore clients, SessionStore sessions, Interactions interactions, Tickets tickets, SignOut signOut, SignOutWays ways, Issuers issuers, ShowFault showFault, AuditLog audit)
{
    private sealed record Wish(string Client, string Service, bool ByPost);

    /// <summary>GET <c>login</c>.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var query = context.Request.Query;
        if (query.Any(one => one.Value.Count != 1))
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "A parameter stands twice.");
            return;
        }

        var (service, renew, gateway) = (query["service"].ToString(), IsSet(query["renew"]), IsSet(query["gateway"]));
        if (service.Length == 0)
        {
            Leave(context, $"/realms/{realm.Name}/sign-in");
            return;
        }

        if (await FindAsync(realm.Name, service, context.RequestAborted) is not { } client)
        {
            audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Address = context.Connection.RemoteIpAddress?.ToString(), Error = "invalid_service", Details = new Dictionary<string, string> { ["service"] = service.Length > 300 ? service[..300] : service } });
            await showFault(context, realm.Name, Reasons.RequestInvalid, "This application's address is not registered for CAS.");
            return;
        }

        var wish = new Wish(client.ClientId, service, query["method"] == "POST");
        if (!renew && await entrance.SessionAsync(context, realm) is { } session)
        {
            sessions.Touch(session, realm.SessionIdle);
            await IssueAsync(context, realm, wish, session, fresh: false);
        }
        else if (gateway && !renew) Leave(context, service);
        else
        {
            var interaction = await interactions.BeginAsync(new Interaction { Id = "", Realm = realm.Name, ClientId = client.ClientId, ClientName = client.Name, ResumePath = $"{CasRoom.Path(realm.Name)}/resume?i=", Payload = JsonSerializer.Serialize(wish), Fresh = renew }, realm.InteractionLife, context);
            Leave(context, Interactions.SignInPath(interaction, $"{CasRoom.Path(realm.Name)}/login?service={Uri.EscapeDataString(service)}{(renew ? "&renew=true" : "")}"));
        }
    }

    /// <summary>GET <c>resume</c>: the browser comes back from the sign-in. Only the session that finished the interaction may go on with it, and only once.</summary>
    public async Task ResumeAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (await entrance.ReturnedAsync(context, realm, CasRoom.Path(realm.Name)) is not { } back || (back.Interaction.Fresh && !back.IsFresh))
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, "This sign-in is over. Go back to the application and start again.");
            return;
        }

        // Checked again: the application may have been changed while the person typed.
        var wish = JsonSerializer.Deserialize<Wish>(back.Payload)!;
        if (await clients.FindByClientIdAsync(realm.Name, wish.Client, context.RequestAborted) is { Enabled: true, Cas: { } cas } && cas.Serves(wish.Service)) await IssueAsync(context, realm, wish, back.Session, back.IsFresh);
        else await showFault(context, realm.Name, Reasons.RequestInvalid, "This application's address is not registered for CAS.");
    }

    /// <summary>GET <c>logout</c>: ends the session at once, as the protocol wants, and goes on to the service when it is registered.</summary>
    public async Task LeaveAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var wanted = context.Request.Query["service"] is { Count: 1 } service ? service.ToString() : context.Request.Query["url"] is { Count: 1 } url ? url.ToString() : "";
        var client = wanted.Length > 0 ? await FindAsync(realm.Name, wanted, context.RequestAborted) : null;
        var after = client is not null ? wanted : $"/realms/{realm.Name}/signed-out";
        if (await entrance.SessionAsync(context, realm) is { } session)
        {
            await signOut.EndAsync(session, client?.ClientId, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
            after = await ways.ThenAsync(session, after, client?.ClientId, context.RequestAborted);
        }

        Cookie.Clear(context.Response, realm.Name, issuers.IsTls);
        Leave(context, after);
    }

    private async Task IssueAsync(HttpContext context, Realm realm, Wish wish, Session session, bool fresh)
    {
        var ticket = await tickets.IssueAsync(realm.Name, new Visit(wish.Service, wish.Client, session.User, session.Id, fresh), context.RequestAborted);
        if (wish.ByPost) await OnwardForm.SendAsync(context, wish.Service, [("ticket", ticket)]);
        else Leave(context, $"{wish.Service}{(wish.Service.Contains('?', StringComparison.Ordinal) ? '&' : '?')}ticket={ticket}");
    }

    private Task<Client?> FindAsync(string realm, string service, CancellationToken stop) => clients.FindAsync(realm, one => one is { Enabled: true, Cas: { } cas } && cas.Serves(service), stop);

    // Set to anything but false (2.1.1).
    private static bool IsSet(Microsoft.Extensions.Primitives.StringValues value) => value.Count == 1 && value[0] is not (null or "" or "false");

    private static void Leave(HttpContext context, string address)
    {
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        Onward.Go(context, address);
    }
}
