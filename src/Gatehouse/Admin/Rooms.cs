using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;

namespace Gatehouse.Admin;

/// <summary>What the handlers work with: the stores of the rooms below. The door keeps no data of its own.</summary>
internal sealed record Rooms(
    Database Database,
    ChangeFeed Feed,
    Realms Realms,
    Users Users,
    Groups Groups,
    Roles Roles,
    RightsCache Rights,
    ClientStore Clients,
    SessionStore Sessions,
    SigningKeys Keys,
    AuditLog Audit,
    Passwords Passwords,
    TimeProvider Time)
{
    /// <summary>Now, cut to the second as tokens tell time: a token issued in this same second stays good, its session does not.</summary>
    public DateTimeOffset Second => DateTimeOffset.FromUnixTimeSeconds(Time.GetUtcNow().ToUnixTimeSeconds());
}
