using Gatehouse.Credentials;
using Gatehouse.Federation;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Xivo;

/// <summary>
/// <c>auth/oidc</c>: what an OpenID provider gave for a token of ours. <c>GET ?token=…</c> or <c>Authorization: Bearer</c> with an ID token of a client that the provider's settings list, or a JWT of an issuer that is trusted; <c>POST</c> a code
/// and its redirect address, redeemed at the provider by our own client.
/// </summary>
internal sealed class OidcEndpoint(Desk desk, Direct direct, Issuers issuers)
{
    private const int Longest = 16 * 1024;

    public async Task TokenAsync(HttpContext context)
    {
        var header = Finder.Find(context.Request.Headers, null, issuers.IsTls);
        var query = context.Request.Query[Vendor.Token];
        var (token, fault) = (header, query) switch
        {
            (Found.None, [{ Length: > 0 and <= Longest } text]) => (new Secret(text), null),
            (Found.One { Credential.Kind: CredentialKind.Bearer } one, []) => (one.Credential.Value, null),
            (Found.None, []) => (null, Bad("Send an OpenID token, as the parameter 'token' or as 'Authorization: Bearer …'.")),
            (Found.One, [_, ..]) => (null, Bad("More than one token was sent.")),
            _ => (default(Secret), Bad("The token cannot be read.")),
        };
        if (fault is not null)
        {
            await Reply.FaultAsync(context, fault);
            return;
        }

        await TradeAsync(context, [ProofType.IdToken, ProofType.Jwt], token!, null);
    }

    public async Task CodeAsync(HttpContext context)
    {
        var (values, fault) = await Posted.ReadAsync(context, Vendor.RedirectUri, Vendor.Code);
        if (fault is null) await TradeAsync(context, [ProofType.Code], new Secret(values![1]), values[0]);
        else await Reply.FaultAsync(context, fault);
    }

    private async Task TradeAsync(HttpContext context, IReadOnlyList<string> types, Secret proof, string? target)
    {
        if (await desk.OpenOrAnswerAsync(context) is not var (realm, client)) return;
        await desk.AnswerAsync(context, await direct.ProofAsync(realm, client, desk.Rules, types, proof, target, Origin.Of(context), context.RequestAborted), Vendor.UserNotFound, Refused);
    }

    private static Fault Refused(string code) => Persons.Unknown(code) ?? (code is "no_provider" or "not_offered"
        ? new Fault(403, Vendor.OidcNotEnabled, "No OpenID provider of this realm takes this.")
        : new Fault(401, Vendor.OidcAuthenticationFailed, $"What the OpenID provider gave is refused: {code}."));

    private static Fault Bad(string message) => new(400, Vendor.OidcInvalidParameter, message);
}
