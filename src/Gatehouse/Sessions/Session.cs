namespace Gatehouse.Sessions;

/// <summary>A signed-in person on one device.</summary>
public sealed record Session
{
    /// <summary>Id, as <c>sid</c> in tokens. Not the cookie's value.</summary>
    public required string Id { get; init; }

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>User id.</summary>
    public required string User { get; init; }

    /// <summary>When the person last proved who they are (<c>auth_time</c>).</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>Authentication context class (<c>acr</c>).</summary>
    public string Level { get; init; } = "1";

    /// <summary>Methods used (<c>amr</c>, RFC 8176).</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["pwd"];

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was last used, to the minute.</summary>
    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>When it ends for good.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When it ends if it is not used before.</summary>
    public required DateTimeOffset IdleEndsAt { get; init; }

    /// <summary>The only roles that it has, of those that the user holds: it began while the provider was down. Null for all.</summary>
    public IReadOnlyList<string>? OnlyRoles { get; init; }

    /// <summary>Alias of the upstream that vouched; null for a password of ours.</summary>
    public string? Upstream { get; init; }

    /// <summary>The session there, by which it may end this one; null where it names none.</summary>
    public string? UpstreamSession { get; init; }

    /// <summary>What the upstream wants to see when the person signs out there too; null where there is nothing to send.</summary>
    public string? UpstreamHint { get; init; }

    /// <summary>Extension at which the person sits, kept by <see cref="Seats"/>; null where they have no seat.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? Extension { get; init; }

    /// <summary>Address at sign-in.</summary>
    public string? Address { get; init; }

    /// <summary>User agent at sign-in, shortened.</summary>
    public string? Agent { get; init; }
}
