using System.Globalization;
using System.Text;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>Writes the access file. Texts of the other file come in as comments of plain characters, or quoted; what could not be carried over is a comment where somebody would look for it.</summary>
internal sealed class AccessWriter(string realm, ImportWish wish, ApisixFile file)
{
    /// <summary>A role that nobody should ever hold: rules that name it let nobody in.</summary>
    public const string Nobody = "apisix-import-nobody";

    /// <summary>Stands where roles must be named yet.</summary>
    public const string Undecided = "apisix-import-decide";

    private readonly StringBuilder text = new();
    private Dictionary<string, Place> byText = [];
    private ILookup<string, Place> words = Array.Empty<Place>().ToLookup(_ => "");

    public string Write(Carrier carrier, string? host, IReadOnlyList<Closing> closings, IEnumerable<ImportedRoute> routes)
    {
        var foreign = wish.Strict && file.Issuer is not null && !file.Audiences.IsEmpty;
        Line("# Made by 'gatehouse import apisix'. Read the report beside it: what differs stands there route by route.");
        if (host is not null) Line($"# For the host {ApisixFile.Shown(host)}. The gate looks at no host: what other hosts were to answer must not come here.");
        Line($"# Rules that name the role {Nobody} let nobody in. {(wish.Roles.IsEmpty && Undecides(carrier) ? $"Replace {Undecided} by the roles that may: Keycloak decided there." : "")}".TrimEnd());
        foreach (var remark in file.Remarks) Line($"# {remark.Text}");
        Line("");
        Line($"realm: {Quoted(realm)}");
        if (foreign)
        {
            Line("issuers:");
            Line($"  keycloak: {{ issuer: {Quoted(file.Issuer!)}, audience: [{string.Join(", ", file.Audiences.Select(Quoted))}], algorithms: [RS256], subjects: raw }}");
        }

        Line("services:");
        var all = carrier.Services.SelectMany(one => one.Places).ToList();
        byText = all.ToDictionary(one => one.Template.Text, StringComparer.Ordinal);
        words = all.Where(one => one.Template.Word is not null).ToLookup(one => Above(one.Template), StringComparer.Ordinal);
        foreach (var service in carrier.Services) Write(service, foreign);
        var open = carrier.Services.SelectMany(service => service.Places.Where(place => !IsSaid(service, place))).SelectMany(place => OpenMethods(place, carrier.Methods).Select(method => $"{method} {(place.Template.Text.EndsWith("/**", StringComparison.Ordinal) ? place.Template.Text[..^3] + " (all routes)" : place.Template.Text)}")).ToList();
        if (open.Count > 0)
        {
            Line("public:");
            Line("  - reason: these were open in APISIX; look at each of them");
            Line("    lines: |");
            foreach (var line in open) Line("      " + line);
        }

        if (closings.Count > 0)
        {
            Line("");
            Line("# Open in APISIX, and not here:");
            foreach (var one in closings) Line($"#   {one.Text}");
        }

        var left = routes.Where(one => one.Becomes is "not carried" or "not used").ToList();
        if (left.Count > 0)
        {
            Line("");
            Line("# Not carried over:");
            foreach (var one in left) Line($"#   {one.Route.Id}: {string.Join(", ", one.Route.Patterns.Select(pattern => ApisixFile.Shown(pattern.Text)))}{(one.Remarks.FirstOrDefault(remark => !remark.Code.StartsWith("open.", StringComparison.Ordinal)) is { } first ? $": {first.Text}" : "")}");
        }

        return text.ToString();
    }

    // "/a" goes without saying where "/a/**" says the same, and "/a/b/**" where "/a/b*" does: the longest word that begins the last segment would take it instead.
    private bool IsSaid(ServiceEntry service, Place place)
    {
        var template = place.Template;
        if (template.Word is not null) return false;
        if (!template.Subtree && byText.GetValueOrDefault(template.Text + "/**") is { } below) return Says(below);
        return template.Segments is [.., { } last] && words[Above(template)].Where(one => last.StartsWith(one.Template.Word!, StringComparison.Ordinal)).MaxBy(one => one.Template.Word!.Length) is { } begun && Says(begun);

        bool Says(Place wide) => ReferenceEquals(wide.Service, service) && wide.Guards.Count == place.Guards.Count && wide.Guards.All(one => place.Guards.TryGetValue(one.Key, out var same) && same.Same(one.Value));
    }

    private static string Above(PathTemplate template)
    {
        var key = template.Subtree ? template.Key[..^3] : template.Key;
        return key[..key.LastIndexOf('/')];
    }

    // HEAD goes where GET goes, unless it is said otherwise.
    private static IEnumerable<string> OpenMethods(Place place, IEnumerable<string> methods)
        => methods.Where(method => place.Guards.TryGetValue(method, out var guard) && guard.IsOpen && !(method == "HEAD" && place.Guards["GET"].IsOpen));

    private static bool Undecides(Carrier carrier) => carrier.Services.SelectMany(one => one.Places).SelectMany(one => one.Guards.Values).Any(guard => guard is { Asks: true, Nobody: false });

    private void Write(ServiceEntry service, bool foreign)
    {
        var routes = service.Routes.ToList();
        Line($"  {service.Name}:   # {service.Upstream.Name}");
        Line($"    prefix: {Quoted(service.Prefix)}");
        Line($"    upstreams: [{string.Join(", ", service.Upstreams.Select(Quoted))}]");
        if (service.Strip) Line("    strip-prefix: true");
        if (service.Upstream.PassHost) Line("    pass-host: true");
        if (foreign) Line("    accept: [\"issuer:keycloak\"]");
        if (routes.SelectMany(one => one.Identity).Distinct().Order(StringComparer.Ordinal).ToList() is { Count: > 0 } identity) Line($"    identity: [jwt, {string.Join(", ", identity)}]");
        if (service.Upstream.Times is { } times) Line(string.Create(CultureInfo.InvariantCulture, $"    timeouts: {{ connect: {times.Connect}s, response: {times.Read}s, idle: {Math.Max(times.Send, times.Read)}s }}"));
        if (!routes.Any(one => one.WebSocket)) Line("    upgrade: false");
        if (routes.Select(one => one.MaxBody).Distinct().ToList() is [{ } most]) Line($"    max-body: {most}");
        if (routes.Select(one => one.Rate).Distinct().ToList() is [{ } rate]) Line($"    rate: {{ requests: {rate.Requests}, per: {rate.Seconds}s, by: address }}");
        Line("    rules:");
        foreach (var place in service.Places.Where(one => !IsSaid(service, one)).OrderBy(one => one.Template.Text, StringComparer.Ordinal)) WriteRules(place);
    }

    private void WriteRules(Place place)
    {
        var closed = place.Guards.Where(one => !one.Value.IsOpen).ToList();
        // For every method that nobody names: the strictest, and where all that are named are open, nobody. Else it would be somebody's rule for a wider path.
        var whole = closed.Count == 0 ? Guard.Shut : closed.Aggregate(closed[0].Value, (sum, one) => sum.And(one.Value));
        var path = $"path: {Quoted(place.Template.Text)}";
        foreach (var group in closed.Where(one => one.Key != Samples.AnyOther && !one.Value.Same(whole)).GroupBy(one => one.Value.Words))
            Line($"      - {{ {path}, methods: [{string.Join(", ", group.Select(one => one.Key))}], allow: {Allow(group.First().Value)} }}");
        Line($"      - {{ {path}, allow: {Allow(whole)} }}{(place.Shut is not null ? $"   # {ApisixFile.Shown(place.Shut)}" : place.Uncut.Count > 0 ? $"   # {ApisixFile.Shown($"{string.Join(", ", place.Uncut.Keys.Where(one => one != Samples.AnyOther))}: {place.Uncut.First().Value}")}" : closed.All(one => one.Key == Samples.AnyOther) ? "   # other methods than those under 'public'" : "")}");

        // A method of its own where GET has one or is open, since HEAD would follow it.
        if (place.Guards.TryGetValue("HEAD", out var head) && head.Same(whole) && !place.Guards["GET"].Same(whole)) Line($"      - {{ {path}, methods: [HEAD], allow: {Allow(whole)} }}");
    }

    private string Allow(Guard guard)
    {
        if (guard.Nobody) return $"{{ roles: [{Nobody}] }}";
        var parts = new List<string>();
        if (guard.Asks) parts.Add($"roles: [{string.Join(", ", wish.Roles.IsEmpty ? [Undecided] : wish.Roles.Select(Quoted))}]");
        if (guard.Scopes.Count > 0) parts.Add($"scopes: [{string.Join(", ", guard.Scopes.Select(Quoted))}]");
        return parts.Count == 0 ? "{}" : $"{{ {string.Join(", ", parts)} }}";
    }

    // JSON's strings are YAML's; a dollar sign would begin a variable of the access file.
    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text.StartsWith("${GATEHOUSE_", StringComparison.Ordinal) ? text : text.Replace("${", "$ {", StringComparison.Ordinal), Relaxed);

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private void Line(string line) => text.Append(line.Replace("\n", " ", StringComparison.Ordinal)).Append('\n');
}
