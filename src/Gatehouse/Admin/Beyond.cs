using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>
/// Nobody hands out, takes away or gets hold of more administrative rights than their own. Rights travel by many roads (a role, a composite, a group and those above it, a password set for
/// someone stronger, the secret of a strong client): each road ends here.
/// </summary>
internal static class Beyond
{
    private const string Prefix = Right.Client + "/";

    /// <summary>Refuses when the role, or any role it contains, is a right that the principal lacks.</summary>
    public static async Task RefuseRoleAsync(Asked asked, Role role)
    {
        var below = await asked.Rooms.Roles.RightsAsync(asked.Realm.Name, RoleHolder.Role, role.Id, asked.Stop);
        Refuse(asked, below.Roles.Append(role.Key));
    }

    /// <summary>Refuses when the user holds a right that the principal lacks.</summary>
    public static async Task RefuseUserAsync(Asked asked, string userId)
        => Refuse(asked, (await asked.Rooms.Roles.RightsAsync(asked.Realm.Name, RoleHolder.User, userId, asked.Stop)).Roles);

    /// <summary>Refuses when the client's service account holds a right that the principal lacks.</summary>
    public static async Task RefuseServiceAccountAsync(Asked asked, string clientId)
        => Refuse(asked, (await asked.Rooms.Roles.RightsAsync(asked.Realm.Name, RoleHolder.ServiceAccount, clientId, asked.Stop)).Roles);

    /// <summary>Refuses when the group, or one above it, gives a right that the principal lacks.</summary>
    public static async Task RefuseGroupAsync(Asked asked, Group group)
    {
        for (var current = group; current is not null; current = current.Parent is { } parent ? await asked.Rooms.Groups.FindAsync(asked.Realm.Name, parent, asked.Stop) : null)
            Refuse(asked, (await asked.Rooms.Roles.RightsAsync(asked.Realm.Name, RoleHolder.Group, current.Id, asked.Stop)).Roles);
    }

    private static void Refuse(Asked asked, IEnumerable<string> keys)
    {
        var lacking = keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).FirstOrDefault(key => !asked.Rights.Contains(key[Prefix.Length..]));
        if (lacking is not null) throw new Refused(Reasons.AdminBeyond, $"This concerns the role {lacking}, which you do not hold.");
    }
}
