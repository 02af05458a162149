using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>Reads a standalone <c>apisix.yaml</c> or <c>apisix.json</c>, or a values file of a chart that holds the same below <c>apisixStandalone</c>. What is not as APISIX's schema has it is remarked and never read as "open".</summary>
internal sealed partial class ApisixFile
{
    private const int MostRoutes = 5_000;
    private const int MostPatterns = 10_000;
    private const int MostForms = 100;

    private readonly Dictionary<string, Plain> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Plain> upstreams = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Plain> pluginSets = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, Plain>> everywhere = [];
    private readonly Func<string, string?> environment;
    private int enables;

    private ApisixFile(Func<string, string?> environment) => this.environment = environment;

    public List<ApisixRoute> Routes { get; } = [];

    /// <summary>What concerns the file as a whole.</summary>
    public List<Remark> Remarks { get; } = [];

    /// <summary>Realms that plugins name, the most frequent first.</summary>
    public List<string> Realms { get; } = [];

    /// <summary>Issuer and audiences that plugins name, the first of each.</summary>
    public string? Issuer { get; private set; }

    public ImmutableSortedSet<string> Audiences { get; private set; } = [];

    /// <summary>Lines on which secrets stand in plain text.</summary>
    public List<int> Secrets { get; } = [];

    /// <summary>Reads a file's text. Throws <see cref="AccessFault"/> when it is none of these, or too large.</summary>
    public static ApisixFile Read(string text, Func<string, string?> environment)
    {
        var file = new ApisixFile(environment);
        var root = Plain.Read(text);
        var body = root["apisixStandalone"] ?? root.Members?.Select(one => one.Value["apisixStandalone"]).FirstOrDefault(one => one is not null) ?? root;
        if (body["routes"]?.Items is not { Count: > 0 } routes) throw new AccessFault("There are no 'routes' here: neither at the top, as in apisix.yaml, nor below 'apisixStandalone', as in a chart's values.");
        if (ReferenceEquals(body, root) && body.Line > 0 && !End().IsMatch(text)) file.Remarks.Add(new Remark("file.no-end", "The file does not end with #END: APISIX itself would not read it."));
        foreach (var (list, into) in (ReadOnlySpan<(string, Dictionary<string, Plain>)>)[("services", file.services), ("upstreams", file.upstreams), ("plugin_configs", file.pluginSets)])
            foreach (var one in body[list]?.Items ?? [])
                if (one["id"]?.Text is { } id && !into.TryAdd(id, one)) file.Remarks.Add(new Remark("file.duplicate-id", $"{list}: the id '{Shown(id)}' stands twice; the first one is taken."));
        foreach (var rule in body["global_rules"]?.Items ?? []) file.everywhere.AddRange(rule["plugins"]?.Members ?? []);
        foreach (var other in (string[])["consumers", "consumer_groups", "stream_routes", "ssls", "secrets", "plugin_metadata"])
            if (body[other]?.Items is { Count: > 0 } some) file.Remarks.Add(new Remark("file.not-carried", $"{other}: {some.Count} entries are not carried over."));
        if (routes.Count > MostRoutes) throw new AccessFault($"There are more than {MostRoutes} routes.");
        file.FindSecrets(body);
        foreach (var route in routes) file.Routes.Add(file.ReadRoute(route, file.Routes.Count + 1));
        file.KeepApart();
        if (file.Routes.Sum(one => one.Patterns.Length) > MostPatterns) throw new AccessFault($"There are more than {MostPatterns} uris.");
        foreach (var twice in file.Routes.GroupBy(one => one.Id).Where(group => group.Count() > 1)) file.Remarks.Add(new Remark("file.duplicate-id", $"routes: the id '{twice.Key}' stands {twice.Count()} times; both are read, since nobody promises which one APISIX takes."));
        if (file.enables > 0) file.Remarks.Add(new Remark("file.enable", $"'enable: true' stands in {file.enables} plugins. It is no member of any, and APISIX passes it over; 'enable: false' would not switch one off."));
        file.Realms.Sort(StringComparer.Ordinal);
        var frequent = file.Realms.GroupBy(one => one).OrderByDescending(group => group.Count()).Select(group => group.Key).ToList();
        file.Realms.Clear();
        file.Realms.AddRange(frequent);
        return file;
    }

    /// <summary>Somebody else's text as it may be shown and written into a comment: one line of plain characters.</summary>
    public static string Shown(string text) => ObservedWho.Printable(text, 120);

    public void Note(PluginJudge judge)
    {
        if (judge.Realm is { } realm) Realms.Add(realm);
        Issuer ??= judge.Issuer;
        enables += judge.Enables;
        Audiences = Audiences.Union(judge.Audiences);
    }

    private ApisixRoute ReadRoute(Plain route, int number)
    {
        var remarks = ImmutableArray.CreateBuilder<Remark>();
        void Say(string code, string text) => remarks.Add(new Remark(code, text));
        foreach (var (name, value) in route.Members ?? [])
            if (!Known.Contains(name)) Say("route.unknown-member", $"'{Shown(name)}' is no member of a route; APISIX refuses such a route.");

        var service = route["service_id"]?.Text is { } id ? services.GetValueOrDefault(id) : null;
        if (route["service_id"]?.Text is { } missing && service is null) Say("route.no-service", $"The service '{Shown(missing)}' is not in the file, so the route leads nowhere.");
        var plugins = new Dictionary<string, Plain>(StringComparer.Ordinal);
        // What is nearer counts: the route's own, then a plugin_config's, then the service's. Global rules run besides.
        foreach (var set in (Plain?[])[service?["plugins"], route["plugin_config_id"]?.Text is { } shared ? pluginSets.GetValueOrDefault(shared)?["plugins"] : null, route["plugins"]])
            foreach (var (name, value) in set?.Members ?? []) plugins[name] = value;
        if (route["plugin_config_id"]?.Text is { } config && !pluginSets.ContainsKey(config)) Say("route.no-plugin-config", $"The plugin_config '{Shown(config)}' is not in the file; what it does is not known.");
        var judge = new PluginJudge();
        foreach (var (name, value) in plugins.Concat(everywhere)) judge.Judge(name, value);
        if (route["plugin_config_id"] is not null && route["plugin_config_id"]?.Text is not { } || (route["plugin_config_id"]?.Text is { } unknown && !pluginSets.ContainsKey(unknown)) || route["script"] is not null || route["script_id"] is not null) judge.Shut("route.script", "What a script or an unknown plugin_config does cannot be read here; nobody passes.");
        Note(judge);

        var conditions = new List<string>();
        var only = SpelledPath.Read(route["vars"]);
        foreach (var name in (string[])["vars", "remote_addr", "remote_addrs", "filter_func"])
            if (route[name] is { } value && value.Items is not { Count: 0 } && (name != "vars" || only is null)) conditions.Add(name);
        if (conditions.Count > 0) remarks.Add(Unknown(conditions));
        var priority = 0;
        if (route["priority"]?.Text is { } text && !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out priority)) conditions.Add("a priority that is no number");
        var enabled = route["status"]?.Text is not { } status || status != "0";
        if (!enabled) Say("route.off", "status: 0: APISIX does not use it, nor does the gate.");

        var patterns = ImmutableArray.CreateBuilder<Pattern>();
        foreach (var uri in (route["uri"]?.Texts ?? []).Concat(route["uris"]?.Texts ?? []).Distinct())
        {
            var pattern = new Pattern(Fill(uri, Say));
            patterns.Add(pattern);
            if (pattern.Templates.Count == 0) Say("uri.none", $"'{Shown(uri)}': no such path can stand in an access file ({(uri == "/*" || uri == "*" ? "a service has a prefix" : "the gate takes no request that is spelled so")}).");
        }

        if (patterns.Count == 0) Say("route.no-uri", "It has no uri.");
        var methods = route["methods"]?.Texts.Select(one => one.ToUpperInvariant()).Distinct().ToImmutableArray() ?? [];
        if (methods.Any(one => one.Length is 0 or > 16 || !one.All(char.IsAsciiLetterUpper))) (methods, conditions) = ([], [.. conditions, "methods that are none"]);
        var timeout = route["timeout"];
        if (timeout is not null && service is not null) Say("route.timeout", "Its own timeouts are not carried over: in an access file they stand on the service.");
        return new ApisixRoute
        {
            Id = Shown(route["id"]?.Text ?? $"route {number}"), Line = route.Line, Patterns = patterns.ToImmutable(), Methods = methods, Hosts = [.. (route["host"]?.Texts ?? []).Concat(route["hosts"]?.Texts ?? service?["hosts"]?.Texts ?? [])],
            MayTake = MayTake(route["vars"]), Only = only, Asked = judge.Asked, Priority = priority, Enabled = enabled, Condition = conditions.Count == 0 ? null : string.Join(", ", conditions), Guard = judge.Guard, AnswersItself = judge.AnswersItself, Rewrite = judge.Rewrite,
            Upstream = route["service_id"] is not null && service is null ? null : ReadUpstream(route["id"]?.Text ?? $"route-{number}", route, service), WebSocket = route["enable_websocket"]?.Text == "true" || service?["enable_websocket"]?.Text == "true",
            Identity = judge.Identity, MaxBody = judge.MaxBody, Rate = judge.Rate, Remarks = [.. remarks, .. judge.Remarks],
        };
    }

    private static Remark Unknown(IEnumerable<string> conditions) => new("route.condition", $"{string.Join(", ", conditions)}: the gate looks at method and path alone. The strictest of all routes that these paths may lead to counts.");

    // Forms of paths that overlap, or a star in the middle beside them: which samples would stand for all of these is not known, so they stay conditions. So do all, where there are more than can be tried out in reasonable time.
    private void KeepApart()
    {
        var many = Routes.Select(one => one.Only?.Template.Key).OfType<string>().Distinct(StringComparer.Ordinal).Skip(MostForms).Any();
        var apart = new List<int>();
        var starred = Routes.SelectMany(one => one.Patterns).Where(one => one.HasEnd).SelectMany(one => one.Templates).ToList();
        for (var i = 0; i < Routes.Count; i++)
        {
            if (Routes[i].Only is not { } only) continue;
            if (!many && !starred.Exists(other => TemplatePairs.Touch(other, only.Template)) && !Routes.Exists(one => one.Only is { } other && other.Template.Key != only.Template.Key && TemplatePairs.Touch(other.Template, only.Template))) continue;
            apart.Add(i);
        }

        foreach (var i in apart) Routes[i] = Routes[i] with { Only = null, Condition = Routes[i].Condition is { } other ? other + ", vars" : "vars", Remarks = [Unknown(["vars"]), .. Routes[i].Remarks] };
    }

    // [["uri", "~~", "^/x/[0-9]+$"]] alone: about the path, which is known here. Used for what becomes of paths, never for who gets in.
    private static Func<string, bool> MayTake(Plain? vars)
    {
        if (vars?.Items is not { Count: 1 } all || all[0].Texts is not ["uri", "~~", var pattern] || PluginJudge.Compile(pattern) is not { } find) return _ => true;
        return path => find.IsMatch(path);
    }

    private ApisixUpstream? ReadUpstream(string route, Plain own, Plain? service)
    {
        Plain? Of(Plain? from) => from?["upstream"] ?? (from?["upstream_id"]?.Text is { } id ? upstreams.GetValueOrDefault(id) : null);
        if (Of(own) is { } direct) return UpstreamReader.Read(own["upstream_id"]?.Text ?? own["service_id"]?.Text ?? route, direct, text => Fill(text, null));
        return Of(service) is { } shared ? UpstreamReader.Read(service!["id"]?.Text ?? route, shared, text => Fill(text, null)) : null;
    }

    // ${{NAME}} and ${{NAME:=otherwise}}, as APISIX fills them in.
    private string Fill(string text, Action<string, string>? say)
        => text.Length > 4096 ? text : Variable().Replace(text, match =>
        {
            if (environment(match.Groups[1].Value) is { Length: > 0 } value) return value;
            if (match.Groups[2].Success) return match.Groups[2].Value;
            say?.Invoke("env.unset", $"The environment variable {match.Groups[1].Value} is not set here; set it as APISIX has it, and import again.");
            return match.Value;
        });

    private void FindSecrets(Plain body)
    {
        foreach (var (name, value) in body.Everything())
            if (value.Text is { Length: > 0 } text && SecretName().IsMatch(name) && !text.StartsWith("${{", StringComparison.Ordinal) && !text.StartsWith("$secret:", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("$env:", StringComparison.OrdinalIgnoreCase)) Secrets.Add(value.Line);
        if (Secrets.Count == 0) return;
        var lines = Secrets.Where(line => line > 0).Distinct().ToList();
        var where = lines.Count == 0 ? "" : $" (line {string.Join(", ", lines.Take(20))}{(lines.Count > 20 ? $" and {lines.Count - 20} more" : "")})";
        Remarks.Add(new Remark("file.secret", $"{(lines.Count == 0 ? Secrets.Count : lines.Count)} secrets stand in this file in plain text{where}: whoever has read it knows them. They are not carried over. Change them where they count."));
    }

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "id", "name", "desc", "labels", "create_time", "update_time", "uri", "uris", "priority", "methods", "host", "hosts", "remote_addr", "remote_addrs", "timeout", "vars", "filter_func", "script", "script_id", "plugins", "plugin_config_id", "upstream", "upstream_id",
        "service_id", "enable_websocket", "status", "service_protocol",
    };

    [GeneratedRegex(@"(?m)^#END\s*$", RegexOptions.NonBacktracking)]
    private static partial Regex End();

    [GeneratedRegex(@"\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::=([^}]*?))?\s*\}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Variable();

    [GeneratedRegex("^(client_secret|secret|password|private_key|client_rsa_private_key|api_key|apikey|access_key|secret_key|token)$", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
