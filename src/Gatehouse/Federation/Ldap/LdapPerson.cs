using System.Collections.Immutable;
using Gatehouse.Wire.Ldap;

namespace Gatehouse.Federation.Ldap;

/// <summary>Makes a person of a directory's entry.</summary>
internal static class LdapPerson
{
    private const int AccountDisabled = 2;

    // What OpenLDAP's password policy writes where an administrator locked the account.
    private const string LockedForGood = "000001010000Z";

    /// <summary>The person; null when the entry lacks an id.</summary>
    public static UpstreamIdentity? Of(LdapShape shape, LdapEntry entry, IReadOnlyList<string> groups)
    {
        if (IdOf(shape, entry) is not { Length: > 0 } id) return null;
        var attributes = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var name in shape.Attributes)
            if (entry.Texts(name) is { IsEmpty: false } values) attributes[name] = values;
        attributes["dn"] = [entry.Dn];
        attributes["groupDn"] = [.. groups];
        return new UpstreamIdentity
        {
            Subject = id, Username = entry.Text(shape.UsernameAttribute), Email = entry.Text("mail"), EmailVerified = true, FirstName = entry.Text("givenName"), LastName = entry.Text("sn"), Attributes = attributes.ToImmutable(),
            Groups = [.. groups.Select(LdapDn.FirstValue).Distinct(StringComparer.Ordinal)], Methods = ["pwd"],
        };
    }

    /// <summary>The stable id as text: GUIDs in their usual form.</summary>
    public static string? IdOf(LdapShape shape, LdapEntry entry)
        => shape.IdAttribute.Equals("objectGUID", StringComparison.OrdinalIgnoreCase) ? entry.Bytes(shape.IdAttribute) is { Length: 16 } bytes ? new Guid(bytes).ToString() : null : entry.Text(shape.IdAttribute);

    /// <summary>Whether the directory keeps the person out until an administrator acts; a lock that ends by itself is none.</summary>
    public static bool IsDisabled(LdapShape shape, LdapEntry entry)
        => shape.IsActiveDirectory ? BarOf(shape, entry) == "user_disabled" : entry.Text("pwdAccountLockedTime") == LockedForGood;

    /// <summary>Why the directory keeps the person out, apart from the password; null when it does not.</summary>
    public static string? BarOf(LdapShape shape, LdapEntry entry)
    {
        if (entry.Text("pwdAccountLockedTime") is not null) return "user_locked";
        return shape.IsActiveDirectory && int.TryParse(entry.Text("userAccountControl"), out var control) && (control & AccountDisabled) != 0 ? "user_disabled" : null;
    }
}
