namespace Gatehouse.Terms;

/// <summary>A realm: one tenant with its own users, clients, keys and lifetimes. Defaults follow Keycloak's.</summary>
public sealed record Realm
{
    /// <summary>Name, as it stands in addresses: lower-case letters, digits, dash, underscore; at most 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Name shown to people; null means <see cref="Name"/>.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Whether anyone may sign in or obtain tokens.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Algorithm of access tokens and ID tokens (<c>ES256</c>, <c>RS256</c>, <c>PS256</c>), unless the client says otherwise.</summary>
    public string SigningAlgorithm { get; init; } = "ES256";

    /// <summary>Life of an access token.</summary>
    public TimeSpan AccessTokenLife { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Life of an authorization code (RFC 6749, 4.1.2 asks for ten minutes at most).</summary>
    public TimeSpan CodeLife { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A session ends when it was not used this long; a refresh token lives as long.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A session ends this long after sign-in, whatever happens: a shift.</summary>
    public TimeSpan SessionMax { get; init; } = TimeSpan.FromHours(10);

    /// <summary>How long a rotated refresh token still gives the same answer (concurrent tabs).</summary>
    public TimeSpan RefreshGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a half-finished sign-in is kept.</summary>
    public TimeSpan InteractionLife { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a signing key is used before the next takes its place; zero means until somebody rotates.</summary>
    public TimeSpan KeyLife { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Tokens issued before this instant are refused; null means none.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}
