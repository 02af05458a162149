using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Wire.Cas;

namespace Gatehouse.Protocols.Cas;

/// <summary>Where applications ask about a ticket (CAS Protocol 3.0 specification, 2.4 to 2.6). Whatever the answer, the ticket is used up.</summary>
public sealed class ValidateEndpoint(Realms realms, ClientStore clients, Users users, RightsCache rights, SessionStore sessions, Tickets tickets, AuditLog audit)
{
    /// <summary>GET <c>validate</c> (version 1): a line with yes or no, and a line with the name.</summary>
    public async Task PlainAsync(HttpContext context)
    {
        var answer = await JudgeAsync(context, told: false);
        await WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(answer is CasAnswer.Success good ? $"yes\n{good.User}\n" : "no\n\n"));
    }

    /// <summary>GET <c>serviceValidate</c> and <c>proxyValidate</c> (version 2).</summary>
    public async Task SecondAsync(HttpContext context) => await SendAsync(context, await JudgeAsync(context, told: false));

    /// <summary>GET <c>p3/serviceValidate</c> and <c>p3/proxyValidate</c> (version 3): with attributes.</summary>
    public async Task ThirdAsync(HttpContext context) => await SendAsync(context, await JudgeAsync(context, told: true));

    private async Task<CasAnswer> JudgeAsync(HttpContext context, bool told)
    {
        var (query, stop) = (context.Request.Query, context.RequestAborted);
        if (realms.Find((string)context.Request.RouteValues["realm"]!) is not { Enabled: true } realm) return new CasAnswer.Failure("INVALID_REQUEST", "There is no such realm.");
        if (query["ticket"] is not [{ Length: > 0 } ticket] || query["service"] is not [{ Length: > 0 } service]) return new CasAnswer.Failure("INVALID_REQUEST", "The parameters 'service' and 'ticket' are needed, once each.");
        if (!CasTicket.IsSound(ticket)) return new CasAnswer.Failure("INVALID_TICKET_SPEC", "This is no service ticket.");
        var visit = await tickets.TakeAsync(realm.Name, ticket, stop);
        if (visit is null) return Refuse(context, realm, null, "INVALID_TICKET", "The ticket is unknown, used or too old.");
        if (visit.Service != service) return Refuse(context, realm, visit, "INVALID_SERVICE", "The ticket was issued for another service.");
        if (query["renew"] is [not (null or "" or "false")] && !visit.Fresh) return Refuse(context, realm, visit, "INVALID_TICKET", "The ticket came of a session, not of a sign-in.");
        if (await clients.FindByClientIdAsync(realm.Name, visit.Client, stop) is not { Enabled: true, Cas: { } cas } || await users.FindAsync(realm.Name, visit.User, stop) is not { Enabled: true } user || await sessions.FindAsync(realm.Name, visit.Session, stop) is not { } session)
            return Refuse(context, realm, visit, "INVALID_TICKET", "The session is over, or the application is no longer served.");
        await tickets.RememberAsync(realm.Name, ticket, visit, session.EndsAt, stop);
        audit.Note(new AuditEvent { Realm = realm.Name, Type = "LOGIN", Client = visit.Client, User = user.Id, Session = session.Id, Address = context.Connection.RemoteIpAddress?.ToString(), Details = new Dictionary<string, string> { ["username"] = user.Username, ["method"] = "cas" } });
        var attributes = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        if (told)
        {
            attributes = AttributeText.Of(cas.Attributes, user, (await rights.OfAsync(realm.Name, RoleHolder.User, user.Id, stop)).Only(session.OnlyRoles)).ToImmutableDictionary(one => one.Name, one => one.Values);
            attributes = attributes.SetItem("authenticationDate", [session.AuthenticatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)]).SetItem("isFromNewLogin", [visit.Fresh ? "true" : "false"]).SetItem("longTermAuthenticationRequestTokenUsed", ["false"]);
        }

        return new CasAnswer.Success(user.Username, attributes);
    }

    private CasAnswer.Failure Refuse(HttpContext context, Realm realm, Visit? visit, string code, string text)
    {
        audit.NoteRefusal(new AuditEvent { Realm = realm.Name, Type = "LOGIN_ERROR", Client = visit?.Client, User = visit?.User, Address = context.Connection.RemoteIpAddress?.ToString(), Error = code.ToLowerInvariant(), Details = new Dictionary<string, string> { ["method"] = "cas" } });
        return new CasAnswer.Failure(code, text);
    }

    private static Task SendAsync(HttpContext context, CasAnswer answer)
    {
        if (!context.Request.Query["format"].ToString().Equals("json", StringComparison.OrdinalIgnoreCase)) return WriteAsync(context, "application/xml; charset=utf-8", answer.ToXml());
        object said = answer switch
        {
            CasAnswer.Success good => new { authenticationSuccess = new { user = good.User, attributes = good.Attributes.IsEmpty ? null : good.Attributes } },
            CasAnswer.Failure bad => new { authenticationFailure = new { code = bad.Code, description = bad.Text } },
            _ => throw new InvalidOperationException("Nonsense is not written."),
        };
        return WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(new { serviceResponse = said }, new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull }));
    }

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
