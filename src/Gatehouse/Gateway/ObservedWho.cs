using System.Net;
using System.Net.Sockets;
using Gatehouse.Audit;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>Who a request that would have been refused is put down to: the client that is proven, or the address and User-Agent, in a form that can be stored and shown whatever was sent.</summary>
public static class ObservedWho
{
    private const int LongestAgent = 80;

    /// <summary>The ledger's entry. <paramref name="ours"/> says whether the principal, if any, is proven by this realm: others name their clients as they like.</summary>
    public static ObservedRequest Of(Ask ask, Route route, Decision.Refuse refuse, Observation under, string realm, bool ours)
    {
        var (kind, name, agent, wider) = refuse.Principal switch
        {
            { Client: { } client } principal => (ObservedKind.Client, Printable(ours ? client : $"{client} of {principal.Issuer}", 200), principal.Kind.ToString().ToLowerInvariant(), ""),
            { Kind: PrincipalKind.User } => (ObservedKind.Principal, "user", "", ""),
            // A bot or visitor is proven to be one, not to be whose: where it calls from says more.
            _ => (ObservedKind.Address, NetworkOf(ask.Address, 32, 64), Printable(ask.Headers.UserAgent is [{ } first, ..] ? first : "", LongestAgent), NetworkOf(ask.Address, 24, 48)),
        };
        var key = new ObservedKey(realm, route.Service.Name, route.Describe(), refuse.Reason.Code, refuse.Missing ?? Wanted(ask, route, refuse.Reason), kind, name, agent);
        return new ObservedRequest(key, wider, Printable(ask.Method, 16), route.Template.Text, ask.At, under.Until);
    }

    /// <summary>What would have been right to send, in plain words.</summary>
    private static string Wanted(Ask ask, Route route, Reason reason)
    {
        // A browser asks before a cross-origin call, and sends no credential with that.
        if (ask.Method == "OPTIONS" && ReferenceEquals(reason, Reasons.CredentialMissing)) return "a public line for OPTIONS";
        var accepts = route.Service.Accepts;
        var ways = new List<string>(3);
        if (accepts.Dialog && route.Dialog is not null) ways.Add("token of the dialog");
        if (accepts.Token) ways.Add("access token");
        foreach (var issuer in accepts.Issuers) ways.Add($"token of {issuer}");
        if (accepts.Session) ways.Add("session cookie");
        return string.Join(" or ", ways);
    }

    // "203.0.113.7", "203.0.113.0/24", "2001:db8:1:2::/64": a site is given a /64 of IPv6 and may call from any address in it.
    internal static string NetworkOf(IPAddress? address, int bits, int bits6)
    {
        if (address is null) return bits == 32 ? "unknown" : "unknown addresses";
        var bytes = address.GetAddressBytes();
        var kept = address.AddressFamily == AddressFamily.InterNetworkV6 ? bits6 : bits;
        bytes.AsSpan(kept / 8).Clear();
        return kept == 32 && bytes.Length == 4 ? new IPAddress(bytes).ToString() : $"{new IPAddress(bytes)}/{kept}";
    }

    internal static string Printable(string text, int most)
        => string.Create(Math.Min(text.Length, most), text, static (kept, text) =>
        {
            for (var i = 0; i < kept.Length; i++) kept[i] = text[i] is >= ' ' and <= '~' ? text[i] : '?';
        });
}
