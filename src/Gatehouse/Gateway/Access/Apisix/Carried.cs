using System.Collections.Immutable;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>One path of the coming access file, and who gets in there.</summary>
internal sealed class Place(PathTemplate template)
{
    public PathTemplate Template { get; } = template;

    /// <summary>Samples that only this path takes.</summary>
    public List<string> Paths { get; } = [];

    /// <summary>Who gets in, by method; no entry where APISIX has no route.</summary>
    public Dictionary<string, Guard> Guards { get; } = new(StringComparer.Ordinal);

    /// <summary>Routes that its samples lead to.</summary>
    public List<ApisixRoute> Routes { get; } = [];

    public ServiceEntry? Service { get; set; }

    /// <summary>Why nobody passes here although APISIX lets some; null when that is not so.</summary>
    public string? Shut { get; set; }

    /// <summary>Methods by which nobody passes, since the upstream would be asked otherwise than before, and why.</summary>
    public Dictionary<string, string> Uncut { get; } = new(StringComparer.Ordinal);

    /// <summary>What few of its paths become otherwise; null when none do.</summary>
    public string? Odd { get; set; }
}

/// <summary>A service of the coming access file.</summary>
internal sealed class ServiceEntry(string name, string prefix, ApisixUpstream upstream, bool strip)
{
    public string Name { get; } = name;

    public string Prefix { get; } = prefix;

    public ApisixUpstream Upstream { get; } = upstream;

    public bool Strip { get; } = strip;

    public List<Place> Places { get; } = [];

    public IReadOnlyList<string> Upstreams { get; set; } = [];

    public IEnumerable<ApisixRoute> Routes => Places.SelectMany(one => one.Routes).Distinct();
}

/// <summary>What is wanted of an import.</summary>
/// <param name="Realm">Realm whose tokens count; null for the one that the plugins name.</param>
/// <param name="Host">Host whose routes are taken; null for the one that most routes name.</param>
/// <param name="Roles">Roles that may where Keycloak decided.</param>
/// <param name="Strict">Insist on what APISIX passes over.</param>
/// <param name="Services">Addresses by service id or name in the discovery.</param>
internal sealed record ImportWish(string? Realm, string? Host, ImmutableArray<string> Roles, bool Strict, IReadOnlyDictionary<string, ImmutableArray<string>> Services);
