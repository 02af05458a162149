namespace Gatehouse.Federation.Ldap;

/// <summary>The kinds of directory.</summary>
internal static class LdapKinds
{
    private static readonly Setting[] Settings =
    [
        new("urls", "addresses of the servers in the order of preference, such as ldaps://dc1.example ldaps://dc2.example", Required: true),
        new("startTls", "true to turn plain connections to TLS first", Otherwise: "false"),
        new("allowPlain", "true where plain connections to other hosts are safe by other means", Otherwise: "false"),
        new("caFile", "PEM file with the authorities of the servers' certificates; the system's own without it"),
        new("bindDn", "name of the account that searches; anonymous without it"),
        new("bindPassword", "its password", Secret: true),
        new("usersDn", "below which people are", Required: true),
        new("groupsDn", "below which groups are"),
        new("usernameAttribute", "attribute of the login name"),
        new("idAttribute", "attribute of the stable id"),
        new("userFilter", "filter of people (RFC 4515)"),
        new("loginFilter", "filter that finds one person, with {0} for the login name"),
        new("nestedGroups", "true to count groups within groups", Otherwise: "false"),
        new("writable", "true to set passwords there when an administrator sets them here; nothing else is ever written", Otherwise: "false"),
        .. ImportRules.Settings,
    ];

    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("ldap", "LDAP directory", Settings, (upstream, surroundings) => new LdapUpstream(upstream, surroundings, activeDirectory: false)) { ChecksPasswords = true },
        new("ad", "Active Directory", Settings, (upstream, surroundings) => new LdapUpstream(upstream, surroundings, activeDirectory: true)) { ChecksPasswords = true },
    ];
}
