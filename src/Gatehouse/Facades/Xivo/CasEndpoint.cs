using Gatehouse.Federation;
using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Xivo;

/// <summary><c>GET auth/cas?service=…&amp;ticket=…</c>: a CAS service ticket for a token, by the realm's CAS providers, for a service that one of them lists. Clients go back to the CAS server when the ticket is told invalid.</summary>
internal sealed class CasEndpoint(Desk desk, Direct direct)
{
    public async Task AskAsync(HttpContext context)
    {
        if (await desk.OpenOrAnswerAsync(context) is not var (realm, client)) return;
        var query = context.Request.Query;
        if (query[Vendor.Service] is not [{ Length: > 0 and <= 2048 } service] || query[Vendor.Ticket] is not [{ Length: > 0 and <= 512 } ticket])
        {
            await Reply.FaultAsync(context, new Fault(400, Vendor.CasServerInvalidRequest, "The parameters 'service' and 'ticket' are needed, once each."));
            return;
        }

        var outcome = await direct.ProofAsync(realm, client, desk.Rules, [ProofType.CasTicket], new Secret(ticket), service, Origin.Of(context), context.RequestAborted);
        await desk.AnswerAsync(context, outcome, Vendor.UserNotFound, Refused, new Fault(503, Vendor.CasServerInternalError, "The CAS server cannot be asked right now.") { RetryAfter = 5 });
    }

    private static Fault Refused(string code) => Persons.Unknown(code) ?? code switch
    {
        "no_provider" => new Fault(403, Vendor.CasServerUrlNotSet, "This realm has no CAS provider."),
        "wrong_service" or "invalid_service" or "unauthorized_service" => new Fault(403, Vendor.CasServerInvalidService, "The ticket is not for this service, or the service may not be used here."),
        "invalid_ticket" or "bad_ticket" => new Fault(401, Vendor.CasServerInvalidTicket, "The CAS server does not accept the ticket. Sign in there again."),
        "invalid_request" => new Fault(400, Vendor.CasServerInvalidRequest, "The CAS server found the request invalid."),
        "invalid_ticket_spec" => new Fault(401, "CasServerInvalidTicketSpec", "The CAS server found the ticket to be of another kind."),
        "unauthorized_service_proxy" => new Fault(403, "CasServerUnauthorizedServiceProxy", "The CAS server does not let the service use proxies."),
        "invalid_proxy_callback" => new Fault(403, "CasServerInvalidProxyCallback", "The CAS server found the proxy's address invalid."),
        _ => new Fault(502, Vendor.CasServerInvalidResponse, $"The CAS server's answer does not count: {code}."),
    };
}
