namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>
/// Which routes APISIX may choose for a request to one host (router radixtree_host_uri): first those of the host by name, then by wildcard, longest first, then those for all hosts; in each of these the exact path, then prefixes, longest first; on one path by
/// priority. What hangs on a condition, or on the order of equals, leaves more than one.
/// </summary>
internal sealed class RouteModel
{
    private readonly List<Tier> tiers = [];

    public RouteModel(IEnumerable<ApisixRoute> routes, string? host)
    {
        var byTier = new SortedDictionary<int, List<ApisixRoute>>(Comparer<int>.Create((one, other) => other.CompareTo(one)));
        foreach (var route in routes.Where(one => one.Enabled))
        {
            if (TierOf(route, host) is not { } tier) continue;
            if (!byTier.TryGetValue(tier, out var all)) byTier[tier] = all = [];
            all.Add(route);
        }

        foreach (var all in byTier.Values) tiers.Add(new Tier(all));
    }

    /// <summary>Routes that are for this host; null host for those that name none.</summary>
    public static int? TierOf(ApisixRoute route, string? host)
    {
        if (route.Hosts.IsEmpty) return 0;
        int? best = null;
        foreach (var one in route.Hosts)
            if (host is not null && (one.Equals(host, StringComparison.OrdinalIgnoreCase) || (one.StartsWith('*') && host.EndsWith(one[1..], StringComparison.OrdinalIgnoreCase)))) best = Math.Max(best ?? 0, one.Equals(host, StringComparison.OrdinalIgnoreCase) ? int.MaxValue : one.Length);
        return best;
    }

    /// <summary>The routes that it may be, in order; a null at the end where it may be none.</summary>
    public IReadOnlyList<ApisixRoute?> Find(string method, string path)
    {
        var found = new List<ApisixRoute?>();
        foreach (var tier in tiers)
            if (tier.Find(method, path, found)) return found;
        found.Add(null);
        return found;
    }

    private sealed class Tier
    {
        private readonly Dictionary<string, List<(Pattern Pattern, ApisixRoute Route)>> exact = new(StringComparer.Ordinal);
        private readonly Dictionary<string, List<(Pattern Pattern, ApisixRoute Route)>> prefixes = new(StringComparer.Ordinal);
        // Longest first: no other beginnings need be looked for.
        private readonly int[] lengths;

        public Tier(List<ApisixRoute> routes)
        {
            foreach (var route in routes)
                foreach (var pattern in route.Patterns)
                {
                    var into = pattern.IsPrefix ? prefixes : exact;
                    if (!into.TryGetValue(pattern.Begin, out var list)) into[pattern.Begin] = list = [];
                    list.Add((pattern, route));
                }

            lengths = [.. prefixes.Keys.Select(key => key.Length).Distinct().OrderDescending()];
            foreach (var list in exact.Values.Concat(prefixes.Values)) list.Sort((one, other) => other.Route.Priority.CompareTo(one.Route.Priority));
        }

        // True when the last that was found is certain.
        public bool Find(string method, string path, List<ApisixRoute?> found)
        {
            if (exact.TryGetValue(path, out var here) && Take(here, method, path, found)) return true;
            var beginnings = prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
            foreach (var length in lengths)
                if (length <= path.Length && beginnings.TryGetValue(path.AsSpan(0, length), out var below) && Take(below, method, path, found)) return true;
            return false;
        }

        private static bool Take(List<(Pattern Pattern, ApisixRoute Route)> all, string method, string path, List<ApisixRoute?> found)
        {
            int? certain = null;
            foreach (var (pattern, route) in all)
            {
                // Equals of one priority come in an order that nobody promises.
                if (certain is { } priority && route.Priority != priority) return true;
                if ((!route.Methods.IsEmpty && !route.Methods.Contains(method)) || !pattern.Matches(path) || route.Only?.Matches(path) == false || found.Contains(route)) continue;
                found.Add(route);
                if (route.Condition is null) certain = route.Priority;
            }

            return certain is not null;
        }
    }
}
