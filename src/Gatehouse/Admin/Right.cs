namespace Gatehouse.Admin;

/// <summary>An administrative right: any one of these client roles of <c>realm-management</c>, as Keycloak maps them (managing includes viewing). <c>realm-admin</c> contains all roles, so it needs no mention.</summary>
/// <param name="AnyOf">Role names.</param>
internal sealed record Right(params string[] AnyOf)
{
    /// <summary>The client whose roles are the rights.</summary>
    public const string Client = "realm-management";

    public static readonly Right QueryUsers = new("query-users", "view-users", "manage-users");
    public static readonly Right ViewUsers = new("view-users", "manage-users");
    public static readonly Right ManageUsers = new("manage-users");
    public static readonly Right QueryGroups = new("query-groups", "view-users", "manage-users");
    public static readonly Right QueryClients = new("query-clients", "view-clients", "manage-clients");
    public static readonly Right ViewClients = new("view-clients", "manage-clients");
    public static readonly Right ManageClients = new("manage-clients");
    public static readonly Right QueryRoles = new("view-realm", "manage-realm", "view-users", "manage-users", "query-users");
    public static readonly Right ViewAuthorization = new("view-authorization", "manage-authorization", "view-clients", "manage-clients");
    public static readonly Right ManageAuthorization = new("manage-authorization", "manage-clients");
    public static readonly Right ViewRealm = new("view-realm", "manage-realm");
    public static readonly Right ManageRealm = new("manage-realm");
    public static readonly Right ViewRoles = new("view-realm", "manage-realm", "view-clients", "manage-clients");
    public static readonly Right ManageRoles = new("manage-realm", "manage-clients");
    public static readonly Right ViewUpstreams = new("view-identity-providers", "manage-identity-providers", "view-realm", "manage-realm");
    public static readonly Right ManageUpstreams = new("manage-identity-providers", "manage-realm");
    public static readonly Right ViewDialogs = new("view-dialogs", "manage-dialogs");
    public static readonly Right ManageDialogs = new("manage-dialogs");
    public static readonly Right ViewEvents = new("view-events", "manage-events");
    public static readonly Right ManageEvents = new("manage-events");
    public static readonly Right RealmAdmin = new("realm-admin");

    /// <summary>Whether one of the roles is held.</summary>
    public bool IsIn(IReadOnlySet<string> held) => AnyOf.Any(held.Contains);

    /// <inheritdoc/>
    public override string ToString() => string.Join(" or ", AnyOf.Select(name => $"{Client}/{name}"));
}
