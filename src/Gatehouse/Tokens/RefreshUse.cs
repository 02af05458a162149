using System.Collections.Immutable;

namespace Gatehouse.Tokens;

/// <summary>A refresh token that was presented and found good, with its family.</summary>
/// <param name="Hash">Keyed hash of the token.</param>
/// <param name="Family">Family id: all tokens that came of one sign-in at one client.</param>
/// <param name="Realm">Realm name.</param>
/// <param name="ClientId">The <c>client_id</c> it belongs to.</param>
/// <param name="User">User id.</param>
/// <param name="Session">Session id; null for offline tokens.</param>
/// <param name="Scopes">Scopes of the family.</param>
/// <param name="Nonce">Nonce of the authorization request.</param>
/// <param name="AuthenticatedAt">When the person proved who they are.</param>
/// <param name="Level">Authentication context class.</param>
/// <param name="Since">When the family began.</param>
public sealed record RefreshUse(string Hash, string Family, string Realm, string ClientId, string User, string? Session, ImmutableArray<string> Scopes, string? Nonce, DateTimeOffset? AuthenticatedAt, string? Level, DateTimeOffset Since)
{
    /// <summary>Resource server whose permissions the family's tokens tell of; null for ordinary ones.</summary>
    public string? Audience { get; init; }

    /// <summary>What was asked for there.</summary>
    public string? Permissions { get; init; }

    /// <summary>Door that renews the family; null for the token endpoint.</summary>
    public string? Door { get; init; }
}
