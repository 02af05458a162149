using Gatehouse.Admin.Representations;
using Gatehouse.People;

namespace Gatehouse.Admin;

/// <summary>Draws groups as a tree from a flat list.</summary>
internal static class GroupTree
{
    /// <summary>The groups without a parent in the list, with those below them.</summary>
    public static GroupRepresentation[] Of(IReadOnlyCollection<Group> groups, bool brief)
    {
        var present = groups.Select(group => group.Id).ToHashSet();
        var below = groups.Where(group => group.Parent is not null).ToLookup(group => group.Parent!);
        return [.. groups.Where(group => group.Parent is null || !present.Contains(group.Parent)).Select(Draw)];

        GroupRepresentation Draw(Group group)
        {
            var children = below[group.Id].Select(Draw).ToArray();
            return GroupRepresentation.Of(group, brief) with { SubGroups = children, SubGroupCount = children.Length };
        }
    }
}
