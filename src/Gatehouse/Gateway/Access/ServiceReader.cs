using System.Collections.Immutable;
using Gatehouse.Credentials;
using Gatehouse.Forwarding;
using Gatehouse.Policy;
using Gatehouse.Terms;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads one service of the access file and its rules.</summary>
internal static class ServiceReader
{
    public static Service? Read(string name, YamlMap map, ImmutableDictionary<string, ForeignIssuer> issuers, List<Finding> findings)
    {
        var prefix = map.Text("prefix") ?? "/" + name;
        if (!PathTemplate.TryParse(prefix, out var template, out var why) || template.IsOpenEnded || template.Segments.Contains(null) || prefix.Length < 2 || prefix.EndsWith('/'))
        {
            map.Error("service.prefix", map.Line, $"The prefix '{prefix}' {(why.Length > 0 ? why : "must be a plain path without a slash at its end")}.");
            return null;
        }

        var health = map.Map("health");
        var times = map.Map("timeouts");
        var (plan, fallback, life) = (new HealthPlan(), new ForwardTimes(), times);
        var service = new Service
        {
            Name = name, Line = map.Line, Prefix = prefix, StripPrefix = map.Flag("strip-prefix", false), Audience = map.Text("audience") ?? name,
            Accepts = ReadAccepts(map, issuers), Identity = ReadIdentity(map), Upgrade = map.Flag("upgrade", true), PassAuthorizationOnPublic = map.Flag("pass-authorization-on-public", false),
            PassAuthorizationOnObserve = map.Flag("pass-authorization-on-observe", false), Observation = ObserveReader.Read(map),
            TokenIn = PlaceReader.Read(map) ?? TokenPlaces.Usual, IdentityIn = ReadIdentityPlaces(map), Errors = PlaceReader.ReadErrors(map),
            MaxBody = map.Number("max-body"), PassSecret = map.Text("pass-secret") is { } pass && pass != "false" ? pass : null, Events = map.Map("events") is { } events ? EventsReader.Read(events) : null, Rate = ReadRate(map),
            Plan = new UpstreamPlan
            {
                Name = name, Addresses = ReadAddresses(map), Balance = ReadBalance(map), PassHost = map.Flag("pass-host", false), MaxConnections = (int)Math.Clamp(map.Number("max-connections") ?? 1024, 1, 65_000),
                Times = life is null ? fallback : new ForwardTimes
                {
                    Connect = life.Time("connect", fallback.Connect), ResponseHead = life.Time("response", fallback.ResponseHead), BodyIdle = life.Time("idle", fallback.BodyIdle), UpgradeIdle = life.Time("upgrade", fallback.UpgradeIdle),
                },
                Health = health is null ? plan : new HealthPlan
                {
                    Path = health.Text("path"), Interval = health.Time("interval", plan.Interval), TimeOut = health.Time("timeout", plan.TimeOut),
                    FailuresToQuarantine = (int)Math.Clamp(health.Number("failures") ?? plan.FailuresToQuarantine, 1, 1000), Quarantine = health.Time("quarantine", plan.Quarantine),
                },
            },
        };
        health?.Done();
        times?.Done();
        return service;
    }

    public static List<Route> ReadRules(Service service, YamlMap map, List<Finding> findings)
    {
        var routes = new List<Route>();
        if (map.Node("rules") is not YamlSequenceNode list || list.Children.Count == 0)
        {
            map.Error("service.no-rule", map.Line, $"Service '{service.Name}' has no rule, so nothing may reach it. Give it 'rules:' with at least one 'allow'.");
            return routes;
        }

        for (var i = 0; i < list.Children.Count; i++)
        {
            var rule = new YamlMap(list.Children[i], $"rule {i + 1} of '{service.Name}'", findings);
            var path = rule.Text("path") ?? service.Prefix + "/**";
            var methods = rule.Texts("methods").Select(method => method.ToUpperInvariant()).ToImmutableArray();
            var (allow, dialog) = (rule.Map("allow"), rule.Map("dialog"));
            var observation = ObserveReader.Read(rule);
            if (rule.Node("methods") is not null && (methods.IsEmpty || methods.Any(method => method.Length == 0 || !method.All(char.IsAsciiLetterUpper)))) rule.Error("rule.methods", rule.Line, "'methods' is a list such as [GET, POST]; leave it out for all methods.");
            else if (!PathTemplate.TryParse(path, out var template, out var why)) rule.Error("rule.path", rule.Line, $"The path '{path}' {why}.");
            else if (!AccessReader.Covers(service.Prefix, template)) rule.Error("rule.outside", rule.Line, $"The path '{path}' is not under the service's prefix '{service.Prefix}'.");
            else if (allow is null) rule.Error("rule.allow", rule.Line, "The rule has no 'allow'. To admit everyone who is authenticated, write 'allow: {}'.");
            else routes.Add(new Route(service, template, methods, ReadAllow($"{service.Name} rule {i + 1}", rule.Line, allow), null, rule.Line) { Observation = observation, Dialog = dialog is null ? null : DialogReader.Read(dialog, template, service) });
            if (PlaceReader.Read(rule) is { } places && routes.Count > 0 && routes[^1].Line == rule.Line) routes[^1] = routes[^1] with { TokenIn = places };
            rule.Done();
        }

        return routes;
    }

    private static Rule ReadAllow(string name, int line, YamlMap allow)
    {
        var kinds = ImmutableArray.CreateBuilder<PrincipalKind>();
        foreach (var text in allow.Texts("kinds"))
        {
            if (KindOf(text) is { } kind) kinds.Add(kind);
            else allow.Error("rule.kind", allow.Line, $"'{text}' is no kind of principal; known: user, service, bot, visitor, legacy.");
        }

        var rule = new Rule
        {
            Name = name, Line = line, Roles = [.. allow.Texts("roles")], AllRoles = [.. allow.Texts("all-roles")], Groups = [.. allow.Texts("groups")], Permissions = [.. allow.Texts("permissions")],
            Scopes = [.. allow.Texts("scopes")], Kinds = kinds.ToImmutable(), Clients = [.. allow.Texts("clients")],
        };
        foreach (var key in (string[])["roles", "all-roles", "groups", "permissions", "scopes", "kinds", "clients"])
            if (allow.Node(key) is { } list && (list is YamlSequenceNode { Children.Count: 0 } || allow.Texts(key).Any(string.IsNullOrWhiteSpace))) allow.Error("rule.empty", YamlMap.LineOf(list), $"'{key}' is empty or has an empty entry: nobody could ever meet it, or it was meant to be left out.");
        allow.Done();
        return rule;
    }

    internal static PrincipalKind? KindOf(string text)
        => text.ToLowerInvariant() switch { "user" => PrincipalKind.User, "service" => PrincipalKind.Service, "bot" => PrincipalKind.Bot, "visitor" => PrincipalKind.Visitor, "legacy" => PrincipalKind.Legacy, _ => null };

    private static Accepted ReadAccepts(YamlMap map, ImmutableDictionary<string, ForeignIssuer> issuers)
    {
        if (map.Node("accept") is null) return new Accepted(Token: true, Session: false, []);
        var legacy = map.Texts("accept").Where(text => text.StartsWith(Legacy.Prefix, StringComparison.Ordinal)).Select(text => text[Legacy.Prefix.Length..]).ToImmutableArray();
        var (token, session, dialog, basic, foreign) = (false, false, false, false, ImmutableArray.CreateBuilder<string>());
        foreach (var text in map.Texts("accept"))
        {
            if (text == "token") token = true;
            else if (text == "session") session = true;
            else if (text == "dialog") dialog = true;
            else if (text == "basic") basic = true;
            else if (text.StartsWith(Legacy.Prefix, StringComparison.Ordinal)) continue;
            else if (text.StartsWith("issuer:", StringComparison.Ordinal) && issuers.ContainsKey(text["issuer:".Length..])) foreign.Add(text["issuer:".Length..]);
            else map.Error("service.accept", YamlMap.LineOf(map.Node("accept")!), $"'{text}' is no credential; known: token, session, dialog, basic, legacy:NAME{string.Concat(issuers.Keys.Order().Select(name => $", issuer:{name}"))}.");
        }

        return new Accepted(token, session, foreign.ToImmutable(), dialog) { Legacy = legacy, Basic = basic };
    }

    private static IdentityHeaders ReadIdentity(YamlMap map)
    {
        if (map.Node("identity") is null) return IdentityHeaders.Jwt;
        var all = IdentityHeaders.None;
        foreach (var text in map.Texts("identity"))
        {
            switch (text)
            {
                case "none": break;
                case "jwt": all |= IdentityHeaders.Jwt; break;
                case "userinfo": all |= IdentityHeaders.Userinfo; break;
                case "access-token": all |= IdentityHeaders.AccessToken; break;
                case "id-token": all |= IdentityHeaders.IdToken; break;
                case var _ when PlaceReader.TryPlace(text, ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>()): break;
                default: map.Error("service.identity", YamlMap.LineOf(map.Node("identity")!), $"'{text}' is not known; known: jwt, userinfo, access-token, id-token, header:NAME, query:NAME, none."); break;
            }
        }

        return all;
    }

    private static TokenPlaces ReadIdentityPlaces(YamlMap map)
    {
        var (headers, queries) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        foreach (var text in map.Texts("identity")) PlaceReader.TryPlace(text, headers, queries);
        return new TokenPlaces(false, headers.ToImmutable(), queries.ToImmutable());
    }

    private static ImmutableArray<UpstreamAddress> ReadAddresses(YamlMap map)
    {
        var addresses = ImmutableArray.CreateBuilder<UpstreamAddress>();
        foreach (var text in map.Texts("upstreams"))
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { PathAndQuery: "/", UserInfo: "" }) addresses.Add(new UpstreamAddress(uri));
            else map.Error("service.upstream", YamlMap.LineOf(map.Node("upstreams")!), $"'{text}' is no upstream address; write it as http://host:port, without a path.");
        }

        if (addresses.Count == 0 && map.Node("upstreams") is null) map.Error("service.upstream", map.Line, "'upstreams' is missing: a list of addresses as http://host:port.");
        return addresses.ToImmutable();
    }

    private static BalanceKind ReadBalance(YamlMap map)
    {
        var text = map.Text("balance");
        if (text is null or "round-robin") return BalanceKind.RoundRobin;
        if (text == "least-requests") return BalanceKind.LeastRequests;
        map.Error("service.balance", map.Line, $"'{text}' is not known; known: round-robin, least-requests.");
        return BalanceKind.RoundRobin;
    }

    private static RateLimit? ReadRate(YamlMap map)
    {
        if (map.Map("rate") is not { } rate) return null;
        var limit = new RateLimit((int)Math.Clamp(rate.Number("requests") ?? 0, 0, 1_000_000), rate.Time("per", TimeSpan.FromSeconds(1)), rate.Text("by") == "address");
        if (limit.Requests == 0) rate.Error("service.rate", rate.Line, "'requests' of 'rate' must be 1 or more.");
        if (rate.Text("by") is not (null or "address" or "principal")) rate.Error("service.rate", rate.Line, "'by' of 'rate' is address or principal.");
        rate.Done();
        return limit;
    }
}
