namespace Gatehouse.Facades.Expertflow.Teams;

/// <summary>Where the facade learns who is in which team.</summary>
public sealed class TeamsSettings
{
    /// <summary>The vendor's <c>ef-server-url</c>, as https://cx.example.org/unified-admin: <c>GET {server}/team/{user id}</c> is asked at each sign-in. Empty means that teams are groups of the realm with an attribute <c>teamId</c>.</summary>
    public string Server { get; set; } = "";

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
        => Server.Length == 0 || (Uri.TryCreate(Server, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https") && url.Query.Length == 0 && url.Fragment.Length == 0 && url.UserInfo.Length == 0) ? null : "facades:expertflow:teams:server must be an address as https://cx.example.org/unified-admin, without name, query or fragment.";
}
