namespace Gatehouse.Admin.Representations;

/// <summary>Keycloak's ClientRepresentation, as far as it is honoured here; switches that are not honoured are always false.</summary>
internal sealed record ClientRepresentation
{
    public string? Id { get; init; }

    public string? ClientId { get; init; }

    public string? Name { get; init; }

    public string? BaseUrl { get; init; }

    public bool? Enabled { get; init; }

    public string? ClientAuthenticatorType { get; init; }

    /// <summary>Only when sent to the server: at least 16 characters. It is kept as a keyed hash and never shown again.</summary>
    public string? Secret { get; init; }

    public string[]? RedirectUris { get; init; }

    public string[]? WebOrigins { get; init; }

    /// <summary>Seconds since 1970; tokens issued before are refused.</summary>
    public long? NotBefore { get; init; }

    public bool? BearerOnly { get; init; }

    public bool? ConsentRequired { get; init; }

    public bool? StandardFlowEnabled { get; init; }

    public bool? ImplicitFlowEnabled { get; init; }

    public bool? DirectAccessGrantsEnabled { get; init; }

    public bool? ServiceAccountsEnabled { get; init; }

    public bool? AuthorizationServicesEnabled { get; init; }

    public bool? PublicClient { get; init; }

    public string? Protocol { get; init; }

    public bool? FullScopeAllowed { get; init; }

    public string[]? DefaultClientScopes { get; init; }

    public string[]? OptionalClientScopes { get; init; }

    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    public MapperRepresentation[]? ProtocolMappers { get; init; }
}

/// <summary>Keycloak's ProtocolMapperRepresentation; the audience mapper is the one that is honoured.</summary>
internal sealed record MapperRepresentation(string Name, string Protocol, string ProtocolMapper, IReadOnlyDictionary<string, string> Config);

/// <summary>A client's new secret: shown this once.</summary>
internal sealed record SecretRepresentation(string Type, string Value);
