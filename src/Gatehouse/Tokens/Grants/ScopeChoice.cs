using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Tokens.Grants;

/// <summary>Which scopes a request gets: the client's default ones always, its optional ones when asked for, as Keycloak does. Unknown ones are refused (RFC 6749, 5.2).</summary>
public static class ScopeChoice
{
    /// <summary>Chooses; the error names the scope that the client may not have.</summary>
    public static (ImmutableArray<string> Scopes, OAuthError? Error) Of(Client client, string? requested)
    {
        if (!Scopes.TryParse(requested, out var asked)) return ([], OAuthError.InvalidScope("The scope is malformed."));
        foreach (var scope in asked)
            if (scope != "openid" && !client.DefaultScopes.Contains(scope) && !client.OptionalScopes.Contains(scope))
                return ([], OAuthError.InvalidScope($"The client may not have the scope '{scope}'."));
        return ([.. asked.Union(client.DefaultScopes)], null);
    }
}
