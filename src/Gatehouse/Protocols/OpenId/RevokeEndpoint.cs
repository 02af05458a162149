using Gatehouse.People;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Revocation (RFC 7009).</summary>
public sealed class RevokeEndpoint(Realms realms, ClientAuthentication authentication, Revoke revoke)
{
    /// <summary>Answers 200 for any token, known or not.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, error) = await Exchange.FormAsync(context);
        if (parameters is not null)
        {
            var (client, unknown) = await authentication.IdentifyAsync(context, realm, parameters, publicToo: true, "REVOKE_GRANT_ERROR");
            error = unknown;
            if (client is not null)
            {
                Cors.Allow(context, client);
                if (parameters["token"] is { } token)
                {
                    await revoke.EndAsync(realm, client, token, Exchange.AddressOf(context), context.RequestAborted);
                    Exchange.NoStore(context.Response);
                    context.Response.ContentLength = 0;
                    return;
                }
            }

            error ??= OAuthError.InvalidRequest("Token not provided");
        }

        await Exchange.ErrorAsync(context, error!);
    }
}
