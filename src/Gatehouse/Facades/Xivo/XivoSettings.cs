using System.Text.RegularExpressions;

namespace Gatehouse.Facades.Xivo;

/// <summary>Settings of the XiVO facade.</summary>
public sealed partial class XivoSettings
{
    /// <summary>Realm whose people sign in at XiVO's addresses; empty means that the facade is off.</summary>
    public string Realm { get; set; } = "";

    /// <summary>Where the XUC server's addresses begin: <c>{prefix}/api/2.0/auth</c> is answered here, all else below it is the gate's.</summary>
    public string Prefix { get; set; } = "/xuc";

    /// <summary>Client of the realm for which tokens are made: its roles, scopes, audiences and signing algorithm count. It must exist, with token exchange allowed.</summary>
    public string Client { get; set; } = "xivo";

    /// <summary>Life of a CTI user's token, as XiVO's <c>AUTH_CTI_EXPIRES</c>.</summary>
    public TimeSpan CtiExpires { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Life of a web-service user's token, as XiVO's <c>AUTH_WEBSERVICE_EXPIRES</c>.</summary>
    public TimeSpan WebserviceExpires { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Origins of pages on other hosts that may call these addresses, as <c>https://desk.example.org</c>; a browser shows its Kerberos ticket there too.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
    {
        if (!PathForm().IsMatch(Prefix) || Prefix.Split('/')[1] is "realms" or "admin" or "health" or "assets") return "facades:xivo:prefix must be a path as /xuc: a leading slash, no trailing one, and not an address of ours.";
        if (Client.Length == 0) return "facades:xivo:client must name a client of the realm.";
        foreach (var (name, life) in ((string, TimeSpan)[])[("ctiExpires", CtiExpires), ("webserviceExpires", WebserviceExpires)])
            if (life < TimeSpan.FromMinutes(1) || life > TimeSpan.FromHours(24)) return $"facades:xivo:{name} must be one minute to 24 hours, written hours:minutes:seconds.";
        foreach (var origin in Origins)
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.GetLeftPart(UriPartial.Authority) != origin) return $"facades:xivo:origins must hold origins as https://desk.example.org, without a path; '{origin}' is none.";
        return null;
    }

    [GeneratedRegex("^(/[A-Za-z0-9_-]+)+$", RegexOptions.NonBacktracking)]
    private static partial Regex PathForm();
}
