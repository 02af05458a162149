using System.Collections.Immutable;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>What became of a route.</summary>
/// <param name="Route">The route.</param>
/// <param name="Becomes">public, rule, partly public, closed, not carried, not used.</param>
/// <param name="Remarks">What differs, and what must be known.</param>
internal sealed record ImportedRoute(ApisixRoute Route, string Becomes, IReadOnlyList<Remark> Remarks)
{
    /// <summary>Codes that say how something is, not that it differs.</summary>
    public bool Differs => Becomes != "not used" && Remarks.Any(one => !Told.Contains(one.Code));

    private static readonly HashSet<string> Told = ["plugin.off", "plugin.enable", "plugin.config", "plugin.misplaced", "plugin.empty", "plugin.audience"];
}

/// <summary>
/// Turns a configuration of APISIX into an access file, and says route by route what differs. The result is read back and held against APISIX's model, request by request: were anything public that APISIX protects, there would be no result.
/// </summary>
internal sealed record ApisixImport(string Text, string Realm, string? Host, IReadOnlyList<string> Hosts, IReadOnlyList<ServiceEntry> Services, IReadOnlyList<ImportedRoute> Routes, IReadOnlyList<Closing> Closings, IReadOnlyList<Remark> Remarks)
{
    /// <summary>Imports. Throws <see cref="AccessFault"/> with what is wrong.</summary>
    public static ApisixImport Of(string text, ImportWish wish, Func<string, string?> environment)
    {
        var file = ApisixFile.Read(text, environment);
        var realm = wish.Realm ?? file.Realms.FirstOrDefault() ?? throw new AccessFault("No plugin of the file names a realm: give it by --realm.");
        if (file.Realms.Count > 1) file.Remarks.Add(new Remark("file.realms", $"Plugins name more than one realm ({string.Join(", ", file.Realms.Select(ApisixFile.Shown))}); an access file is for one: {ApisixFile.Shown(realm)}."));
        var hosts = file.Routes.SelectMany(one => one.Hosts).GroupBy(one => one, StringComparer.OrdinalIgnoreCase).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Select(group => group.Key).ToList();
        var host = wish.Host ?? hosts.FirstOrDefault();
        if (wish.Host is null && hosts.Count > 1) file.Remarks.Add(new Remark("file.hosts", $"Routes are for {hosts.Count} hosts; those for '{ApisixFile.Shown(host!)}' are taken, which most name. --host chooses another of: {string.Join(", ", hosts.Skip(1).Take(20).Select(ApisixFile.Shown))}."));
        var carrier = new Carrier(file.Routes, host);
        if (carrier.Services.Count == 0) throw new AccessFault("Nothing of it can be carried over: no route for this host has a path and an upstream that the gate could have.");
        foreach (var service in carrier.Services) service.Upstreams = AddressesOf(service, wish, file.Remarks);
        var writer = new AccessWriter(realm, wish, file);
        // Without the list of what is left out first: what became of each is read off the result.
        var read = Load(writer.Write(carrier, host, [], []));
        var tallies = Compare(carrier, read);
        var closings = Closing.Of(carrier, read);
        var routes = file.Routes.Select(route => Judge(route, carrier, tallies, closings, wish.Roles)).ToList();
        if (closings.Count > 0) file.Remarks.Add(new Remark("file.open-closed", $"What was open in APISIX and is not here stands below, every path of it. Methods other than {string.Join(", ", carrier.Methods)} are public nowhere."));
        if (carrier.Used.Any(one => one.Asked is not null)) file.Remarks.Add(new Remark("file.authz-keycloak", "Where Keycloak's authorization services decided, rules name roles. To have the differences back: write rules by path and 'methods' as the permissions of that client in Keycloak say; or keep APISIX in front of these routes with authz-keycloak asking Gatehouse, which has the same services ('gatehouse clients authorization import' takes Keycloak's settings; docs/guides/permissions.md); or let the upstream ask there."));
        var written = new AccessWriter(realm, wish, file).Write(carrier, host, closings, routes);
        Load(written);
        return new ApisixImport(written, realm, host, hosts, carrier.Services, routes, closings, file.Remarks);
    }

    private static IReadOnlyList<string> AddressesOf(ServiceEntry service, ImportWish wish, List<Remark> remarks)
    {
        if (wish.Services.TryGetValue(service.Upstream.Name, out var named) || (service.Upstream.Discovered is { } discovered && wish.Services.TryGetValue(discovered, out named))) return named;
        if (!service.Upstream.Addresses.IsEmpty) return service.Upstream.Addresses;
        // ".invalid" is nobody's (RFC 6761, 6.4): better no answer than somebody else's.
        var variable = "GATEHOUSE_" + string.Concat(service.Name.ToUpperInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        remarks.Add(new Remark("upstream.unknown", $"{service.Name}: where '{service.Upstream.Discovered}' is, discovery knew: name it in the file of --services, or set {variable}."));
        return [$"${{{variable}:-http://{service.Name}.invalid}}"];
    }

    private static RouteTable Load(string text)
    {
        var (read, findings) = AccessReader.Read(text);
        return new RouteTable((read ?? throw new InvalidOperationException("The result does not load: " + string.Join("; ", findings.Where(one => one.Severity == Severity.Error)))).Routes);
    }

    // What becomes of each route's requests: how many of each kind, and one for an example.
    private static Dictionary<ApisixRoute, (Dictionary<string, int> Counts, Dictionary<string, string> Examples)> Compare(Carrier carrier, RouteTable table)
    {
        var tallies = new Dictionary<ApisixRoute, (Dictionary<string, int> Counts, Dictionary<string, string> Examples)>(ReferenceEqualityComparer.Instance);
        foreach (var (decoded, path) in carrier.Requests)
        {
            foreach (var method in carrier.Methods)
            {
                var found = carrier.Model(method, decoded);
                var now = table.Find(method, path.Value);
                // What this import is for: nothing that APISIX keeps anybody from may be open here.
                if (now is { IsPublic: true } && found.Any(one => one is null || !one.Guard.IsOpen || one.AnswersItself)) throw new InvalidOperationException($"{method} {path} would come out public; please report this file.");
                var became = now is null ? "none" : now.IsPublic ? "public" : now.Rule!.Roles.Contains(AccessWriter.Nobody) ? "closed" : "rule";
                foreach (var one in found)
                {
                    if (one is null) continue;
                    if (!tallies.TryGetValue(one, out var tally)) tallies[one] = tally = ([], []);
                    tally.Counts[became] = tally.Counts.GetValueOrDefault(became) + 1;
                    tally.Examples.TryAdd(became, $"{method} {path.Value.Replace("zq9", "x", StringComparison.Ordinal)}");
                }
            }
        }

        return tallies;
    }

    // Who may now, and what is lost, in this route's own words.
    private static string Instead(ApisixRoute route, Carrier carrier, ImmutableArray<string> roles)
    {
        var places = carrier.Services.SelectMany(one => one.Places).Where(one => one.Routes.Contains(route) && one.Guards.Values.Any(guard => guard is { Asks: true, Nobody: false })).Select(one => one.Template.Text).ToList();
        if (places.Count == 0) return "None of its paths lets anybody in here.";
        var scopes = route.Guard.Scopes.Count > 0 ? $" with {string.Join(' ', route.Guard.Scopes.Select(ApisixFile.Shown))}" : "";
        var where = $"at {string.Join(", ", places.Take(3))}{(places.Count > 3 ? $" and {places.Count - 3} more" : "")}";
        return roles.IsEmpty ? $"Here nobody may {where} until '{AccessWriter.Undecided}' is replaced (--roles)."
            : $"Here whoever holds {(roles.Length == 1 ? "" : "one of ")}{string.Join(", ", roles.Select(ApisixFile.Shown))}{scopes} may {where}, {(route.Methods.IsEmpty ? "by every method" : "by " + string.Join(", ", route.Methods))}: lost is what Keycloak told apart by path and method (who may GET may DELETE too), and every policy that is not one of these roles.";
    }

    private static ImportedRoute Judge(ApisixRoute route, Carrier carrier, Dictionary<ApisixRoute, (Dictionary<string, int> Counts, Dictionary<string, string> Examples)> tallies, IReadOnlyList<Closing> closings, ImmutableArray<string> roles)
    {
        var remarks = new List<Remark>();
        if (!carrier.Used.Contains(route))
        {
            if (route.Enabled) remarks.Add(new Remark("route.other-host", $"It is for {string.Join(", ", route.Hosts.Select(ApisixFile.Shown))} alone."));
            return new ImportedRoute(route, "not used", [.. remarks, .. route.Remarks]);
        }

        var (counts, examples) = tallies.TryGetValue(route, out var tally) ? tally : ([], []);
        if (counts.Count == 0) remarks.Add(new Remark("route.never", "Other routes always come first; it is never used."));
        var mine = closings.Where(one => ReferenceEquals(one.Route, route)).ToList();
        if (mine.Count > 0) remarks.Add(new Remark(counts.ContainsKey("public") ? "open.narrower" : "open.closed", $"{(counts.ContainsKey("public") ? "Fewer paths are open" : "It was open, and is not")}: {string.Join("; ", mine.Select(one => one.Brief))}."));
        else if (!route.Guard.IsOpen && counts.ContainsKey("closed")) remarks.Add(new Remark("token.closed", $"Part of it, or all, is closed to everybody: {Example("closed", "for one")}"));
        if (counts.ContainsKey("none") && !carrier.Left.Any(place => place.Shut is not null && place.Routes.Contains(route))) remarks.Add(new Remark("path.none", $"The gate has no such path: {Example("none", "for one")}"));
        foreach (var why in carrier.Services.SelectMany(one => one.Places).Where(place => place.Shut is not null && place.Routes.Contains(route)).Select(place => $"{place.Template}: {place.Shut}.").Distinct().Take(5)) remarks.Add(new Remark("path.shut", why));
        foreach (var why in carrier.Left.Where(place => place.Shut is not null && place.Routes.Contains(route)).Select(place => $"{place.Template}: {place.Shut}.").Distinct().Take(5)) remarks.Add(new Remark("path.left", why));
        foreach (var odd in carrier.Services.SelectMany(one => one.Places).Where(place => place.Odd is not null && place.Routes.Contains(route)).Select(place => $"{place.Odd}.").Distinct().Take(5)) remarks.Add(new Remark("path.rewrite", odd));
        if (route.Asked is { } asked) remarks.Add(new Remark("plugin.authz-keycloak", $"Keycloak was asked {asked}. {Instead(route, carrier, roles)} See file.authz-keycloak."));
        if (route.Upstream is { } upstream) remarks.AddRange(upstream.Remarks);
        foreach (var service in carrier.Services.Where(one => one.Places.Any(place => place.Routes.Contains(route) && place.Shut is null)))
        {
            if (route.WebSocket != service.Routes.Any(one => one.WebSocket)) remarks.Add(new Remark("service.upgrade", $"WebSockets pass at the whole service '{service.Name}'."));
            if (service.Routes.Select(one => one.MaxBody).Distinct().Count() > 1) remarks.Add(new Remark("service.max-body", $"max_body_size differs within the service '{service.Name}' and is not carried over."));
            if (service.Routes.Select(one => one.Rate).Distinct().Count() > 1) remarks.Add(new Remark("service.rate", $"limit-count differs within the service '{service.Name}' and is not carried over."));
        }

        var becomes = counts.Count == 0 ? "not used" : counts.Keys.All(one => one == "none") ? "not carried" : counts.ContainsKey("public") ? counts.Count == 1 ? "public" : "partly public" : counts.ContainsKey("rule") ? "rule" : "closed";
        return new ImportedRoute(route, becomes, [.. remarks, .. route.Remarks]);

        string Example(string became, string words) => examples.TryGetValue(became, out var one) ? $"{one} {words}. " : "";
    }
}
