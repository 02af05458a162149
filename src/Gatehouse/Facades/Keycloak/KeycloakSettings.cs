using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Facades.Keycloak;

/// <summary>Settings of the Keycloak facade: what Keycloak's clients do that we do not offer by ourselves.</summary>
public sealed partial class KeycloakSettings
{
    /// <summary>Prefix under which realms and the admin API answer too, as <c>/auth</c> in Keycloak before 17; empty for none.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Clients that may post names and passwords, each until a day; nobody else may.</summary>
    public IList<PasswordClient> PasswordClients { get; } = [];

    /// <summary>Whether there is anything to do.</summary>
    internal bool IsOn => Prefix.Length > 0 || PasswordClients.Count > 0;

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
    {
        if (Prefix.Length > 0 && (!PathForm().IsMatch(Prefix) || Prefix.Split('/')[1] is "realms" or "admin" or "health" or "assets")) return "facades:keycloak:prefix must be a path as /auth: a leading slash, no trailing one, and not an address of ours.";
        foreach (var client in PasswordClients)
        {
            if (client.Realm.Length == 0 || client.Client.Length == 0) return "facades:keycloak:passwordClients: each needs 'realm' and 'client'.";
            if (client.Ends is null) return $"facades:keycloak:passwordClients: '{client.Client}' needs 'until', the last day on which it may post passwords, as 2027-06-30.";
        }

        return PasswordClients.GroupBy(one => (one.Realm, one.Client)).FirstOrDefault(group => group.Count() > 1) is { } twice ? $"facades:keycloak:passwordClients names '{twice.Key.Client}' twice." : null;
    }

    [GeneratedRegex("^(/[A-Za-z0-9_-]+)+$", RegexOptions.NonBacktracking)]
    private static partial Regex PathForm();
}

/// <summary>A client that may post names and passwords for a while.</summary>
public sealed class PasswordClient
{
    /// <summary>Realm name.</summary>
    public string Realm { get; set; } = "";

    /// <summary>The <c>client_id</c>; it must be confidential and have direct access grants switched on.</summary>
    public string Client { get; set; } = "";

    /// <summary>The last day (UTC) on which it may, as 2027-06-30.</summary>
    public string Until { get; set; } = "";

    /// <summary>Passwords that an administrator sets with a token of this client are not stored: they count for this client's next one or two token requests within 30 seconds, and for nothing else. For Expertflow's library with Finesse, which sets one and the same password for everybody who signed in by SSO.</summary>
    public bool HandOver { get; set; }

    /// <summary>The first moment at which it is over; null when the day cannot be read.</summary>
    internal DateTimeOffset? Ends => DateOnly.TryParseExact(Until, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue ? new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) : null;
}
