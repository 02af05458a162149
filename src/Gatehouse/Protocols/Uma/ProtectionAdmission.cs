using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Credentials;
using Gatehouse.People;
using Gatehouse.Permissions;
using Gatehouse.Protocols.OpenId;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.Uma;

/// <summary>Who may use the protection API: a client's own service account, for its own resources. Keycloak calls its token a PAT. A user's token of the client is admitted to nothing.</summary>
public sealed class ProtectionAdmission(Realms realms, Verifiers verifiers, ClientStore clients, GuardedResources settings)
{
    private static readonly OAuthError Invalid = new("invalid_bearer_token", "Could not obtain bearer access_token from request", 401);

    /// <summary>The client, its settings and who asks; null after the error was written.</summary>
    public async Task<(Client Client, ResourceServer Server, Principal Principal)?> AdmitAsync(HttpContext context, bool changes)
    {
        if (await Exchange.RealmAsync(context, realms) is not { } realm) return null;
        var verdict = Finder.Find(context.Request.Headers, null, context.Request.IsHttps) is Found.One { Credential: { Kind: CredentialKind.Bearer } credential } ? await verifiers.VerifyOwnAsync(credential, realm.Name, context.RequestAborted) : null;
        if (verdict is not Verdict.Accepted { Principal: var principal })
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return await RefuseAsync(context, Invalid);
        }

        if (principal.Kind != PrincipalKind.Service || principal.Client is not { } id) return await RefuseAsync(context, new OAuthError("invalid_scope", "Requires uma_protection scope: use a token that the resource server got for itself (client_credentials).", 403));
        if (await clients.FindByClientIdAsync(realm.Name, id, context.RequestAborted) is not { Enabled: true } client || await settings.FindAsync(client, context.RequestAborted) is not { } server)
            return await RefuseAsync(context, new OAuthError("invalid_clientId", $"Client application with id [{id}] is not registered as a resource server.", 400));
        if (changes && !server.RemoteManagement) return await RefuseAsync(context, new OAuthError("not_supported", "Remote management is disabled.", 403));
        return (client, server, principal);
    }

    private static async Task<(Client, ResourceServer, Principal)?> RefuseAsync(HttpContext context, OAuthError error)
    {
        await Exchange.ErrorAsync(context, error);
        return null;
    }
}
