using System.Text.Json.Serialization;
using Gatehouse.People;

namespace Gatehouse.Admin.Representations;

/// <summary>Keycloak's UserRepresentation, as far as it is kept here.</summary>
internal sealed record UserRepresentation
{
    public string? Id { get; init; }

    public string? Username { get; init; }

    public string? FirstName { get; init; }

    public string? LastName { get; init; }

    public string? Email { get; init; }

    public bool? EmailVerified { get; init; }

    public bool? Enabled { get; init; }

    public long? CreatedTimestamp { get; init; }

    /// <summary>Seconds since 1970; tokens issued before are refused.</summary>
    public long? NotBefore { get; init; }

    public bool? Totp { get; init; }

    public IReadOnlyDictionary<string, string[]>? Attributes { get; init; }

    public string[]? RequiredActions { get; init; }

    public string? ServiceAccountClientId { get; init; }

    /// <summary>Only when a user is made: a password.</summary>
    public CredentialRepresentation[]? Credentials { get; init; }

    /// <summary>Only when a user is made: paths of groups to join.</summary>
    public string[]? Groups { get; init; }

    public static UserRepresentation Of(User user, bool brief = false) => new()
    {
        Id = user.Id, Username = user.Username, FirstName = user.FirstName, LastName = user.LastName, Email = user.Email, EmailVerified = user.EmailVerified, Enabled = user.Enabled,
        CreatedTimestamp = user.CreatedAt.ToUnixTimeMilliseconds(), NotBefore = user.NotBefore?.ToUnixTimeSeconds() ?? 0, Totp = false, RequiredActions = brief ? null : [],
        Attributes = brief ? null : Lists(user.Attributes),
    };

    internal static Dictionary<string, string[]> Lists(IReadOnlyDictionary<string, System.Collections.Immutable.ImmutableArray<string>> attributes)
        => attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
}

/// <summary>Keycloak's CredentialRepresentation: a new password, or what is known of the one in use (never the password or its hash).</summary>
internal sealed record CredentialRepresentation
{
    public string? Id { get; init; }

    public string? Type { get; init; }

    public long? CreatedDate { get; init; }

    public bool? Temporary { get; init; }

    /// <summary>Only when sent to the server.</summary>
    public string? Value { get; init; }
}

/// <summary>Keycloak's GroupRepresentation.</summary>
internal sealed record GroupRepresentation
{
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? Path { get; init; }

    public string? ParentId { get; init; }

    public int? SubGroupCount { get; init; }

    public IReadOnlyList<GroupRepresentation>? SubGroups { get; init; }

    public IReadOnlyDictionary<string, string[]>? Attributes { get; init; }

    public string[]? RealmRoles { get; init; }

    public IReadOnlyDictionary<string, string[]>? ClientRoles { get; init; }

    public static GroupRepresentation Of(Group group, bool brief = false) => new()
    {
        Id = group.Id, Name = group.Name, Path = group.Path, ParentId = group.Parent, Attributes = brief ? null : UserRepresentation.Lists(group.Attributes),
    };
}

/// <summary>Keycloak's RoleRepresentation.</summary>
internal sealed record RoleRepresentation
{
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public bool? Composite { get; init; }

    public bool? ClientRole { get; init; }

    /// <summary>Realm name, or the client's internal id.</summary>
    public string? ContainerId { get; init; }

    public IReadOnlyDictionary<string, string[]>? Attributes { get; init; }
}

/// <summary>Keycloak's MappingsRepresentation: roles held directly.</summary>
internal sealed record MappingsRepresentation
{
    public RoleRepresentation[]? RealmMappings { get; init; }

    public IReadOnlyDictionary<string, ClientMappingsRepresentation>? ClientMappings { get; init; }
}

/// <summary>Roles of one client.</summary>
internal sealed record ClientMappingsRepresentation(string Id, string Client, RoleRepresentation[] Mappings);

/// <summary>A number of things.</summary>
internal sealed record CountRepresentation([property: JsonPropertyName("count")] long Count);
