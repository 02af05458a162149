using Gatehouse.People;

namespace Gatehouse.Facades.Finesse;

/// <summary>Teams are groups of the realm: an agent's is the first one that has an id of the contact centre, else the first by its path. A supervisor's are all that they are in.</summary>
internal sealed class Teams(Site site, Groups groups, RightsCache rights)
{
    /// <summary>A team as Finesse knows it.</summary>
    public sealed record Team(string Id, string Name);

    /// <summary>All teams of a person, the first one is theirs.</summary>
    public async Task<IReadOnlyList<Team>> OfAsync(User user, CancellationToken stop)
        => [.. (await groups.OfUserAsync(user.Realm, user.Id, stop)).OrderBy(group => IdOf(group) is null).ThenBy(group => group.Path, StringComparer.Ordinal).Select(group => new Team(IdOf(group) ?? group.Id, group.Name))];

    /// <summary>Whether a person is a supervisor.</summary>
    public async ValueTask<bool> SupervisesAsync(User user, CancellationToken stop)
        => (await rights.OfAsync(user.Realm, RoleHolder.User, user.Id, stop)).Roles.Contains(site.Settings.SupervisorRole);

    /// <summary>Whether a person is a supervisor of one of another's teams.</summary>
    public async Task<bool> SupervisesAsync(User supervisor, User agent, CancellationToken stop)
        => await SupervisesAsync(supervisor, stop) && (await OfAsync(supervisor, stop)).Select(team => team.Id).Intersect((await OfAsync(agent, stop)).Select(team => team.Id)).Any();

    private static string? IdOf(Group group) => group.Attributes.GetValueOrDefault(Vendor.TeamId, []) is [{ Length: > 0 } id, ..] ? id : null;
}
