using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Gatehouse.Terms;

namespace Gatehouse.Federation;

/// <summary>An upstream identity provider of a realm, as an administrator set it up. Its kind (see <see cref="UpstreamKinds"/>) says how it meets a person.</summary>
public sealed record Upstream
{
    /// <summary>Id (UUID).</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Name in addresses, unique in the realm: lower-case letters, digits and dashes.</summary>
    public required string Alias { get; init; }

    /// <summary>Kind, such as <c>oidc</c>, <c>github</c>, <c>ldap</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name for people; null for the alias.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Whether it counts.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Place on the page and in the order of questions, smaller first.</summary>
    public int Order { get; init; }

    /// <summary>Whether the sign-in page leaves its button out; it is then reached by domain or <c>kc_idp_hint</c> alone.</summary>
    public bool Hidden { get; init; }

    /// <summary>Domains of e-mail-like login names that belong to it (home-realm discovery), lower-case.</summary>
    public ImmutableArray<string> Domains { get; init; } = [];

    /// <summary>Login names that belong to it (home-realm discovery), each with at most one star for any run of characters: <c>partner-*</c>.</summary>
    public ImmutableArray<string> LoginNames { get; init; } = [];

    /// <summary>Whether an unknown person becomes a user at the first sign-in.</summary>
    public bool CreatesUsers { get; init; } = true;

    /// <summary>Whether name, e-mail and attributes follow the provider at each sign-in.</summary>
    public bool UpdatesUsers { get; init; } = true;

    /// <summary>Whether its word that an e-mail address is verified counts.</summary>
    public bool TrustsEmail { get; init; }

    /// <summary>Whether a password that it found right is kept here (as our own hash), so that the next sign-in needs it no more: a migration person by person.</summary>
    public bool KeepsPasswords { get; init; }

    /// <summary>Days after their last sign-in for which a person may sign in while it is down, on a device they used before, with the password of that time, to <see cref="ContinuityRoles"/> alone; 0 for never.</summary>
    public int ContinuityDays { get; init; }

    /// <summary>Roles that such a session has, of those that the person holds.</summary>
    public ImmutableArray<string> ContinuityRoles { get; init; } = [];

    /// <summary>What its attributes and groups become here.</summary>
    public ImmutableArray<MappingRule> Mapping { get; init; } = [];

    /// <summary>Settings of the kind, without secrets.</summary>
    public ImmutableDictionary<string, string> Config { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Secrets of the kind; sealed at rest, never in the row's body.</summary>
    [JsonIgnore]
    public ImmutableDictionary<string, Secret> Secrets { get; init; } = ImmutableDictionary<string, Secret>.Empty;

    /// <summary>Name for people.</summary>
    public string Title => DisplayName ?? Alias;

    /// <summary>A setting; null when unset or empty.</summary>
    public string? this[string name] => Config.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>A yes-or-no setting.</summary>
    public bool Flag(string name, bool otherwise = false) => this[name] is { } text ? text is "true" : otherwise;
}
