using Gatehouse.People;

namespace Gatehouse.Facades.Expertflow.Teams;

/// <summary>Teams that are groups of the realm: a group with the attribute <c>teamId</c> is a team, its members work in it, and its attributes <c>supervisor</c> and <c>secondarySupervisor</c> hold the user names of who supervises it.</summary>
internal sealed class GroupTeams(Groups groups) : ITeams
{
    public async Task<TeamsOfPerson> OfAsync(User user, CancellationToken stop)
    {
        var own = (await groups.OfUserAsync(user.Realm, user.Id, stop)).FirstOrDefault(group => group.Attributes.ContainsKey(Vendor.TeamId));
        return new TeamsOfPerson(own is null ? null : Of(own), await SupervisedAsync(Vendor.Supervisor), await SupervisedAsync(Vendor.SecondarySupervisor));

        async Task<IReadOnlyList<Team>> SupervisedAsync(string attribute) => [.. (await groups.WithAttributeAsync(user.Realm, attribute, user.Username, stop)).Where(group => group.Attributes.ContainsKey(Vendor.TeamId)).Select(Of)];
    }

    private static Team Of(Group group) => new(Text(group, Vendor.TeamId) ?? group.Id, Text(group, Vendor.TeamName) ?? group.Name);

    private static string? Text(Group group, string name) => group.Attributes.GetValueOrDefault(name, []) is [var first, ..] && !string.IsNullOrWhiteSpace(first) ? first.Trim() : null;
}
