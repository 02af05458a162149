using Gatehouse.People;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Introspection (RFC 7662): confidential clients only; extra parameters and a stale Authorization of another scheme are ignored, since adapters send them.</summary>
public sealed class IntrospectEndpoint(Realms realms, ClientAuthentication authentication, Introspect introspect)
{
    /// <summary>Answers.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, error) = await Exchange.FormAsync(context);
        if (parameters is not null)
        {
            var (client, unknown) = await authentication.IdentifyAsync(context, realm, parameters, publicToo: false, "INTROSPECT_TOKEN_ERROR");
            error = unknown;
            if (client is not null && parameters["token"] is { } token)
            {
                await Exchange.JsonAsync(context, await introspect.AnswerAsync(realm, client, token, context.RequestAborted));
                return;
            }

            error ??= OAuthError.InvalidRequest("Token not provided");
        }

        await Exchange.ErrorAsync(context, error!);
    }
}
