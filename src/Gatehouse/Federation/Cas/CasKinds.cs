namespace Gatehouse.Federation.Cas;

/// <summary>The kind that asks a CAS server.</summary>
internal static class CasKinds
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<UpstreamKind> Kinds { get; } =
    [
        new("cas", "CAS", [
            new("url", "address of the server, before /login", Required: true),
            new("protocol", "version to speak: 1, 2 or 3", Otherwise: "3"),
            new("services", "service addresses whose tickets may be traded for tokens, exact, parted by spaces"),
            new("subjectAttribute", "attribute that is the stable id; the login name when unset"),
            new("emailAttribute", "attribute that is the e-mail address", Otherwise: "mail"),
            new("firstNameAttribute", "attribute that is the first name", Otherwise: "givenName"),
            new("lastNameAttribute", "attribute that is the last name", Otherwise: "sn"),
            new("groupsAttribute", "attribute that lists groups", Otherwise: "groups"),
            new("signOutThere", "whether signing out here signs out there", Otherwise: "false"),
        ], (upstream, surroundings) => new CasUpstream(upstream, surroundings)),
    ];
}
