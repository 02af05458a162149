using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>Permissions at a resource server that a token tells of (<c>authorization.permissions</c>); Keycloak calls such a token an RPT.</summary>
/// <param name="Audience">The resource server's <c>client_id</c>: the token is for it too.</param>
/// <param name="Granted">What is allowed.</param>
/// <param name="Request">What was asked for, as whoever judges keeps it: a refresh asks anew.</param>
public sealed record GrantedPermissions(string Audience, ImmutableArray<Permission> Granted, string Request);

/// <summary>Whoever judges permissions, above this room: asked again when a token that tells of them is renewed.</summary>
public interface IPermits
{
    /// <summary>Judges anew what was asked for. Null when the user is gone or disabled.</summary>
    ValueTask<GrantedPermissions?> AgainAsync(Client client, string user, Session? session, IEnumerable<string> scopes, string audience, string request, CancellationToken stop);
}
