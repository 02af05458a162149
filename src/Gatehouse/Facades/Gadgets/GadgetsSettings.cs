using System.Net;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Settings of the gadget container and the agent desktop at <c>/desk</c>.</summary>
public sealed class GadgetsSettings
{
    /// <summary>Realm whose agents have gadgets; empty means that the facade is off.</summary>
    public string Realm { get; set; } = "";

    /// <summary>Client of the realm for which the agents' tokens were made, and the gadgets' are cut: it must be allowed token exchange, and every audience of a gadget must be among its audiences.</summary>
    public string Client { get; set; } = "finesse";

    /// <summary>Whether the desktop may obtain a token by name and password (<c>POST /gadgets/session</c>): for agents who sign in without single sign-on (Finesse's NON_SSO, and in HYBRID those who do).</summary>
    public bool Passwords { get; set; }

    /// <summary>Life of the tokens that are obtained by name and password. The desktop renews them when three quarters are over.</summary>
    public TimeSpan Expires { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Private networks in which targets may be that are named by host, as <c>10.20.0.0/16</c>. A target that is written as an address counts as it stands; without an entry here a name must lead to an address of the internet.</summary>
    public IList<string> Networks { get; } = [];

    /// <summary>
    /// Folder with the desktop's own files that gadgets load from it by host-relative addresses, as the vendor lays them out below <c>/desktop</c>: <c>assets/js/finesse.js</c>, <c>assets/js/jquery.min.js</c>, <c>thirdparty/…</c>, <c>js/…</c>.
    /// Whoever has a licence puts them there; they are read at the start. Empty: none, and such an address is the gadget's own host's.
    /// </summary>
    public string Assets { get; set; } = "";

    /// <summary>The gadgets, in the order in which the desktop shows them.</summary>
    public IList<GadgetEntry> List { get; } = [];

    /// <summary>What is wrong with them; null when nothing is.</summary>
    internal string? Fault()
    {
        if (Client.Length == 0) return "facades:gadgets:client must name a client of the realm.";
        if (Expires < TimeSpan.FromMinutes(1) || Expires > TimeSpan.FromHours(24)) return "facades:gadgets:expires must be one minute to 24 hours, written hours:minutes:seconds.";
        if (Assets.Length > 0 && !Directory.Exists(Assets)) return $"facades:gadgets:assets names no folder: '{Assets}'.";
        foreach (var network in Networks)
            if (!IPNetwork.TryParse(network, out var read) || read.PrefixLength == 0) return $"facades:gadgets:networks must hold networks as 10.20.0.0/16; '{network}' is none.";
        if (List.Select(gadget => gadget.Id).Distinct(StringComparer.Ordinal).Count() != List.Count) return "facades:gadgets:list names an id twice.";
        foreach (var gadget in List)
            if (gadget.Fault() is { } fault) return $"facades:gadgets:list, gadget '{gadget.Id}': {fault}";
        return null;
    }
}

/// <summary>One gadget.</summary>
public sealed class GadgetEntry
{
    /// <summary>Id, as in the claim <c>gadget</c>: letters, digits, dots, hyphens and underscores.</summary>
    public string Id { get; set; } = "";

    /// <summary>Address of its specification (OpenSocial gadget XML).</summary>
    public string Spec { get; set; } = "";

    /// <summary>Title; empty for the one in the specification.</summary>
    public string Title { get; set; } = "";

    /// <summary>Audiences of its token: the back ends that take it. At least one.</summary>
    public IList<string> Audiences { get; } = [];

    /// <summary>Realm roles that stay in its token, where the agent has them.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Where its <c>makeRequest</c> may go: addresses at and below which all is allowed, as <c>https://crm.example.org/api</c>.</summary>
    public IList<string> Targets { get; } = [];

    /// <summary><c>narrow</c>: it holds a token of its own. <c>full</c>: it holds the agent's, and is the agent wherever it sends it.</summary>
    public string Trust { get; set; } = "narrow";

    /// <summary>Life of its token, one minute to one hour.</summary>
    public TimeSpan Life { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether it is the agent's own token that it holds.</summary>
    internal bool IsFull => Trust == "full";

    internal string? Fault()
    {
        if (!GadgetCut.IsId(Id)) return "'id' is needed: letters, digits, dots, hyphens and underscores, 64 at most.";
        if (!GadgetTarget.TryUrl(Spec, out _, out var fault)) return $"'spec' {fault}.";
        if (Trust is not ("narrow" or "full")) return "'trust' is narrow or full.";
        if (Audiences.Count == 0 || Audiences.Any(string.IsNullOrWhiteSpace)) return "'audiences' needs at least one: the back ends that take its token.";
        if (Life < TimeSpan.FromMinutes(1) || Life > TimeSpan.FromHours(1)) return "'life' must be one minute to one hour, written hours:minutes:seconds.";
        foreach (var target in Targets)
            if (!GadgetTarget.TryParse(target, out _, out fault)) return $"'targets': '{target}' {fault}.";
        return null;
    }
}
