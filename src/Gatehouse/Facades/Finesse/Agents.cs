using Gatehouse.People;

namespace Gatehouse.Facades.Finesse;

/// <summary>People as Finesse names them: by login name, or by the agent's id.</summary>
internal sealed class Agents(Users users, AttributeIndex ids, Site site)
{
    /// <summary>By login name or id; null when nobody has it.</summary>
    public async Task<User?> FindAsync(string realm, string nameOrId, CancellationToken stop)
    {
        if (nameOrId.Length is 0 or > 255) return null;
        return await users.FindByNameAsync(realm, nameOrId, stop) ?? await ids.FindAsync(realm, Vendor.LoginId, nameOrId, stop);
    }

    /// <summary>Whether a person is meant by a name in an address.</summary>
    public bool Is(User user, string nameOrId)
        => nameOrId == IdOf(user) || Names.Fold(nameOrId) is var folded && (folded == user.Username || folded == user.Email || folded == PrincipalOf(user).ToLowerInvariant());

    /// <summary>The agent's id in the contact centre.</summary>
    public static string IdOf(User user) => Modes.Attribute(user, Vendor.LoginId) ?? user.Username;

    /// <summary>The agent's name and domain.</summary>
    public string PrincipalOf(User user) => user.Username.Contains('@', StringComparison.Ordinal) ? user.Username : $"{user.Username}@{site.Domain}";
}
