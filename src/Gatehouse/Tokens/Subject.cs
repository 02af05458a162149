using Gatehouse.People;

namespace Gatehouse.Tokens;

/// <summary>Everything that claims are written from.</summary>
/// <param name="Authorization">What was granted.</param>
/// <param name="Issuer">The <c>iss</c>.</param>
/// <param name="User">The person; null for a service account.</param>
/// <param name="Roles">Role keys the client may see.</param>
/// <param name="Groups">Group paths.</param>
/// <param name="IssuedAt">The <c>iat</c>.</param>
/// <param name="Expires">The <c>exp</c>.</param>
/// <param name="TokenId">The <c>jti</c>.</param>
public sealed record Subject(Authorization Authorization, string Issuer, User? User, IReadOnlyCollection<string> Roles, IReadOnlyCollection<string> Groups, DateTimeOffset IssuedAt, DateTimeOffset Expires, string TokenId)
{
    /// <summary>The <c>sub</c>: user id, or the client's internal id for its service account.</summary>
    public string Id => User?.Id ?? Authorization.Client.Id;
}
