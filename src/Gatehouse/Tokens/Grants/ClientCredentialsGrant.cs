using Gatehouse.Clients;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>The client acts for itself (RFC 6749, 4.4). No refresh token: the client can ask again.</summary>
public sealed class ClientCredentialsGrant : IGrant
{
    /// <inheritdoc/>
    public string Type => "client_credentials";

    /// <inheritdoc/>
    public bool IsAllowed(Client client) => client is { ServiceAccount: true, Public: false };

    /// <inheritdoc/>
    public Task<GrantResult> AuthorizeAsync(GrantRequest request, CancellationToken stop)
    {
        var (scopes, error) = ScopeChoice.Of(request.Client, request.Parameters["scope"]);
        if (error is null && scopes.Contains("offline_access")) error = OAuthError.InvalidScope("A client that acts for itself gets no refresh token.");
        return Task.FromResult<GrantResult>(error is not null
            ? new GrantResult.Refused(error)
            : new GrantResult.Granted(new Authorization { Grant = Type, Realm = request.Realm, Client = request.Client, Scopes = scopes.Remove("openid"), Address = request.Address }));
    }
}
