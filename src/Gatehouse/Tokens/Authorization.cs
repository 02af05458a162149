using System.Collections.Immutable;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Terms;

namespace Gatehouse.Tokens;

/// <summary>The result of any grant: what someone may be given. Only <see cref="Issuer"/> turns it into tokens, after its one checklist.</summary>
public sealed record Authorization
{
    /// <summary>Grant that led here (<c>authorization_code</c>, <c>refresh_token</c>, <c>client_credentials</c>).</summary>
    public required string Grant { get; init; }

    /// <summary>Realm.</summary>
    public required Realm Realm { get; init; }

    /// <summary>Client that receives the tokens.</summary>
    public required Client Client { get; init; }

    /// <summary>User id; null when the client acts for itself.</summary>
    public string? User { get; init; }

    /// <summary>Session of the user; null for services and for offline tokens.</summary>
    public Session? Session { get; init; }

    /// <summary>Granted scopes.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>Audiences that the access token is cut to; empty for all that the client may reach.</summary>
    public ImmutableArray<string> Audience { get; init; } = [];

    /// <summary>To what it is cut for a gadget; null for tokens that a gadget does not hold. <see cref="Audience"/> is never empty then.</summary>
    public GadgetCut? Gadget { get; init; }

    /// <summary>Permissions at a resource server that the access token tells of; null for an ordinary token.</summary>
    public GrantedPermissions? Permissions { get; init; }

    /// <summary>The token that was shown and of which this one is made: roles, groups and audiences that are not in it are not in the next either. Null where none was shown.</summary>
    public Principal? Within { get; init; }

    /// <summary>
    /// Where what is made counts as made: a facade's door, which alone renews it; <see cref="Cut"/> for what was cut of another token, which nobody renews; null for the token endpoint. In the access token as <c>door</c>, with the refresh token's family too.
    /// </summary>
    public string? Door { get; init; }

    /// <summary><see cref="Door"/> of what is no more than the token that was shown for it.</summary>
    public const string Cut = Terms.Principal.Exchange;

    /// <summary>When the access token ends at the latest; null when only lifetimes say so.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Nonce of the authorization request (OpenID Connect Core, 3.1.2.1).</summary>
    public string? Nonce { get; init; }

    /// <summary>When the person proved who they are.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Authentication context class.</summary>
    public string? Level { get; init; }

    /// <summary>A refresh token goes with it.</summary>
    public bool WithRefresh { get; init; }

    /// <summary>Refresh token that is being rotated, or, where <see cref="WithRefresh"/> is off, used and kept: the access token belongs to its family either way.</summary>
    public RefreshUse? Rotates { get; init; }

    /// <summary>Code that is being redeemed, so that a replay can end what came of it.</summary>
    public string? CodeHash { get; init; }

    /// <summary>When what is redeemed was granted (the code was made, the family began); null when nothing was kept.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Address of the client, for the audit log.</summary>
    public string? Address { get; init; }

    /// <summary>Whether an ID token is due.</summary>
    public bool IsOpenId => User is not null && Scopes.Contains("openid");

    /// <summary>Whether the refresh token outlives the session.</summary>
    public bool IsOffline => Scopes.Contains("offline_access");
}
