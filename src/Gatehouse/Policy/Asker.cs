using System.Collections.Immutable;

namespace Gatehouse.Policy;

/// <summary>Who asks for permissions, as far as policies look at somebody.</summary>
public sealed record Asker
{
    /// <summary>User id, or the id of a client for its service account.</summary>
    public required string Subject { get; init; }

    /// <summary>Client for which their token was made.</summary>
    public string? Client { get; init; }

    /// <summary>Effective roles: realm roles by name, client roles as <c>client/role</c>.</summary>
    public required IReadOnlySet<string> Roles { get; init; }

    /// <summary>Group paths.</summary>
    public required IReadOnlySet<string> Groups { get; init; }

    /// <summary>Scopes of their token.</summary>
    public required IReadOnlySet<string> Scopes { get; init; }

    /// <summary>Claims by name, for patterns.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = ImmutableDictionary<string, string>.Empty;
}
