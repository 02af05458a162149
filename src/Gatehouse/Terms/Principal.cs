using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Gatehouse.Terms;

/// <summary>What kind of party a <see cref="Principal"/> is.</summary>
public enum PrincipalKind
{
    /// <summary>A person of this realm: agent, supervisor, administrator.</summary>
    User,

    /// <summary>A client acting for itself (client credentials).</summary>
    Service,

    /// <summary>A bot in one dialog.</summary>
    Bot,

    /// <summary>An anonymous or named visitor of a web widget.</summary>
    Visitor,

    /// <summary>Whoever holds a registered legacy secret.</summary>
    Legacy,
}

/// <summary>Who is asking, as proven by a verified credential. Immutable; made only by verifiers and by sign-in.</summary>
public sealed record Principal
{
    /// <summary>Realm name in which the subject is known.</summary>
    public required string Realm { get; init; }

    /// <summary>Stable subject identifier (RFC 7519, 4.1.2): a user id, or a service account id.</summary>
    public required string Subject { get; init; }

    /// <summary>Kind of party.</summary>
    public required PrincipalKind Kind { get; init; }

    /// <summary>Name for logs and <c>preferred_username</c>; null when unknown.</summary>
    public string? Name { get; init; }

    /// <summary>Issuer of the credential; null for a session cookie of ours.</summary>
    public string? Issuer { get; init; }

    /// <summary>Client that obtained the credential (<c>azp</c> or <c>client_id</c>); null for a session cookie.</summary>
    public string? Client { get; init; }

    /// <summary>Session id (<c>sid</c>); null for services.</summary>
    public string? Session { get; init; }

    /// <summary>Gadget for which the credential was cut; null for one that is nobody's but the person's. It counts only where the audience is among <see cref="Audiences"/>, and nowhere at our own endpoints.</summary>
    public string? Gadget { get; init; }

    /// <summary><see cref="Door"/> of what was cut of another token.</summary>
    public const string Exchange = "exchange";

    /// <summary>Where the credential was made, when not at the token endpoint: a facade's door, or <see cref="Exchange"/> (claim <c>door</c>).</summary>
    public string? Door { get; init; }

    /// <summary>The one of <see cref="Audiences"/> that stands there for the permissions inside alone (<c>permitted_at</c>): that back end may read them, and the credential was not made for it. Null for none.</summary>
    public string? PermittedAt { get; init; }

    /// <summary>Identifier of the token (<c>jti</c>); null for a session cookie.</summary>
    public string? TokenId { get; init; }

    /// <summary>Audiences of the credential (RFC 7519, 4.1.3).</summary>
    public ImmutableArray<string> Audiences { get; init; } = [];

    /// <summary>Effective roles: realm roles by name, client roles as <c>client/role</c>.</summary>
    public FrozenSet<string> Roles { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Group paths, each with its leading slash, as Keycloak writes them.</summary>
    public FrozenSet<string> Groups { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Permissions as <c>resource#scope</c>.</summary>
    public FrozenSet<string> Permissions { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Granted scopes (RFC 6749, 3.3).</summary>
    public FrozenSet<string> Scopes { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Dialog (call or chat) to which the credential is bound; null when unbound.</summary>
    public string? Dialog { get; init; }

    /// <summary>When that dialog was opened: its id may have been another's before; null when unbound.</summary>
    public DateTimeOffset? DialogStartedAt { get; init; }

    /// <summary>When the person last proved who they are; null for services.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>When the credential was issued; null for a session cookie.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>Authentication context class (<c>acr</c>), such as <c>1</c>; null for services.</summary>
    public string? Level { get; init; }

    /// <summary>Thumbprint of the key to which the credential is bound (RFC 9449, RFC 8705); null for bearer.</summary>
    public string? BoundKey { get; init; }

    /// <summary>Instant from which the credential is no longer valid.</summary>
    public DateTimeOffset Until { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Whether the credential names an audience, and not for the permissions inside alone: what may be traded, or shown at a door of ours, by whoever it was sent to.</summary>
    public bool Names(string audience) => audience != PermittedAt && Audiences.Contains(audience);

    /// <summary>Whether it was made for a client: that obtained it for itself, or is named as its audience. What was cut of another token is for the audiences alone to which it was cut.</summary>
    public bool IsFor(string client) => (Client == client && Door != Exchange) || Names(client);
}
