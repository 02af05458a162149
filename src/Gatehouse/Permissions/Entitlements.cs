using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.People;
using Gatehouse.Policy;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Permissions;

/// <summary>What may somebody do at a resource server (a client with authorization settings)? The one road on which settings, rights and the judge meet; whoever answers a vendor's clients asks here.</summary>
public sealed class Entitlements(ClientStore clients, ResourceServers servers, RightsCache rights, UserCache users, TimeProvider time) : IPermits
{
    private readonly ConditionalWeakTable<ResourceServer, PermissionJudge> judges = [];

    /// <summary>Judges a request; <paramref name="audience"/> is the resource server's <c>client_id</c>. Nothing allowed is an empty list; an error says what was asked for that does not exist.</summary>
    public async ValueTask<(ImmutableArray<Permission> Granted, OAuthError? Error)> AskAsync(string realm, string audience, Asker asker, PermissionRequest request, CancellationToken stop)
    {
        if (await FindAsync(realm, audience, stop) is not { } server) return ([], OAuthError.InvalidRequest("Client does not support permissions"));
        var judge = judges.GetValue(server, made => new PermissionJudge(made));
        var (wishes, error) = request.Wanted.IsEmpty ? ([.. judge.Everything(asker)], null) : Wishes.Of(server, request, asker.Subject);
        if (wishes is null) return ([], error);
        var granted = judge.Judge(asker, time.GetUtcNow(), wishes);
        if (request.Limit > 0 && granted.Length > request.Limit) granted = granted[..request.Limit];
        return (request.WithNames ? granted : [.. granted.Select(one => one with { ResourceName = null })], null);
    }

    /// <summary>Whoever holds a token of ours: with the rights that are in it and that are also held at this moment. Null when they are gone or disabled.</summary>
    public async ValueTask<Asker?> AskerAsync(Principal principal, CancellationToken stop)
    {
        var user = principal.Kind == PrincipalKind.User ? await users.FindAsync(principal.Realm, principal.Subject, stop) : null;
        var held = principal.Kind switch
        {
            PrincipalKind.User when user is { Enabled: true } => await rights.OfAsync(principal.Realm, RoleHolder.User, principal.Subject, stop),
            PrincipalKind.Service when principal.Client is { } client => await rights.OfAsync(principal.Realm, RoleHolder.ServiceAccount, client, stop),
            _ => null,
        };
        if (held is null) return null;
        return Of(principal.Subject, user, principal.Client, held.Roles.Where(principal.Roles.Contains).ToHashSet(StringComparer.Ordinal), held.Groups.Where(principal.Groups.Contains).ToHashSet(StringComparer.Ordinal), principal.Scopes);
    }

    /// <summary>A client's own service account.</summary>
    public async ValueTask<Asker> AskerAsync(Client client, CancellationToken stop)
    {
        var held = await rights.OfAsync(client.Realm, RoleHolder.ServiceAccount, client.ClientId, stop);
        return Of(client.Id, null, client.ClientId, Cut(client, held.Roles), held.Groups, client.DefaultScopes.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>A user in a session at a client, with what that client may see of their rights. Null when they are gone or disabled.</summary>
    public async ValueTask<Asker?> AskerAsync(Client client, string user, Session? session, IEnumerable<string> scopes, CancellationToken stop)
    {
        if (await users.FindAsync(client.Realm, user, stop) is not { Enabled: true } known) return null;
        var held = (await rights.OfAsync(client.Realm, RoleHolder.User, user, stop)).Only(session?.OnlyRoles);
        return Of(user, known, client.ClientId, Cut(client, held.Roles), held.Groups, scopes.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Whether somebody's token tells of all that its client would be told today: one that an exchange cut to some audiences does not.</summary>
    public async ValueTask<bool> IsWholeAsync(Principal principal, Client client, Session? session, CancellationToken stop)
        => principal.Door != Authorization.Cut && client.Audiences.All(principal.Names) && (!principal.Scopes.Contains("roles") || (await AskerAsync(client, principal.Subject, session, principal.Scopes, stop))?.Roles.All(principal.Roles.Contains) == true);

    /// <summary>An authorization of a user with everything that they may do at a resource server in it, so that the mint makes what Keycloak calls an RPT; its refresh asks anew. An empty list stays an empty list: it is for whoever asks to refuse.</summary>
    public async ValueTask<(Authorization? Authorization, OAuthError? Error)> WithPermissionsAsync(Authorization authorization, string audience, CancellationToken stop)
    {
        if (authorization.User is not { } user || await AskerAsync(authorization.Client, user, authorization.Session, authorization.Scopes, stop) is not { } asker) return (null, OAuthError.InvalidGrant("The user is disabled or gone."));
        var (granted, error) = await AskAsync(authorization.Realm.Name, audience, asker, PermissionRequest.Everything, stop);
        return error is null ? (authorization with { Permissions = new GrantedPermissions(audience, granted, PermissionRequest.Everything.Write()) }, null) : (null, error);
    }

    /// <inheritdoc/>
    public async ValueTask<GrantedPermissions?> AgainAsync(Client client, string user, Session? session, IEnumerable<string> scopes, string audience, string request, CancellationToken stop)
    {
        if (await AskerAsync(client, user, session, scopes, stop) is not { } asker) return null;
        // What was asked for may be gone since, and its settings too: then nothing is allowed of it.
        var (granted, _) = await AskAsync(client.Realm, audience, asker, PermissionRequest.Read(request), stop);
        return new GrantedPermissions(audience, granted, request);
    }

    /// <summary>The settings of an enabled client; null when it has none.</summary>
    public async ValueTask<ResourceServer?> FindAsync(string realm, string clientId, CancellationToken stop)
        => await clients.FindByClientIdAsync(realm, clientId, stop) is { Enabled: true, AuthorizationServices: true } client ? await servers.FindAsync(realm, client.Id, stop) : null;

    private static IReadOnlySet<string> Cut(Client client, IReadOnlySet<string> roles)
        => client.FullScope ? roles : roles.Where(role => client.RoleScope.Contains(role) || role.StartsWith(client.ClientId + "/", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

    private static Asker Of(string subject, User? user, string? client, IReadOnlySet<string> roles, IReadOnlySet<string> groups, IReadOnlySet<string> scopes)
    {
        var claims = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        claims["sub"] = subject;
        Add("azp", client);
        Add("preferred_username", user?.Username);
        Add("email", user?.Email);
        Add("given_name", user?.FirstName);
        Add("family_name", user?.LastName);
        Add("name", user?.FullName);
        return new Asker { Subject = subject, Client = client, Roles = roles, Groups = groups, Scopes = scopes, Claims = claims.ToImmutable() };

        void Add(string name, string? value)
        {
            if (value is not null) claims[name] = value;
        }
    }
}
