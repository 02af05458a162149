using Gatehouse.Credentials;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Xivo;

/// <summary><c>GET auth/check</c>: is the token good? The answer holds the next one, and XiVO's own client keeps that: checking is renewing, and only what was made at these addresses. The old token lives on to its end.</summary>
internal sealed class CheckEndpoint(Desk desk, Direct direct, Issuers issuers)
{
    // All known clients send Authorization here; elsewhere they have the other header as well.
    private static readonly TokenPlaces Places = new(true, ["X-Auth-Token"], []);

    public async Task AskAsync(HttpContext context)
    {
        if (await desk.OpenOrAnswerAsync(context) is not var (realm, client)) return;
        var found = Finder.Find(context.Request.Headers, "", Places, null, issuers.IsTls);
        if (found is not Found.One { Credential: { Kind: CredentialKind.Bearer } bearer })
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Reply.FaultAsync(context, found is Found.None
                ? new Fault(401, Vendor.AuthorizationHeaderNotFound, "Send the token as 'Authorization: Bearer …', or in X-Auth-Token.")
                : new Fault(401, Vendor.BearerNotFound, "The request holds no readable token, or more than one."));
            return;
        }

        await desk.AnswerAsync(context, await direct.RenewAsync(realm, client, desk.Rules, bearer.Value, Origin.Of(context), context.RequestAborted), Vendor.InvalidToken, Refused);
    }

    private static Fault Refused(string code)
        => code == Reasons.TokenExpired.Code || code == Reasons.SessionEnded.Code ? new Fault(401, Vendor.TokenExpired, "The token, or the session behind it, has ended. Sign in again.")
            : code == Reasons.TokenRevoked.Code ? new Fault(401, Vendor.InvalidToken, "The token was revoked. Sign in again.")
            : new Fault(401, Vendor.InvalidToken, "This is no token that counts here.");
}
