using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads an access file strictly: unknown keys, wrong types and unreadable lines are errors with their line. All of them are reported, not just the first.</summary>
public static partial class AccessReader
{
    /// <summary>Reads and lints; dates are judged where <paramref name="now"/> is given. The file is null when there is an error among the findings.</summary>
    public static (AccessFile? File, IReadOnlyList<Finding> Findings) Read(string text, Func<string, string?>? environment = null, DateTimeOffset? now = null)
    {
        var findings = new List<Finding>();
        var file = Parse(Substitute(text, environment ?? Environment.GetEnvironmentVariable, findings), findings);
        if (file is not null)
        {
            AccessLint.Check(file, findings);
            ObserveReader.Check(file, now, findings);
        }

        var sorted = findings.OrderBy(finding => finding.Line).ThenBy(finding => finding.Severity).ToList();
        return (sorted.Any(finding => finding.Severity == Severity.Error) ? null : file, sorted);
    }

    // ${NAME} or ${NAME:-otherwise}: addresses differ from site to site, the rules do not.
    private static string Substitute(string text, Func<string, string?> environment, List<Finding> findings)
        => Variable().Replace(text, match =>
        {
            if (InComment(text, match.Index)) return match.Value;
            if (environment(match.Groups[1].Value) is { Length: > 0 } value) return value;
            if (match.Groups[2].Success) return match.Groups[2].Value[2..];
            findings.Add(new Finding(Severity.Error, "access.variable", text.AsSpan(0, match.Index).Count('\n') + 1, $"The environment variable {match.Groups[1].Value} is not set, and no default is given (${{{match.Groups[1].Value}:-default}})."));
            return "";
        });

    private static bool InComment(string text, int at) => text.AsSpan(text.LastIndexOf('\n', at) + 1).TrimStart(' ').StartsWith('#');

    private static AccessFile? Parse(string text, List<Finding> findings)
    {
        if (YamlText.Load(text, findings) is not { } document) return null;
        var root = new YamlMap(document, "the file", findings);
        var realm = root.Text("realm") ?? "";
        if (realm.Length == 0) root.Error("access.realm", root.Line, "'realm' is missing: the realm whose tokens count.");
        var issuers = ReadIssuers(root, findings);
        var legacies = LegacyReader.Read(root, findings);
        var services = ReadServices(root, issuers, findings, out var routes);
        routes.AddRange(ReadPublic(root, services, findings));
        var (observation, observed) = (ObserveReader.Read(root), ObserveReader.ReadClients(root, findings));
        var file = new AccessFile
        {
            Realm = realm, TrustedProxies = ReadNetworks(root), Issuers = issuers, Legacies = legacies, Services = services,
            Observation = observation, ObservedClients = observed, Routes = [.. ObserveReader.Spread(routes, observation)],
        };
        root.Done();
        return file;
    }

    private static ImmutableArray<IPNetwork> ReadNetworks(YamlMap root)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in root.Texts("trusted-proxies"))
        {
            if (Networks.TryParse(text, out var network)) networks.Add(network);
            else root.Error("access.network", YamlMap.LineOf(root.Node("trusted-proxies")!), $"'{text}' is no network; write it as 10.0.0.0/8, its first address exactly.");
        }

        return networks.ToImmutable();
    }

    private static ImmutableDictionary<string, ForeignIssuer> ReadIssuers(YamlMap root, List<Finding> findings)
    {
        var issuers = ImmutableDictionary.CreateBuilder<string, ForeignIssuer>();
        if (root.Map("issuers") is not { } all) return issuers.ToImmutable();
        foreach (var (name, node) in all.All)
        {
            var map = new YamlMap(node, $"issuer '{name}'", findings);
            var issuer = new ForeignIssuer
            {
                Name = name, Line = map.Line, Issuer = map.Text("issuer"), Jwks = ReadUri(map, "jwks"), Audiences = [.. map.Texts("audience")],
                Introspect = ReadUri(map, "introspect"), Client = map.Text("client"), SecretVariable = map.Text("secret-env"), SecretFile = map.Text("secret-file"), Cache = map.Time("cache", TimeSpan.FromSeconds(30)),
            };
            if (map.Texts("algorithms") is { Count: > 0 } algorithms) issuer = issuer with { Algorithms = [.. algorithms] };
            foreach (var algorithm in issuer.Algorithms)
                if (Wire.Jose.JoseAlgorithm.Find(algorithm) is null) map.Error("access.algorithm", map.Line, $"'{algorithm}' is not supported; known: {string.Join(", ", Wire.Jose.JoseAlgorithm.Names)}.");
            if (issuer.Introspect is null ? !IsIssuer(issuer.Issuer) : issuer.Client is null || issuer.SecretVariable is null == issuer.SecretFile is null)
                map.Error("access.issuer", map.Line, $"Issuer '{name}' needs 'issuer' as an http or https address (for JWTs; 'jwks' where discovery does not find the keys), or 'introspect', 'client' and one of 'secret-env' and 'secret-file' (for opaque tokens).");
            issuer = map.Text("subjects") switch
            {
                null or "prefixed" => issuer with { SubjectPrefix = name + ":" },
                "raw" => issuer,
                var other => Unknown(map, other, issuer),
            };
            map.Done();
            issuers[name] = issuer;
        }

        return issuers.ToImmutable();
    }

    private static bool IsIssuer(string? issuer) => Uri.TryCreate(issuer, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";

    private static ForeignIssuer Unknown(YamlMap map, string subjects, ForeignIssuer issuer)
    {
        map.Error("access.subjects", map.Line, $"'subjects: {subjects}' is unknown; write 'prefixed' (the issuer's name and a colon before each subject) or 'raw'.");
        return issuer;
    }

    private static ImmutableArray<Service> ReadServices(YamlMap root, ImmutableDictionary<string, ForeignIssuer> issuers, List<Finding> findings, out List<Route> routes)
    {
        routes = [];
        var services = ImmutableArray.CreateBuilder<Service>();
        if (root.Map("services") is not { } all)
        {
            root.Error("access.services", root.Line, "'services' is missing.");
            return [];
        }

        foreach (var (name, node) in all.All)
        {
            var map = new YamlMap(node, $"service '{name}'", findings);
            if (ServiceReader.Read(name, map, issuers, findings) is { } service)
            {
                services.Add(service);
                routes.AddRange(ServiceReader.ReadRules(service, map, findings));
            }

            map.Done();
        }

        return services.ToImmutable();
    }

    private static List<Route> ReadPublic(YamlMap root, ImmutableArray<Service> services, List<Finding> findings)
    {
        var routes = new List<Route>();
        switch (root.Node("public"))
        {
            case null: break;
            case YamlScalarNode block: ReadBlock(block, null, services, findings, routes); break;
            case YamlSequenceNode blocks:
                foreach (var child in blocks)
                {
                    var map = new YamlMap(child, "a block of public routes", findings);
                    var reason = map.Text("reason");
                    if (map.Node("lines") is YamlScalarNode lines) ReadBlock(lines, reason, services, findings, routes);
                    else map.Error("access.form", map.Line, "A block of public routes needs 'lines' (text, one route a line) and 'reason'.");
                    map.Done();
                }

                break;
            case var other: findings.Add(new Finding(Severity.Error, "access.form", YamlMap.LineOf(other), "'public' is a text, or a list of blocks with 'reason' and 'lines'.")); break;
        }

        return routes;
    }

    private static void ReadBlock(YamlScalarNode block, string? reason, ImmutableArray<Service> services, List<Finding> findings, List<Route> routes)
    {
        // In a literal block the text begins on the line after its mark.
        var at = YamlMap.LineOf(block) + (block.Style is ScalarStyle.Literal or ScalarStyle.Folded ? 1 : 0);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var raw in (block.Value ?? "").Split('\n'))
        {
            var number = at++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            var comment = line.IndexOf(" #", StringComparison.Ordinal);
            var mine = comment >= 0 ? line[(comment + 2)..].Trim() : reason;
            if (PublicLines.Read(comment >= 0 ? line[..comment] : line, out var why) is not { } read)
            {
                findings.Add(new Finding(Severity.Error, "public.form", number, $"'{line}' {why}."));
                continue;
            }

            var service = services.Where(one => Covers(one.Prefix, read.Template)).OrderByDescending(one => one.Prefix.Length).FirstOrDefault();
            if (service is null)
            {
                findings.Add(new Finding(Severity.Error, "public.no-service", number, $"'{read.Template}' is under no service's prefix."));
                continue;
            }

            if (!seen.TryAdd($"{read.Method} {read.Template}", number))
            {
                findings.Add(new Finding(Severity.Warning, "public.duplicate", number, $"'{read.Method} {read.Template}' stands on line {seen[$"{read.Method} {read.Template}"]} already; delete one of them."));
                continue;
            }

            routes.Add(new Route(service, read.Template, [read.Method], null, mine, number));
        }
    }

    internal static bool Covers(string prefix, PathTemplate template) => template.Text.StartsWith(prefix, StringComparison.Ordinal) && (template.Text.Length == prefix.Length || template.Text[prefix.Length] == '/');

    internal static Uri? ReadUri(YamlMap map, string name)
    {
        if (map.Text(name) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0) return uri;
        map.Error("access.address", map.Line, $"'{text}' is no http or https address.");
        return null;
    }

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}", RegexOptions.NonBacktracking)]
    private static partial Regex Variable();
}
