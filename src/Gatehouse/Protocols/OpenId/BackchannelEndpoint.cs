using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Where upstream OpenID providers tell that a session there has ended (OpenID Connect Back-Channel Logout 1.0, 2.5), at Keycloak's address.</summary>
public sealed class BackchannelEndpoint(Realms realms, UpstreamSignOut signOut)
{
    /// <summary>Answers a logout request.</summary>
    public async Task AskAsync(HttpContext context)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return;
        var (parameters, error) = await Exchange.FormAsync(context);
        if (parameters?["logout_token"] is not { } token)
        {
            await Exchange.ErrorAsync(context, error ?? OAuthError.InvalidRequest("The parameter 'logout_token' is missing."));
            return;
        }

        var (_, fault) = await signOut.HearAsync(realm, token, Exchange.AddressOf(context), context.RequestAborted);
        if (fault is not null)
        {
            await Exchange.ErrorAsync(context, OAuthError.InvalidRequest($"The logout token does not count: {fault}."));
            return;
        }

        Exchange.NoStore(context.Response);
        context.Response.StatusCode = 200;
    }
}
