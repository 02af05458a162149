using System.Collections.Immutable;
using Gatehouse.Federation;
using Gatehouse.People;

namespace Gatehouse.Admin.Representations;

/// <summary>Keycloak's IdentityProviderRepresentation, with domains and mapping of ours. Secrets are shown as asterisks; sent back so, they stay as they are.</summary>
internal sealed record IdentityProviderRepresentation
{
    public const string Masked = "**********";

    public string? InternalId { get; init; }

    public string? Alias { get; init; }

    public string? DisplayName { get; init; }

    /// <summary>The kind, such as <c>oidc</c> or <c>ldap</c>.</summary>
    public string? ProviderId { get; init; }

    public bool? Enabled { get; init; }

    public bool? TrustEmail { get; init; }

    /// <summary>Keycloak's word for a provider that makes no users.</summary>
    public bool? LinkOnly { get; init; }

    public bool? HideOnLogin { get; init; }

    public int? Order { get; init; }

    public bool? UpdatesUsers { get; init; }

    public bool? KeepsPasswords { get; init; }

    public int? ContinuityDays { get; init; }

    public IReadOnlyList<string>? ContinuityRoles { get; init; }

    public IReadOnlyDictionary<string, string>? Config { get; init; }

    public IReadOnlyList<string>? Domains { get; init; }

    /// <summary>Login names that lead to it, with a star.</summary>
    public IReadOnlyList<string>? LoginNames { get; init; }

    public IReadOnlyList<MappingRepresentation>? Mapping { get; init; }

    public static IdentityProviderRepresentation Of(Upstream one) => new()
    {
        InternalId = one.Id, Alias = one.Alias, DisplayName = one.DisplayName, ProviderId = one.Kind, Enabled = one.Enabled, TrustEmail = one.TrustsEmail, LinkOnly = !one.CreatesUsers, HideOnLogin = one.Hidden, Order = one.Order,
        UpdatesUsers = one.UpdatesUsers, KeepsPasswords = one.KeepsPasswords, ContinuityDays = one.ContinuityDays, ContinuityRoles = one.ContinuityRoles, Config = one.Config.AddRange(one.Secrets.Keys.Select(name => KeyValuePair.Create(name, Masked))), Domains = one.Domains, LoginNames = one.LoginNames,
        Mapping = [.. one.Mapping.Select(rule => new MappingRepresentation(rule.Source, rule.Value, rule.To.ToString().ToLowerInvariant(), rule.Target))],
    };
}

/// <summary>One rule of a mapping.</summary>
/// <param name="Source">Upstream attribute or claim.</param>
/// <param name="Value">Value, with a star for anything; null for any.</param>
/// <param name="To">role, group or attribute.</param>
/// <param name="Target">Role, group path or attribute name.</param>
internal sealed record MappingRepresentation(string Source, string? Value, string To, string Target);

/// <summary>A kind of provider and its settings.</summary>
internal sealed record ProviderKindRepresentation(string Id, string Name, IReadOnlyList<ProviderSettingRepresentation> Settings)
{
    public static ProviderKindRepresentation Of(UpstreamKind kind) => new(kind.Name, kind.Title, [.. kind.Settings.Select(one => new ProviderSettingRepresentation(one.Name, one.Text, one.Required, one.Secret, one.Otherwise))]);
}

/// <summary>A setting of a kind.</summary>
internal sealed record ProviderSettingRepresentation(string Name, string HelpText, bool Required, bool Secret, string? DefaultValue);

/// <summary>What a test of a provider found: each hop, what it said of the person, and what the mapping would make of it.</summary>
internal sealed record ProviderTestRepresentation(bool Works, string? Error, string? Detail, IReadOnlyList<string> Hops, string? Subject, string? Username, IReadOnlyDictionary<string, ImmutableArray<string>>? Attributes, IReadOnlyList<string>? Groups, IReadOnlyList<string>? Roles, IReadOnlyList<string>? MappedGroups);

/// <summary>Keycloak's FederatedIdentityRepresentation.</summary>
internal sealed record FederatedIdentityRepresentation(string IdentityProvider, string UserId, string? UserName)
{
    public static FederatedIdentityRepresentation Of(Link link, string alias) => new(alias, link.Subject, link.Username);
}

/// <summary>A link that tests a provider in a browser.</summary>
/// <param name="Url">Where to go; good once.</param>
internal sealed record TestLinkRepresentation(string Url);
