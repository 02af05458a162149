using Gatehouse.Audit;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.Admin.Representations;

/// <summary>Keycloak's RealmRepresentation, as far as it is honoured here. Lives are seconds.</summary>
internal sealed record RealmRepresentation
{
    public string? Id { get; init; }

    public string? Realm { get; init; }

    public string? DisplayName { get; init; }

    public bool? Enabled { get; init; }

    public string? DefaultSignatureAlgorithm { get; init; }

    public long? AccessTokenLifespan { get; init; }

    public long? AccessCodeLifespan { get; init; }

    public long? AccessCodeLifespanLogin { get; init; }

    public long? SsoSessionIdleTimeout { get; init; }

    public long? SsoSessionMaxLifespan { get; init; }

    /// <summary>Ours: seconds that a signing key is used; 0 means until somebody rotates.</summary>
    public long? KeyRotationPeriod { get; init; }

    /// <summary>Seconds since 1970; tokens issued before are refused.</summary>
    public long? NotBefore { get; init; }

    public static RealmRepresentation Of(Realm realm) => new()
    {
        Id = realm.Name, Realm = realm.Name, DisplayName = realm.DisplayName, Enabled = realm.Enabled, DefaultSignatureAlgorithm = realm.SigningAlgorithm,
        AccessTokenLifespan = Seconds(realm.AccessTokenLife), AccessCodeLifespan = Seconds(realm.CodeLife), AccessCodeLifespanLogin = Seconds(realm.InteractionLife),
        SsoSessionIdleTimeout = Seconds(realm.SessionIdle), SsoSessionMaxLifespan = Seconds(realm.SessionMax), KeyRotationPeriod = Seconds(realm.KeyLife), NotBefore = realm.NotBefore?.ToUnixTimeSeconds() ?? 0,
    };

    private static long Seconds(TimeSpan life) => (long)life.TotalSeconds;
}

/// <summary>Keycloak's UserSessionRepresentation, and the extension at which the person sits; times are unix milliseconds.</summary>
internal sealed record SessionRepresentation(string Id, string UserId, string? Username, string? IpAddress, string? UserAgent, long Start, long LastAccess, long Expires, string? Extension)
{
    public static SessionRepresentation Of(Session session, string? username)
        => new(session.Id, session.User, username, session.Address, session.Agent, session.StartedAt.ToUnixTimeMilliseconds(), session.LastUsedAt.ToUnixTimeMilliseconds(), session.EndsAt.ToUnixTimeMilliseconds(), session.Extension);
}

/// <summary>Keycloak's KeysMetadataRepresentation.</summary>
internal sealed record KeysRepresentation(IReadOnlyDictionary<string, string> Active, KeyRepresentation[] Keys);

/// <summary>A signing key; never its private part.</summary>
internal sealed record KeyRepresentation(string Kid, string Algorithm, string Type, string Status, string Use, long CreatedAt);

/// <summary>Keycloak's EventRepresentation.</summary>
internal sealed record EventRepresentation(string Id, long Time, string Type, string RealmId, string? ClientId, string? UserId, string? SessionId, string? IpAddress, string? Error, IReadOnlyDictionary<string, string>? Details)
{
    public static EventRepresentation Of(StoredAuditEvent stored)
        => new(stored.Id, stored.At.ToUnixTimeMilliseconds(), stored.Event.Type, stored.Event.Realm, stored.Event.Client, stored.Event.User, stored.Event.Session, stored.Event.Address, stored.Event.Error, stored.Event.Details);
}

/// <summary>Keycloak's AdminEventRepresentation.</summary>
internal sealed record AdminEventRepresentation(string Id, long Time, string RealmId, AuthDetails AuthDetails, string OperationType, string? ResourceType, string? ResourcePath, string? Error)
{
    public static AdminEventRepresentation Of(StoredAuditEvent stored)
        => new(stored.Id, stored.At.ToUnixTimeMilliseconds(), stored.Event.Realm, new AuthDetails(stored.Event.Realm, stored.Event.Client, stored.Event.User, stored.Event.Address), stored.Event.Type, stored.Event.Details?.GetValueOrDefault("resourceType"), stored.Event.Resource, stored.Event.Error);
}

/// <summary>Who made an admin change.</summary>
internal sealed record AuthDetails(string RealmId, string? ClientId, string? UserId, string? IpAddress);
