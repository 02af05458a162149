using System.Collections.Immutable;
using Gatehouse.Policy;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>
/// Turns routes into places of an access file. For each path that the file will have, all requests that only it takes are asked for at APISIX's model; where their answers differ, or hang on what the gate does not look at, the strictest counts. So what was protected cannot come out public;
/// what was open may come out closed, and is told.
/// </summary>
internal sealed class Carrier
{
    private readonly RouteModel model;
    private readonly List<ServiceEntry> services = [];
    private readonly Dictionary<PathTemplate, Place> places = [];
    private readonly Dictionary<string, Place> at = new(StringComparer.Ordinal);

    public Carrier(IReadOnlyList<ApisixRoute> routes, string? host)
    {
        Used = [.. routes.Where(one => one.Enabled && RouteModel.TierOf(one, host) is not null)];
        Methods = Samples.MethodsOf(Used);
        model = new RouteModel(Used, host);
        Requests = Samples.Of(Used);
        foreach (var template in Used.SelectMany(one => one.Patterns).SelectMany(one => one.Templates).Concat(Used.Select(one => one.Only?.Template).OfType<PathTemplate>()).DistinctBy(one => one.Key)) places[template] = new Place(template);
        Fill();
        // Prefixes that are cut off can be no others: they choose first, the widest of them before the rest.
        foreach (var (place, upstream, cut) in places.Values.Select(Judge).Where(one => one.Upstream is not null).OrderBy(one => one.Cut is null).ThenByDescending(one => one.Place.Template.Subtree).ThenBy(one => one.Place.Template.Word is not null).ThenBy(one => one.Place.Template.Segments.Length).ToList())
            Take(place, upstream!, cut);
        Settle();
    }

    /// <summary>Routes for the host that are switched on.</summary>
    public IReadOnlyList<ApisixRoute> Used { get; }

    /// <summary>Methods that are told apart.</summary>
    public IReadOnlyList<string> Methods { get; }

    public IReadOnlyList<(string Decoded, Wire.Text.CanonicalPath Path)> Requests { get; }

    public IReadOnlyList<ServiceEntry> Services => services;

    /// <summary>Paths that no service could take.</summary>
    public IEnumerable<Place> Left => places.Values.Where(one => one.Service is null);

    /// <summary>The place that takes a sample; null where none does.</summary>
    public Place? PlaceOf(string decoded) => at.GetValueOrDefault(decoded);

    public IReadOnlyList<ApisixRoute?> Model(string method, string decoded) => model.Find(method, decoded);

    // Which samples only this place takes: the gate's own table says so.
    private void Fill()
    {
        var nowhere = new Service { Name = "import", Prefix = "/import", Audience = "import", Accepts = new Accepted(true, false, []), Plan = new Forwarding.UpstreamPlan { Name = "import", Addresses = [] } };
        var table = new RouteTable([.. places.Keys.Select(template => new Route(nowhere, template, [], new Rule { Name = template.Text, Line = 0 }, null, 0))]);
        foreach (var (decoded, path) in Requests)
        {
            if (table.Find("GET", path.Value) is not { } route || !places.TryGetValue(route.Template, out var place)) continue;
            place.Paths.Add(decoded);
            at[decoded] = place;
            foreach (var method in Methods.Append(Samples.AnyOther))
            {
                var found = model.Find(method, decoded);
                foreach (var one in found)
                    if (one is not null && !place.Routes.Contains(one)) place.Routes.Add(one);
                // No route at all is no door either: beside one that is open, it closes.
                var guard = found.Aggregate((Guard?)null, (sum, one) => And(sum, one is null ? found.Count > 1 ? Guard.Shut : null : one.AnswersItself || one.Upstream is null ? Guard.Shut : one.Guard));
                if (guard is null) place.Guards[method] = place.Guards.TryGetValue(method, out var before) ? before.And(Guard.Shut) : Guard.Shut;
                else place.Guards[method] = And(place.Guards.GetValueOrDefault(method), guard)!;
            }
        }
    }

    private static Guard? And(Guard? one, Guard? other) => one is null ? other : other is null ? one : one.And(other);

    // To which upstream, and which prefix is cut off: one answer for all samples, or none.
    private (Place Place, ApisixUpstream? Upstream, string? Cut) Judge(Place place)
    {
        var forwarding = place.Routes.Where(one => !one.AnswersItself && one.Upstream is not null).ToList();
        if (forwarding.Count == 0) return (place, null, null);
        var upstreams = forwarding.Select(one => one.Upstream!).DistinctBy(one => one.Place).Select(one => one.Name).ToList();
        place.Shut = !forwarding.Any(one => one.Patterns.Any(pattern => pattern.Templates.Count > 0)) ? "a route for all paths ('/*') takes it, and a service of the gate has a prefix"
            : place.Template is { Segments.IsEmpty: true, Word: not null } ? "a word that begins the first segment: a service's prefix is whole segments"
            : place.Template.Text.EndsWith('/') ? "a path that ends with a slash means all below it in an access file"
            : upstreams.Count > 1 ? $"it leads to more than one upstream ({string.Join(", ", upstreams)}), by what the gate does not look at"
            : null;
        if (place.Shut is not null) return (place, null, null);
        var pairs = place.Paths.SelectMany(path => Methods.SelectMany(method => model.Find(method, path).OfType<ApisixRoute>().Where(route => forwarding.Contains(route) && route.MayTake(path)).Select(route => (route, method, path, to: route.Rewrite(path))))).ToList();
        if (pairs.All(pair => pair.to == pair.path)) return (place, forwarding[0].Upstream, null);
        var literals = place.Template.Segments.TakeWhile(segment => segment is { Length: > 0 }).ToList();
        for (var count = literals.Count; count > 0; count--)
        {
            var prefix = "/" + string.Join('/', literals.Take(count));
            // Prefixes are cut off as they stand on the wire; those of plain characters are the same decoded.
            if (prefix.Contains('%') || !pairs.All(pair => pair.to == Cut(pair.path, prefix) || pair.to == pair.path)) continue;
            // A route's own paths that its expression does not meet, and so does not cut: nobody asks the upstream for them in this way here, by these methods.
            foreach (var (route, method, _, _) in pairs.Where(pair => pair.to == pair.path && pair.route.Patterns.Any(pattern => pattern.Templates.Any(template => template.Key == place.Template.Key))))
            {
                place.Guards[method] = Guard.Shut;
                place.Uncut.TryAdd(method, $"'{route.Id}' rewrites no such path, and the gate cuts '{prefix}' off");
            }

            // Odd spellings beside it that another route's expression does not meet: the gate cuts them too, and says so.
            var odd = pairs.Where(pair => pair.to == pair.path && !place.Uncut.ContainsKey(pair.method)).ToList();
            if (odd.Count > 0) place.Odd = $"{odd[0].path.Replace("zq9", "x", StringComparison.Ordinal)} was sent to the upstream as it is, since '{odd[0].route.Id}' rewrites no such path; the gate cuts '{prefix}' off";
            return (place, forwarding[0].Upstream, prefix);
        }

        place.Shut = "the path is rewritten in a way that the gate does not do (it cuts a prefix, or nothing)";
        return (place, null, null);
    }

    private static string? Cut(string path, string prefix) => path == prefix ? "/" : path.StartsWith(prefix + "/", StringComparison.Ordinal) ? path[prefix.Length..] : null;

    private void Take(Place place, ApisixUpstream upstream, string? cut)
    {
        if (cut is not null)
        {
            if (Find(cut) is { } taken && (!taken.Strip || taken.Upstream.Place != upstream.Place)) place.Shut = $"'{cut}' is cut off for another upstream or in another way already";
            else Join(place, upstream, cut, strip: true);
            return;
        }

        // The widest prefix that nobody else has.
        var literals = place.Template.Segments.TakeWhile(segment => segment is { Length: > 0 }).ToList();
        for (var count = 1; count <= literals.Count; count++)
        {
            var prefix = "/" + string.Join('/', literals.Take(count));
            if (Find(prefix) is { } taken ? taken.Strip || taken.Upstream.Place != upstream.Place : services.Any(one => one.Prefix.Length < prefix.Length && one.Places.Any(other => AccessReader.Covers(prefix, other.Template)))) continue;
            Join(place, upstream, prefix, strip: false);
            return;
        }

        place.Shut = "every prefix of it belongs to another upstream already";
    }

    private ServiceEntry? Find(string prefix) => services.FirstOrDefault(one => one.Prefix == prefix);

    private void Join(Place place, ApisixUpstream upstream, string prefix, bool strip)
    {
        if (AccessLint.IsReserved(prefix))
        {
            place.Shut = $"'{prefix}' belongs to Gatehouse itself";
            return;
        }

        if (Find(prefix) is not { } service) services.Add(service = new ServiceEntry(NameOf(upstream.Name, prefix), prefix, upstream, strip));
        place.Service = service;
        service.Places.Add(place);
    }

    // Public lines belong to the longest prefix that covers them, whatever was meant. And what nobody may reach must not fall through to something wider that is public.
    private void Settle()
    {
        foreach (var place in places.Values)
        {
            var covering = services.Where(one => AccessReader.Covers(one.Prefix, place.Template)).MaxBy(one => one.Prefix.Length);
            if (place.Service is { } own && !ReferenceEquals(own, covering) && place.Guards.Values.Any(guard => guard.IsOpen))
            {
                own.Places.Remove(place);
                (place.Service, place.Shut) = (null, $"it is below '{covering!.Prefix}', which belongs to another upstream");
            }

            if (place.Service is not null || covering is null) continue;
            foreach (var method in place.Guards.Keys.ToList()) place.Guards[method] = Guard.Shut;
            place.Service = covering;
            covering.Places.Add(place);
        }

        services.RemoveAll(one => one.Places.Count == 0);
    }

    private string NameOf(string upstream, string prefix)
    {
        var plain = string.Concat(upstream.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        if (plain.StartsWith("svc-", StringComparison.Ordinal)) plain = plain["svc-".Length..];
        if (plain.Length is 0 or > 60) plain = "service";
        if (services.Any(one => one.Name == plain)) plain += "-" + string.Concat(prefix.Trim('/').ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        var name = plain;
        for (var number = 2; services.Any(one => one.Name == name); number++) name = $"{plain}-{number}";
        return name;
    }
}
