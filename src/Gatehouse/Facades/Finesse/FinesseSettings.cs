using System.Globalization;

namespace Gatehouse.Facades.Finesse;

/// <summary>Settings of the Finesse facade.</summary>
public sealed class FinesseSettings
{
    /// <summary>Realm whose people sign in at Finesse's addresses; empty means that the facade is off.</summary>
    public string Realm { get; set; } = "";

    /// <summary>Client of the realm for which the desktop's tokens are made: its roles, scopes, audiences and signing algorithm count. It must exist, with the authorization code flow or token exchange allowed.</summary>
    public string Client { get; set; } = "finesse";

    /// <summary>Finesse's <c>systemAuthMode</c>: <c>SSO</c>, <c>NON_SSO</c>, or <c>HYBRID</c>, where it differs by person.</summary>
    public string Mode { get; set; } = "SSO";

    /// <summary>Finesse's <c>deploymentType</c>: <c>UCCE</c> or <c>UCCX</c>.</summary>
    public string DeploymentType { get; set; } = "UCCE";

    /// <summary>Whether <c>/finesse/api/UserAuthMode</c> answers, as Finesse's property <c>enableUserAuthMode</c>.</summary>
    public bool UserAuthMode { get; set; } = true;

    /// <summary>Where agents sit: <c>none</c> (nobody asks), <c>fixed</c> (user attribute <c>finesse.extension</c>, else <c>extension</c>) or <c>mobility</c> (they name the extension when they sign in). An extension is one person's at a time.</summary>
    public string Seats { get; set; } = "none";

    /// <summary>Whether a page asks for the extension after the sign-in, where <c>seats</c> is <c>mobility</c> and the browser shows a page; otherwise clients name it in <c>PUT /finesse/api/User</c> alone.</summary>
    public bool SeatPage { get; set; } = true;

    /// <summary>Realm role of supervisors, who may read the agents of their teams.</summary>
    public string SupervisorRole { get; set; } = "supervisor";

    /// <summary>Life of the desktop's access tokens. Clients renew them when three quarters are over.</summary>
    public TimeSpan AccessExpires { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Life of the desktop's refresh tokens, and how long a session lies unused; never longer than the realm's longest session.</summary>
    public TimeSpan RefreshExpires { get; set; } = TimeSpan.FromHours(10);

    /// <summary>Life of the identity service's authorization codes.</summary>
    public TimeSpan CodeExpires { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>What stands behind the @ of a <c>user_principal</c>, and is told as <c>realm</c>; empty means the realm's name.</summary>
    public string Domain { get; set; } = "";

    /// <summary>Origins of pages on other hosts that may call these addresses and are told the result of the SSO test, as <c>https://desk.example.org</c>.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>Host names of Finesse that <c>SystemInfo</c> names: the primary node, then the secondary one; empty means the host of the public address.</summary>
    public IList<string> Hosts { get; } = [];

    /// <summary>The contact centre's peripheral id, as <c>SystemInfo</c> tells it; without one of the site's, the vendor's samples'.</summary>
    public int PeripheralId { get; set; } = 5000;

    /// <summary>Version of the CTI protocol that <c>SystemInfo</c> names. There is no CTI server behind this program: 0 says so; a client that looks for its own Finesse's is told it here (as 23 in 12.5).</summary>
    public int CtiVersion { get; set; }

    /// <summary>Finesse's <c>license</c>, as <c>SystemInfo</c> tells it, for clients that read one (Unified CCX); empty says nothing.</summary>
    public string License { get; set; } = "";

    /// <summary>Confidential clients that may use the identity service's codes without PKCE, which the vendor's SDK does not know, each until the end of a day: <c>crm-gadget until 2027-06-30</c>.</summary>
    public IList<string> WithoutPkce { get; } = [];

    /// <summary>Whether a client may still use codes without PKCE.</summary>
    internal bool AllowsPlainCodes(string client, DateTimeOffset now) => WithoutPkce.Any(one => ReadUntil(one) is var (name, day) && name == client && now < new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary>What somebody should see to: clients whose last day for codes without PKCE is near, or over.</summary>
    internal IReadOnlyList<string> Warnings(DateTimeOffset now)
    {
        var said = new List<string>();
        foreach (var one in WithoutPkce)
        {
            if (ReadUntil(one) is not var (client, day)) continue;
            var left = day.DayNumber - DateOnly.FromDateTime(now.UtcDateTime).DayNumber;
            if (left < 0) said.Add($"facades:finesse:withoutPkce: the last day of '{client}' was {day:yyyy-MM-dd}; its codes need PKCE now. Take it off the list.");
            else if (left <= 60) said.Add($"facades:finesse:withoutPkce: '{client}' may use codes without PKCE for {left} more days, until {day:yyyy-MM-dd}.");
        }

        return said;
    }

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
    {
        if (Client.Length == 0) return "facades:finesse:client must name a client of the realm.";
        if (Mode is not (Modes.Sso or Modes.NonSso or Modes.Hybrid)) return "facades:finesse:mode must be SSO, NON_SSO or HYBRID.";
        if (DeploymentType is not ("UCCE" or "UCCX")) return "facades:finesse:deploymentType must be UCCE or UCCX.";
        if (Seats is not (Seating.None or Seating.Fixed or Seating.Mobility)) return "facades:finesse:seats must be none, fixed or mobility.";
        foreach (var (name, life, least, most) in ((string, TimeSpan, TimeSpan, TimeSpan)[])[("accessExpires", AccessExpires, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24)), ("refreshExpires", RefreshExpires, TimeSpan.FromMinutes(2), TimeSpan.FromHours(24)), ("codeExpires", CodeExpires, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10))])
            if (life < least || life > most) return $"facades:finesse:{name} must be {least} to {most}, written hours:minutes:seconds.";
        if (RefreshExpires <= AccessExpires) return "facades:finesse:refreshExpires must be longer than accessExpires: else nobody can renew.";
        foreach (var origin in Origins)
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.GetLeftPart(UriPartial.Authority) != origin) return $"facades:finesse:origins must hold origins as https://desk.example.org, without a path; '{origin}' is none.";
        foreach (var host in Hosts)
            if (Uri.CheckHostName(host) == UriHostNameType.Unknown) return $"facades:finesse:hosts must hold host names, at most two; '{host}' is none.";
        if (PeripheralId < 0) return "facades:finesse:peripheralId must not be negative.";
        if (CtiVersion < 0) return "facades:finesse:ctiVersion must not be negative.";
        if (License.Length > 100 || License.Any(char.IsControl)) return "facades:finesse:license must be a short text.";
        if (Hosts.Count > 2) return "facades:finesse:hosts names the primary node and the secondary one, no more.";
        foreach (var one in WithoutPkce)
            if (ReadUntil(one) is null) return $"facades:finesse:withoutPkce must hold a client and its last day, as 'crm-gadget until 2027-06-30'; '{one}' is not written so.";
        return null;
    }

    private static (string Client, DateOnly Day)? ReadUntil(string text)
        => text.Split(" until ") is [{ Length: > 0 } client, var day] && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var last) ? (client, last) : null;
}
