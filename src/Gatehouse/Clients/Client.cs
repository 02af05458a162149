using System.Collections.Immutable;

namespace Gatehouse.Clients;

/// <summary>An application (RFC 6749, 2), with Keycloak's switches.</summary>
public sealed record Client
{
    /// <summary>Internal id (UUID), as Keycloak's admin API uses it in addresses.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>The <c>client_id</c>, unique in the realm.</summary>
    public required string ClientId { get; init; }

    /// <summary>Name for people.</summary>
    public string? Name { get; init; }

    /// <summary>Whether it may be used at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Public client (RFC 6749, 2.1): no secret, token endpoint method <c>none</c>.</summary>
    public bool Public { get; init; }

    /// <summary>Authorization code flow allowed.</summary>
    public bool StandardFlow { get; init; } = true;

    /// <summary>Client credentials grant allowed: the client has a service account.</summary>
    public bool ServiceAccount { get; init; }

    /// <summary>It may trade other proofs of a person for tokens: token exchange (RFC 8693), JWT and SAML assertions as grants (RFC 7523, RFC 7522).</summary>
    public bool Exchanges { get; init; }

    /// <summary>It may post names and passwords (RFC 6749, 4.3), where the settings of a facade name it too.</summary>
    public bool DirectGrants { get; init; }

    /// <summary>It has authorization settings: resources, and who may do what with them.</summary>
    public bool AuthorizationServices { get; init; }

    /// <summary>It obtains tokens about people, in one way or another.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool ActsForUsers => StandardFlow || Exchanges || DirectGrants;

    /// <summary>Exact redirect addresses; a loopback address without port matches any port (RFC 8252, 7.3).</summary>
    public ImmutableArray<string> RedirectUris { get; init; } = [];

    /// <summary>Exact addresses allowed after sign-out.</summary>
    public ImmutableArray<string> PostLogoutRedirectUris { get; init; } = [];

    /// <summary>Origins allowed by CORS at the token, userinfo and revocation endpoints.</summary>
    public ImmutableArray<string> WebOrigins { get; init; } = [];

    /// <summary>Public keys for <c>private_key_jwt</c>, a JWK set in JSON; null when none.</summary>
    public string? Jwks { get; init; }

    /// <summary>Scopes always granted.</summary>
    public ImmutableArray<string> DefaultScopes { get; init; } = ["profile", "email", "roles"];

    /// <summary>Scopes granted when asked for.</summary>
    public ImmutableArray<string> OptionalScopes { get; init; } = ["offline_access"];

    /// <summary>Audiences added to access tokens.</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>All of the user's roles go into tokens; otherwise only those of <see cref="RoleScope"/>.</summary>
    public bool FullScope { get; init; } = true;

    /// <summary>Role keys allowed into tokens when <see cref="FullScope"/> is off.</summary>
    public ImmutableArray<string> RoleScope { get; init; } = [];

    /// <summary>Algorithm of its tokens; null means the realm's.</summary>
    public string? SigningAlgorithm { get; init; }

    /// <summary>Life of its access tokens; null means the realm's.</summary>
    public TimeSpan? AccessTokenLife { get; init; }

    /// <summary>Pushed authorization requests are required (RFC 9126, 5).</summary>
    public bool RequirePushed { get; init; }

    /// <summary>How it speaks SAML; null when it speaks OpenID Connect.</summary>
    public SamlApplication? Saml { get; init; }

    /// <summary>How it speaks CAS; null when it does not.</summary>
    public CasApplication? Cas { get; init; }

    /// <summary>Where the application lives, for links back.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>Tokens issued before this instant are refused; null means none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
