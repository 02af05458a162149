using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>Where people and groups are in a directory, and what their attributes are called: from settings over the kind's own.</summary>
public sealed record LdapShape
{
    /// <summary>Active Directory's ways: objectGUID, account control, chained memberships.</summary>
    public bool IsActiveDirectory { get; init; }

    /// <summary>Below which people are.</summary>
    public required string UsersDn { get; init; }

    /// <summary>Below which groups are; null when they are not asked for.</summary>
    public string? GroupsDn { get; init; }

    /// <summary>Filter of people, with <c>{0}</c> for the login name.</summary>
    public required string LoginFilter { get; init; }

    /// <summary>Filter of all people.</summary>
    public required string PeopleFilter { get; init; }

    /// <summary>Attribute of the login name.</summary>
    public required string UsernameAttribute { get; init; }

    /// <summary>Attribute of the stable id.</summary>
    public required string IdAttribute { get; init; }

    /// <summary>Nested groups count too.</summary>
    public bool NestedGroups { get; init; }

    /// <summary>Whether the mapping makes something of groups.</summary>
    public bool GroupsMatter { get; init; }

    /// <summary>Further attributes to fetch, for the mapping.</summary>
    public IReadOnlyList<string> More { get; init; } = [];

    /// <summary>Attributes to fetch of a person.</summary>
    public IReadOnlyList<string> Attributes => [IdAttribute, UsernameAttribute, "mail", "givenName", "sn", "memberOf", "userAccountControl", "accountExpires", "pwdAccountLockedTime", "modifyTimestamp", "uSNChanged", .. More];

    /// <summary>Reads the settings. Throws <see cref="ArgumentException"/> or <see cref="FormatException"/> with words for who wrote them.</summary>
    public static LdapShape Of(Upstream one, bool activeDirectory)
    {
        var username = one["usernameAttribute"] ?? (activeDirectory ? "sAMAccountName" : "uid");
        var people = activeDirectory ? "(&(objectCategory=person)(objectClass=user))" : "(objectClass=inetOrgPerson)";
        if (one["userFilter"] is { } own) people = own;
        var login = one["loginFilter"] ?? $"(&{people}(|({username}={{0}})({(activeDirectory ? "userPrincipalName" : "mail")}={{0}})))";
        LdapFilter.Parse(people);
        LdapFilter.Parse(login, "x");
        if (!login.Contains("{0}", StringComparison.Ordinal)) throw new ArgumentException("'loginFilter' must name the login name as {0}.");
        return new LdapShape
        {
            IsActiveDirectory = activeDirectory, UsersDn = one["usersDn"]!, GroupsDn = one["groupsDn"], LoginFilter = login, PeopleFilter = people, UsernameAttribute = username,
            IdAttribute = one["idAttribute"] ?? (activeDirectory ? "objectGUID" : "entryUUID"), NestedGroups = one.Flag("nestedGroups"),
            GroupsMatter = one.Mapping.Any(rule => rule.Source is "groups" or "groupDn" or "memberOf"),
            More = [.. one.Mapping.Select(rule => rule.Source).Where(source => source is not ("groups" or "groupDn")).Distinct(StringComparer.OrdinalIgnoreCase)],
        };
    }
}
