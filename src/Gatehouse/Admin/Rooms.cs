using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Dialogs;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.People;
using Gatehouse.Permissions;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.Import;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Tokens;

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
    LegacyUses LegacyUses,
    SessionStore Sessions,
    SigningKeys Keys,
    Revocations Revocations,
    GadgetStops GadgetStops,
    AuditLog Audit,
    ObservedStore Observed,
    Passwords Passwords,
    PasswordPlace PasswordPlace,
    OneTimeStore OneTime,
    Upstreams Upstreams,
    BrowserTests BrowserTests,
    Issuers Issuers,
    Links Links,
    PeopleImport Import,
    ImportTurns Turns,
    DialogProjects Dialogs,
    GuardedResources Guarded,
    Entitlements Entitlements,
    IEnumerable<INamesPasswordClients> PasswordClients,
    HandOvers HandOvers,
    HandedOver HandedOver,
    TimeProvider Time)
{
    /// <summary>Now, cut to the second as tokens tell time: a token issued in this same second stays good, its session does not.</summary>
    public DateTimeOffset Second => DateTimeOffset.FromUnixTimeSeconds(Time.GetUtcNow().ToUnixTimeSeconds());

    /// <summary>Ends every session of a user and kills every token issued to them so far, on all nodes.</summary>
    public async Task EndUserAsync(Work work, User user)
    {
        await Sessions.EndAllAsync(work, user.Realm, user.Id);
        await Revocations.AddAsync(work, RevocationKind.Subject, user.Realm, user.Id);
    }
}
