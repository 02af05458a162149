using Gatehouse.Credentials;
using Gatehouse.Federation;
using Gatehouse.SignIn;
using Gatehouse.Tokens;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Xivo;

/// <summary><c>GET auth/sso</c>: a Kerberos ticket (SPNEGO, RFC 4559) for a token, by the realm's Kerberos providers. Without a ticket the browser is asked for one, once.</summary>
internal sealed class SsoEndpoint(Desk desk, Direct direct, Issuers issuers, IOptions<XivoSettings> settings)
{
    private static readonly Fault Foreign = new(403, Vendor.SsoAuthenticationFailed, "The page's origin is not one that may use this. An administrator lists it in facades:xivo:origins.");
    private static readonly Fault NoTicket = new(401, Vendor.SsoAuthenticationFailed, "No Kerberos ticket was sent.");

    public async Task AskAsync(HttpContext context)
    {
        // A browser shows its ticket to whichever page makes it ask: what such a page cannot read must not begin a session either.
        var headers = context.Request.Headers;
        if (headers.Origin is [{ Length: > 0 } origin] && origin != issuers.PublicUrl && origin != $"{context.Request.Scheme}://{context.Request.Host}" && !settings.Value.Origins.Contains(origin))
        {
            await Reply.FaultAsync(context, Foreign);
            return;
        }

        // An image or a link says no origin, and browsers show their ticket all the same.
        if (headers.Origin.Count == 0 && headers["Sec-Fetch-Site"] is ["cross-site"])
        {
            await Reply.FaultAsync(context, Foreign);
            return;
        }

        if (await desk.OpenOrAnswerAsync(context) is not var (realm, client)) return;
        if (Finder.FindNegotiate(headers) is not { } ticket)
        {
            context.Response.Headers.WWWAuthenticate = "Negotiate";
            await Reply.FaultAsync(context, NoTicket);
            return;
        }

        var outcome = await direct.ProofAsync(realm, client, desk.Rules, [ProofType.Kerberos], ticket, null, Origin.Of(context), context.RequestAborted);
        if (outcome is DirectOutcome.In { Answer: { } answer }) context.Response.Headers.WWWAuthenticate = "Negotiate " + answer;
        await desk.AnswerAsync(context, outcome, Vendor.UserNotFound, Refused);
    }

    // Not 401: a browser would ask again with the same ticket.
    private static Fault Refused(string code) => Persons.Unknown(code) ?? (code == "no_provider"
        ? new Fault(403, Vendor.SsoAuthenticationFailed, "This realm has no Kerberos provider.")
        : new Fault(403, Vendor.SsoAuthenticationFailed, $"The Kerberos ticket is refused: {code}."));
}
