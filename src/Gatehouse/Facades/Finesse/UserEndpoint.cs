using System.Globalization;
using System.Xml;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens.Grants;

namespace Gatehouse.Facades.Finesse;

/// <summary><c>/finesse/api/User/{id}</c>: one's own object, which supervisors may read of their teams; signing in at an extension and out again. Which calls somebody takes is the contact centre's business: those states are repeated and decide nothing.</summary>
internal sealed class UserEndpoint(Site site, Admission admission, Agents agents, Teams teams, Seating seating, Seats seats, States states, SessionStore sessions, Direct direct, SignOut signOut)
{
    private static readonly string[] Working = ["READY", "NOT_READY", "WORK", "WORK_READY"];

    /// <summary>GET.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, _, asking, id)) return;
        var own = agents.Is(asking.User, id);
        var user = own ? asking.User : await agents.FindAsync(realm.Name, id, context.RequestAborted);

        // Who is nobody's supervisor here, and a name that nobody has, are the same answer.
        if (user is null || (!own && !await teams.SupervisesAsync(asking.User, user, context.RequestAborted)))
        {
            await RefuseAsync(context, realm, asking.User, Errors.Other, id);
            return;
        }

        var seat = await seats.OfUserAsync(realm.Name, user.Id, context.RequestAborted);
        var session = seat is { } taken ? await sessions.FindAsync(realm.Name, taken.Session, context.RequestAborted) : null;
        var state = seating.IsKept && session is null ? null : states.Of(user) ?? (session is null ? null : new States.State("NOT_READY", null, session.AuthenticatedAt, session.Id));
        var all = await teams.OfAsync(user, context.RequestAborted);
        var supervises = await teams.SupervisesAsync(user, context.RequestAborted);
        await Reply.XmlAsync(context, 200, xml => Write(xml, user, session?.Extension ?? "", state, all, supervises));
    }

    /// <summary>PUT: the answer is 202, as the vendor's, for what was done.</summary>
    public async Task PutAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not var (realm, client, asking, id)) return;
        if (!agents.Is(asking.User, id))
        {
            await RefuseAsync(context, realm, asking.User, Errors.Other, id);
            return;
        }

        if (context.Request.ContentType is not { } type || type.Split(';')[0].Trim().ToLowerInvariant() is not ("application/xml" or "text/xml"))
        {
            await RefuseAsync(context, realm, asking.User, Errors.Bad("The body must be application/xml."), id);
            return;
        }

        if (await PatientBody.ReadAsync(context, UserWish.Longest) is not { } body)
        {
            await RefuseAsync(context, realm, asking.User, Errors.Bad("The body is too long."), id);
            return;
        }

        if (!UserWish.TryRead(body, out var wish, out var error) || (error = await DoAsync(context, realm, client, asking, wish)) is not null)
        {
            await RefuseAsync(context, realm, asking.User, error, id);
            return;
        }

        context.Response.StatusCode = 202;
        context.Response.ContentLength = 0;
    }

    private async Task<ApiError?> DoAsync(HttpContext context, Realm realm, Client client, Admitted asking, UserWish wish)
    {
        var address = context.Connection.RemoteIpAddress?.ToString();
        switch (wish.State)
        {
            case "LOGIN":
                if (wish.Mode is not (null or "CALL_BY_CALL" or "NAILED_CONNECTION") || (wish.Mode is not null && wish.DialNumber is null)) return Errors.BadMode;
                if (seating.IsKept && wish.Extension is { } named && !Seats.IsExtension(named)) return Errors.NoDevice;
                var (session, refused) = asking.Session is { } there ? (there, null) : seating.IsKept ? await BeginAsync(context, realm, client, asking) : (null, null);
                if (refused is not null) return refused;
                if (session is not null && await seating.SignInAsync(asking.User, session, wish.Extension, client, address, context.RequestAborted) is { } taken)
                {
                    // A session that was begun for the seat alone has nothing to go on for.
                    if (asking.Session is null) await signOut.EndAsync(session, client.ClientId, address, context.RequestAborted);
                    return taken;
                }

                // A forced sign-in: who is signed in keeps the state. One whose session is over by time is not, and nobody was told.
                if (states.Of(asking.User) is not { } state || (state.Session is { } old && old != session?.Id && await sessions.FindAsync(realm.Name, old, context.RequestAborted) is null)) states.Keep(asking.User, session, "NOT_READY", wish.Reason);
                return null;
            case "LOGOUT":
                states.Drop(asking.User);
                if (asking.Session is not { } held) return null;
                await seats.ReleaseAsync(held, client.ClientId, address, context.RequestAborted);
                if (asking.Password is not null) await signOut.EndAsync(held, client.ClientId, address, context.RequestAborted);
                return null;
            default:
                if (!Working.Contains(wish.State) || (seating.IsKept ? asking.Session?.Extension is null : states.Of(asking.User) is null)) return Errors.WrongState;
                states.Keep(asking.User, asking.Session, wish.State, wish.Reason);
                return null;
        }
    }

    // A password with each request makes no session; a seat needs one.
    private async Task<(Session?, ApiError?)> BeginAsync(HttpContext context, Realm realm, Client client, Admitted asking)
    {
        var rules = new EntryRules(client.ClientId, [], _ => null, _ => site.Settings.RefreshExpires);
        return await direct.PasswordAsync(realm, client, rules, asking.User.Username, asking.Password!.Value, Origin.Of(context), context.RequestAborted) switch
        {
            DirectOutcome.In { Authorization.Session: { } session } => (session, null),
            DirectOutcome.Wait wait => (null, Errors.Blocked(wait.For)),
            DirectOutcome.Unavailable => (null, ApiError.Later),
            _ => (null, Errors.Unknown),
        };
    }

    private async Task<(Realm Realm, Client Client, Admitted Asking, string Id)?> OpenAsync(HttpContext context)
    {
        var (realm, client, missing) = await site.OpenAsync(context.RequestAborted);
        if (missing is not null)
        {
            await Reply.ErrorAsync(context, ApiError.Closed(missing));
            return null;
        }

        var (asking, error) = await admission.AdmitAsync(context, realm!);
        if (asking is not null) return (realm!, client!, asking, (string)context.Request.RouteValues["id"]!);
        await Reply.ErrorAsync(context, error!);
        return null;
    }

    private Task RefuseAsync(HttpContext context, Realm realm, User user, ApiError error, string id)
    {
        admission.Note(context, realm, user.Id, error, id);
        return Reply.ErrorAsync(context, error);
    }

    private static void Write(XmlWriter xml, User user, string extension, States.State? state, IReadOnlyList<Teams.Team> all, bool supervises)
    {
        var id = Agents.IdOf(user);
        var uri = "/finesse/api/User/" + Uri.EscapeDataString(id);
        xml.WriteStartElement("User");
        xml.WriteElementString("dialogs", uri + "/Dialogs");
        xml.WriteElementString("extension", extension);
        xml.WriteElementString("firstName", Reply.Plain(user.FirstName ?? ""));
        xml.WriteElementString("lastName", Reply.Plain(user.LastName ?? ""));
        xml.WriteElementString("loginId", Reply.Plain(id));
        xml.WriteElementString("loginName", Reply.Plain(user.Username));
        xml.WriteElementString("mediaType", "1");
        xml.WriteElementString("pendingState", "");
        xml.WriteElementString("reasonCodeId", state?.Reason ?? "-1");
        xml.WriteStartElement("roles");
        xml.WriteElementString("role", "Agent");
        if (supervises) xml.WriteElementString("role", "Supervisor");
        xml.WriteEndElement();
        xml.WriteStartElement("settings");
        xml.WriteElementString("wrapUpOnIncoming", "OPTIONAL");
        xml.WriteEndElement();
        xml.WriteElementString("state", state?.Name ?? "LOGOUT");
        xml.WriteElementString("stateChangeTime", state?.Since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "");
        xml.WriteElementString("teamId", Reply.Plain(all.Count > 0 ? all[0].Id : ""));
        xml.WriteElementString("teamName", Reply.Plain(all.Count > 0 ? all[0].Name : ""));
        if (supervises)
        {
            xml.WriteStartElement("teams");
            foreach (var team in all)
            {
                xml.WriteStartElement("Team");
                xml.WriteElementString("id", Reply.Plain(team.Id));
                xml.WriteElementString("name", Reply.Plain(team.Name));
                xml.WriteElementString("uri", "/finesse/api/Team/" + Uri.EscapeDataString(team.Id));
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        xml.WriteElementString("uri", uri);
        xml.WriteEndElement();
    }
}
