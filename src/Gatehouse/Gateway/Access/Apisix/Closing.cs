using System.Collections.Immutable;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>Requests that APISIX lets pass without a token and the result does not: one path, or several of which the same is to be said.</summary>
/// <param name="Methods">The methods, of those that are told apart.</param>
/// <param name="EveryMethod">Whether these are all of them.</param>
/// <param name="Paths">As the access file writes them; as APISIX does where only a part of such a path was open, or the access file has none.</param>
/// <param name="But">Narrower paths among these that are open still.</param>
/// <param name="Now">What becomes of them: needs a token, is closed to everybody, is no path of the gate.</param>
/// <param name="Route">The route that was open.</param>
/// <param name="Why">Why, where more can be said than that a stricter route may be meant.</param>
/// <param name="Among">Paths that the vendor's documents call public and that are among them.</param>
internal sealed record Closing(ImmutableArray<string> Methods, bool EveryMethod, ImmutableArray<string> Paths, ImmutableArray<string> But, string Now, ApisixRoute Route, string? Why, ImmutableArray<string> Among)
{
    /// <summary>Now, in a program's words.</summary>
    public const string Token = "token", Nobody = "nobody", NoPath = "no-path";

    /// <summary>For people, on one line.</summary>
    public string Text => $"{Brief} (was open by '{Route.Id}'{(Why is null ? "" : $"; {Why}")}){(Among.IsEmpty ? "" : $", among them {string.Join(", ", Among)}")}";

    /// <summary>Methods, paths and what becomes of them.</summary>
    public string Brief
        => $"{(EveryMethod ? "any method" : string.Join(", ", Methods))} {string.Join(", ", Paths)}{(But.IsEmpty ? "" : $" (but for {string.Join(", ", But)})")} -> {(Now == Token ? "needs a token" : Now == Nobody ? "closed to everybody" : "no path of the gate")}";

    /// <summary>All of them, those of one route together.</summary>
    public static IReadOnlyList<Closing> Of(Carrier carrier, RouteTable table)
    {
        var found = new List<(ApisixRoute Route, string Method, string Path, string Now, string? Why, string? Named)>();
        // Of each place and method, how many samples were open, to tell whole paths from parts.
        var open = new Dictionary<(Place?, string), (int Open, int All)>();
        foreach (var (decoded, path) in carrier.Requests)
        {
            foreach (var method in carrier.Methods)
            {
                var may = carrier.Model(method, decoded);
                var was = may.OfType<ApisixRoute>().Where(IsOpen).ToList();
                var place = carrier.PlaceOf(decoded);
                var (had, all) = open.GetValueOrDefault((place, method));
                open[(place, method)] = (had + (was.Count == may.Count ? 1 : 0), all + 1);
                if (was.Count == 0 || table.Find(method, path.Value) is { IsPublic: true }) continue;
                var route = table.Find(method, path.Value);
                var now = route is null ? NoPath : route.Rule!.Roles.Contains(AccessWriter.Nobody) ? Nobody : Token;
                foreach (var one in was)
                {
                    var part = may.Count > was.Count ? "by what the gate does not look at, another route or none is meant" : null;
                    found.Add((one, method, decoded, now, place?.Uncut.GetValueOrDefault(method) ?? place?.Shut ?? part ?? (place is null ? "no service of the gate takes whatever path comes" : null), Samples.Documented.Contains($"{method} {decoded}") ? $"{method} {decoded}" : null));
                }
            }
        }

        var lines = found.GroupBy(one => (one.Route, one.Method, Name: NameOf(one.Route, carrier.PlaceOf(one.Path), one.Path, open.GetValueOrDefault((carrier.PlaceOf(one.Path), one.Method)) is var (some, all) && some == all), one.Now, one.Why))
            .Select(group => (group.Key.Route, group.Key.Method, group.Key.Name, group.Key.Now, group.Key.Why, Named: group.Select(one => one.Named).OfType<string>().ToList()));
        return [.. lines.GroupBy(one => (one.Route, one.Name, one.Now, one.Why)).Select(group => (group.Key, Methods: carrier.Methods.Where(group.Select(one => one.Method).Contains).ToImmutableArray(), Named: group.SelectMany(one => one.Named).ToList()))
            .GroupBy(one => (one.Key.Route, one.Key.Now, one.Key.Why, Methods: string.Join(' ', one.Methods)))
            .Select(group => (group.Key, group, Methods: group.First().Methods, Paths: Widest([.. group.Select(one => one.Key.Name).Distinct().Order(StringComparer.Ordinal)])))
            .Select(one => new Closing(one.Methods, one.Methods.Length == carrier.Methods.Count, one.Paths, Open(carrier, one.Paths, one.Methods), one.Key.Now, one.Key.Route, one.Key.Why, [.. one.group.SelectMany(one => one.Named).Distinct().Order(StringComparer.Ordinal)]))
            .OrderBy(one => one.Route.Line).ThenBy(one => one.Route.Id, StringComparer.Ordinal).ThenBy(one => one.Paths[0], StringComparer.Ordinal)];
    }

    // "/a/**" need not be said beside "/a*", nor "/a" beside either.
    private static ImmutableArray<string> Widest(HashSet<string> names)
        => [.. names.Where(one => one.EndsWith("/**", StringComparison.Ordinal) ? !names.Contains(one[..^3] + "*") : !names.Contains(one + "/**") && !names.Contains(one + "*"))];

    private static ImmutableArray<string> Open(Carrier carrier, ImmutableArray<string> paths, ImmutableArray<string> methods)
    {
        var open = carrier.Services.SelectMany(one => one.Places).Where(place => methods.Any(method => place.Guards.TryGetValue(method, out var guard) && guard.IsOpen)).Select(one => one.Template).ToList();
        var wide = paths.Select(path => PathTemplate.TryParse(path, out var template, out _) ? template : null).OfType<PathTemplate>().Where(one => one.IsOpenEnded).ToList();
        var within = open.Where(one => wide.Exists(other => TemplatePairs.Contains(other, one))).ToList();
        return [.. within.Where(one => !within.Exists(other => !ReferenceEquals(other, one) && TemplatePairs.Contains(other, one))).Select(one => one.Text).Order(StringComparer.Ordinal)];
    }

    // APISIX's own words for a part of a path: everything that the route takes there.
    private static string NameOf(ApisixRoute route, Place? place, string decoded, bool whole)
        => place is not null && whole ? place.Template.Text : $"{ApisixFile.Shown(route.Patterns.Where(one => one.Matches(decoded)).MaxBy(one => one.Begin.Length)!.Text)} where no other route takes it{(place is null ? "" : $", in {place.Template.Text}")}";

    private static bool IsOpen(ApisixRoute route) => route is { Guard.IsOpen: true, AnswersItself: false, Upstream: not null };
}
