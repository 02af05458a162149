using System.Collections.Frozen;

namespace Gatehouse.Protocols.ForwardAuth;

/// <summary>How one brand of proxy asks, and what it can make of an answer.</summary>
internal abstract class Brand
{
    /// <summary>THE list, by the name in the address.</summary>
    public static readonly FrozenDictionary<string, Brand> All = new Dictionary<string, Brand>
    {
        ["nginx"] = new NginxBrand(),
        ["traefik"] = new ForwardedBrand(showsAll: true),
        ["caddy"] = new ForwardedBrand(showsAll: true),
        ["apisix"] = new ForwardedBrand(showsAll: false),
        ["envoy"] = new EnvoyBrand(),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether it shows all of the client's headers; otherwise it shows those that its configuration lists, and what is not there says nothing.</summary>
    public abstract bool ShowsAll { get; }

    /// <summary>Reads what it describes. <paramref name="rest"/> is what stands in the address behind its name: empty, or from a slash on.</summary>
    public abstract Described Read(HttpContext context, string rest, ForwardAuthSettings settings);

    /// <summary>Bends a finished refusal into what it understands; called before the first byte.</summary>
    public virtual void Bend(HttpResponse response)
    {
    }

    /// <summary>Tells it which headers of the client's request must not go on, beside the list that all are given.</summary>
    public virtual void Clear(HttpResponse response, string names)
    {
    }
}
