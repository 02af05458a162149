namespace Gatehouse.Audit;

/// <summary>What happened, for whom, from where. Types use Keycloak's names where it has one (LOGIN, LOGIN_ERROR, CODE_TO_TOKEN, REFRESH_TOKEN, CLIENT_LOGIN, LOGOUT, …), admin changes CREATE, UPDATE, DELETE, ACTION with a resource path.</summary>
public sealed record AuditEvent
{
    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Event type; ours are in <see cref="AuditTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>Client id (<c>client_id</c>), if any.</summary>
    public string? Client { get; init; }

    /// <summary>User id, if any.</summary>
    public string? User { get; init; }

    /// <summary>Session id, if any.</summary>
    public string? Session { get; init; }

    /// <summary>Address of the client, if known.</summary>
    public string? Address { get; init; }

    /// <summary>Stable error or reason code; null for success.</summary>
    public string? Error { get; init; }

    /// <summary>Resource path of an admin change, such as <c>users/42</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>More, never a secret.</summary>
    public IReadOnlyDictionary<string, string>? Details { get; init; }
}

/// <summary>Names of event types that are ours.</summary>
public static class AuditTypes
{
    /// <summary>The gate refused a request.</summary>
    public const string GateRefusal = "GATE_REFUSAL";

    /// <summary>The tokens of a dialog that were issued so far are frozen.</summary>
    public const string DialogFrozen = "DIALOG_FROZEN";

    /// <summary>A second factor was begun, registered, sent or right; the detail says which.</summary>
    public const string SecondFactor = "SECOND_FACTOR";

    /// <summary>A second factor, or a call of it, was refused.</summary>
    public const string SecondFactorError = "SECOND_FACTOR_ERROR";

    /// <summary>Events were lost because more came than the disk takes; the detail says how many.</summary>
    public const string Overflow = "AUDIT_OVERFLOW";
}

/// <summary>What to list.</summary>
/// <param name="Realm">Realm name.</param>
/// <param name="Type">Only this type.</param>
/// <param name="User">Only this user id.</param>
/// <param name="Client">Only this client.</param>
/// <param name="Before">Cursor from the page before.</param>
/// <param name="Limit">At most so many, 1 to 500.</param>
/// <param name="Changes">Only admin changes (true), only other events (false), both (null).</param>
public sealed record AuditQuery(string Realm, string? Type = null, string? User = null, string? Client = null, string? Before = null, int Limit = 100, bool? Changes = null);

/// <summary>A page of events and the cursor of the next one (null at the end).</summary>
public sealed record AuditPage(IReadOnlyList<StoredAuditEvent> Events, string? Next);

/// <summary>An event as stored.</summary>
public sealed record StoredAuditEvent(string Id, DateTimeOffset At, AuditEvent Event);
