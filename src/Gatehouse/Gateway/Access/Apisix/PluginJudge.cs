using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>What the plugins of one route come to: who gets in, what is rewritten, what is answered without the upstream, and what an access file cannot say. A plugin that is not known here may keep people out, so it does.</summary>
internal sealed class PluginJudge
{
    private const string KeycloakRealms = "/realms/";

    // Nothing that decides who gets in.
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal)
    {
        "real-ip", "gzip", "brotli", "request-id", "prometheus", "zipkin", "skywalking", "skywalking-logger", "opentelemetry", "http-logger", "tcp-logger", "udp-logger", "syslog", "sls-logger", "kafka-logger", "file-logger", "loki-logger", "elasticsearch-logger",
        "clickhouse-logger", "rocketmq-logger", "tencent-cloud-cls", "google-cloud-logging", "splunk-hec-logging", "loggly", "datadog", "log-rotate", "node-status", "server-info", "public-api", "proxy-mirror", "proxy-cache", "proxy-buffering", "proxy-control", "error-log-logger", "lago", "example-plugin",
    };

    // Members of plugins that stand where plugins stand: an indentation that went wrong. APISIX passes them over.
    private static readonly HashSet<string> Members = new(StringComparer.Ordinal) { "regex_uri", "headers", "uri", "host", "method", "config", "enable", "disable", "body", "vars", "allow_origins", "allow_methods", "allow_headers", "max_body_size", "rejected_code" };

    private readonly List<Remark> remarks = [];
    private readonly List<(Regex? Find, string By)> rewrites = [];
    private string? fixedUri;
    private bool unsure;

    public Guard Guard { get; private set; } = Guard.Open;

    public bool AnswersItself { get; private set; }

    /// <summary>What authz-keycloak asks; null where it is not there.</summary>
    public string? Asked { get; private set; }

    public long? MaxBody { get; private set; }

    public (int Requests, int Seconds)? Rate { get; private set; }

    public string? Realm { get; private set; }

    public string? Issuer { get; private set; }

    /// <summary>How often <c>enable: true</c> stands there, which says nothing.</summary>
    public int Enables { get; private set; }

    public ImmutableSortedSet<string> Audiences { get; private set; } = [];

    /// <summary>What upstreams are told beside our token: userinfo, access-token.</summary>
    public ImmutableSortedSet<string> Identity { get; private set; } = [];

    public IReadOnlyList<Remark> Remarks => remarks;

    /// <summary>Nobody passes, for this reason.</summary>
    public void Shut(string code, string text)
    {
        Guard = Guard.And(Guard.Shut);
        remarks.Add(new Remark(code, text));
    }

    public void Judge(string name, Plain plugin)
    {
        if (plugin["_meta"]?["disable"]?.Text == "true")
        {
            Say("plugin.off", $"{Shown(name)} is switched off by _meta.disable, and counts for nothing.");
            return;
        }

        if (plugin["_meta"]?["filter"] is not null) Say("plugin.filter", $"{Shown(name)} has a _meta.filter, which is not carried over: it counts always.");
        if (plugin["enable"]?.Text == "true") Enables++;
        else if (plugin["enable"] is not null) Say("plugin.enable", $"'enable' is no member of {Shown(name)}, and APISIX passes it over: the plugin is on, whatever it says.");
        if (name != "real-ip" && plugin["config"]?.Members is { Count: > 0 }) Say("plugin.config", $"{Shown(name)} holds a 'config', which is no member of it: what stands in it has no effect in APISIX.");
        switch (name)
        {
            case "openid-connect": OpenId(plugin); break;
            case "authz-keycloak": Keycloak(plugin); break;
            case "dynamic-keycloak-auth": Dynamic(plugin); break;
            case "proxy-rewrite": Rewritten(plugin); break;
            case "redirect" or "mocking":
                AnswersItself = true;
                Say("plugin." + name, $"{name} answers without the upstream; the gate answers nothing by itself. Let the upstream do it, or a web server in front.");
                break;
            case "client-control":
                if (long.TryParse(plugin["max_body_size"]?.Text, out var most) && most > 0) MaxBody = most;
                break;
            case "limit-count": Limit(plugin); break;
            case "limit-req" or "limit-conn": Say("plugin.limit", $"{name} is not carried over; a service of the access file has 'rate'."); break;
            case "cors":
                if (plugin["allow_credentials"] is not null) Say("plugin.cors", "cors: 'allow_credentials' is a wrong name (allow_credential), and APISIX passes it over.");
                Say("plugin.cors", "cors: the gate adds no CORS headers; the upstream must send its own. It lets OPTIONS pass where a public line says so.");
                break;
            case "response-rewrite": Say("plugin.response-rewrite", "response-rewrite is not carried over: answers pass as they are."); break;
            case "real-ip": Say("plugin.real-ip", "real-ip: say in 'trusted-proxies' of the access file whose X-Forwarded-For counts."); break;
            case var _ when Members.Contains(name): Say("plugin.misplaced", $"'{Shown(name)}' stands among the plugins and is a member of one: an indentation that went wrong. APISIX passes it over."); break;
            case var _ when Harmless.Contains(name): Say("plugin.not-carried", $"{name} is not carried over."); break;
            default: Shut("plugin.unknown", $"{Shown(name)}: what it lets through cannot be said in an access file, so nobody passes. Write the rule yourself."); break;
        }
    }

    /// <summary>The path as the upstream is asked for it; null where that cannot be known.</summary>
    public string? Rewrite(string path)
    {
        if (unsure) return null;
        if (fixedUri is not null) return fixedUri;
        foreach (var (find, by) in rewrites)
        {
            if (find is null) return null;
            if (find.Match(path) is { Success: true } match) return string.Concat(path.AsSpan(0, match.Index), match.Result(by), path.AsSpan(match.Index + match.Length));
        }

        return path;
    }

    private void OpenId(Plain plugin)
    {
        Guard = Guard.And(new Guard(true, [.. plugin["required_scopes"]?.Texts ?? []], false, false));
        ReadRealm(plugin["discovery"]?.Text, plugin["realm"]?.Text);
        foreach (var audience in plugin["audience"]?.Texts ?? []) Audiences = Audiences.Add(audience);
        if (plugin["audience"] is not null) Say("plugin.audience", "'audience' is no member of openid-connect, and APISIX passes it over: tokens for other audiences pass there. --strict insists on it.");
        if (plugin["set_userinfo_header"]?.Text != "false") Identity = Identity.Add("userinfo");
        if (plugin["set_access_token_header"]?.Text != "false") Identity = Identity.Add("access-token");
        if (plugin["unauth_action"]?.Text == "pass") Say("plugin.pass", "unauth_action: pass lets people in without a token; here a token is needed.");
        if (plugin["bearer_only"]?.Text != "true") Say("plugin.session", "bearer_only is off: APISIX leads browsers to the sign-in by itself. Add 'session' to the service's 'accept' for that.");
        if (plugin["claim_validator"] is not null || plugin["claim_schema"] is not null) Shut("plugin.claims", "claim_validator and claim_schema ask for claims that a rule cannot name; nobody passes until you write the rule yourself.");
    }

    private void Keycloak(Plain plugin)
    {
        Guard = Guard.And(new Guard(true, [], true, false));
        ReadRealm(plugin["discovery"]?.Text ?? plugin["token_endpoint"]?.Text, null);
        var permissions = plugin["permissions"]?.Texts ?? [];
        var what = plugin["lazy_load_paths"]?.Text == "true" ? "the resource whose uris have the path" : permissions.Count > 0 ? $"one of {string.Join(", ", permissions.Select(Shown))}" : "anything at all";
        Asked = $"as client '{Shown(plugin["client_id"]?.Text ?? "")}', whether the token's holder has a permission on {what}{(plugin["http_method_as_scope"]?.Text == "true" ? ", with the request's method as scope" : "")}";
        if (plugin["policy_enforcement_mode"]?.Text?.ToUpperInvariant() == "PERMISSIVE") Say("plugin.permissive", "policy_enforcement_mode: PERMISSIVE lets paths without a resource pass; here the rule counts.");
    }

    private void Dynamic(Plain plugin)
    {
        Guard = Guard.And(new Guard(true, [.. plugin["required_scopes"]?.Texts ?? []], plugin["authz"]?["enabled"]?.Text != "false", false));
        if (Guard.Asks) Asked = "by dynamic-keycloak-auth, whether the token's holder has a permission on what is asked for";
        foreach (var audience in plugin["audience"]?.Texts ?? []) Audiences = Audiences.Add(audience);
        Say("plugin.dynamic-keycloak-auth", "dynamic-keycloak-auth takes the realm from the first label of the host: an access file is for one realm. Import once for each, with --host and --realm.");
    }

    private void ReadRealm(string? discovery, string? fallback)
    {
        if (discovery?.IndexOf(KeycloakRealms, StringComparison.Ordinal) is >= 0 and var at)
        {
            var rest = discovery[(at + KeycloakRealms.Length)..];
            var end = rest.IndexOf('/', StringComparison.Ordinal);
            Realm ??= end < 0 ? rest : rest[..end];
            Issuer ??= discovery[..(at + KeycloakRealms.Length)] + Realm;
        }
        else Realm ??= fallback;
    }

    private void Rewritten(Plain plugin)
    {
        if (plugin.Members is null)
        {
            Say("plugin.empty", "proxy-rewrite is empty and does nothing.");
            return;
        }

        if (plugin["uri"]?.Text is { } uri) (fixedUri, unsure) = (uri, unsure || uri.Contains('$'));
        var pairs = plugin["regex_uri"]?.Texts ?? [];
        for (var i = 0; i + 1 < pairs.Count; i += 2) rewrites.Add((Compile(pairs[i]), Dollars(pairs[i + 1])));
        if (plugin["regex_uri"] is not null && (pairs.Count == 0 || pairs.Count % 2 == 1)) unsure = true;
        if (plugin["host"] is not null) Say("plugin.host", "proxy-rewrite: 'host' is not carried over; 'pass-host' says whether the client's or the upstream's own goes on.");
        if (plugin["scheme"] is not null) Say("plugin.scheme", "proxy-rewrite: 'scheme' stands in the upstream's address here.");
        if (plugin["headers"] is not null) Say("plugin.headers", "proxy-rewrite: 'headers' are not carried over.");
        if (plugin["method"] is not null) (unsure, _) = (true, Say("plugin.method", "proxy-rewrite: 'method' cannot be carried over."));
        if (plugin["use_real_request_uri_unsafe"]?.Text == "true") Say("plugin.unsafe", "use_real_request_uri_unsafe: the gate forwards canonical paths only.");
    }

    private void Limit(Plain plugin)
    {
        var byAddress = (plugin["key_type"]?.Text ?? "var") == "var" && (plugin["key"]?.Text ?? "remote_addr") is "remote_addr" or "binary_remote_addr";
        if (byAddress && int.TryParse(plugin["count"]?.Text, out var count) && int.TryParse(plugin["time_window"]?.Text, out var window) && count is > 0 and <= 1_000_000 && window is > 0 and < 1_000_000) Rate = (count, window);
        else Say("plugin.limit", "limit-count counts by something other than the address, or by numbers that cannot be read; it is not carried over.");
        if (plugin["rejected_code"] is not null || plugin["rejected_msg"] is not null) Say("plugin.limit", "limit-count: who sends too much is told 429 with Retry-After, in the gate's own form.");
    }

    // PCRE on somebody else's word: without backtracking there is no way to make it run for ever.
    public static Regex? Compile(string pattern)
    {
        try
        {
            return pattern.Length > 1000 ? null : new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    // "$1a" is the first group and an a in nginx.
    private static string Dollars(string text) => Regex.Replace(text, @"\$(\d)", "$${$1}", RegexOptions.NonBacktracking);

    private bool Say(string code, string text)
    {
        remarks.Add(new Remark(code, text));
        return true;
    }

    private static string Shown(string text) => ApisixFile.Shown(text);
}
