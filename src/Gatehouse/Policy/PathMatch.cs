using Gatehouse.Clients.Resources;
using Gatehouse.Wire.Text;

namespace Gatehouse.Policy;

/// <summary>Finds the resources that a path stands for. Pure.</summary>
public static class PathMatch
{
    /// <summary>Resources that have exactly this path; with <paramref name="matching"/> and none such, those with the most particular pattern that fits: <c>/a/{id}/b</c>, <c>/a/*</c>, <c>*.html</c>, as in Keycloak. A query does not count; a path that can be read in two ways fits nothing.</summary>
    public static IReadOnlyList<Resource> Find(ResourceServer server, string uri, bool matching)
    {
        var exact = server.Resources.Where(one => one.Uris.Contains(uri)).ToList();
        if (exact.Count > 0 || !matching) return exact;
        var end = uri.IndexOf('?', StringComparison.Ordinal);
        if (!CanonicalPath.TryParse(end < 0 ? uri : uri[..end], out var path)) return [];
        var best = 0;
        var found = new List<Resource>();
        foreach (var resource in server.Resources)
        {
            var fit = resource.Uris.Select(pattern => Fit(pattern, path.Value)).DefaultIfEmpty().Max();
            if (fit == 0 || fit < best) continue;
            if (fit > best) found.Clear();
            best = fit;
            found.Add(resource);
        }

        return found;
    }

    // 0 when it does not fit; else the more the more particular: exact, then templates by their fixed characters, then prefixes, then endings.
    private static int Fit(string pattern, string path)
    {
        if (pattern == path) return int.MaxValue;
        if (pattern.StartsWith("*.", StringComparison.Ordinal)) return path.EndsWith(pattern.AsSpan(1), StringComparison.Ordinal) ? 1 : 0;
        var prefix = pattern.EndsWith("/*", StringComparison.Ordinal);
        var (wanted, given) = ((prefix ? pattern[..^2] : pattern).Split('/'), path.Split('/'));
        if (prefix ? given.Length < wanted.Length : given.Length != wanted.Length) return 0;
        var fixedOnes = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] is ['{', .., '}'] && given[i].Length > 0) continue;
            if (wanted[i] != given[i]) return 0;
            fixedOnes += wanted[i].Length + 1;
        }

        return (2 * fixedOnes) + (prefix ? 2 : 3);
    }
}
