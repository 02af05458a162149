using System.Net;

namespace Gatehouse.Gateway.Access;

/// <summary>Judges a file that could be read: what is doubled, can never be reached, hides something else, or opens a door without saying why.</summary>
internal static class AccessLint
{
    private static readonly string[] Reserved = ["/realms", "/admin", "/health", "/assets", "/.well-known"];

    public static void Check(AccessFile file, List<Finding> findings)
    {
        void Say(Severity severity, string code, int line, string message) => findings.Add(new Finding(severity, code, line, message));

        foreach (var service in file.Services)
        {
            if (Reserved.Any(one => service.Prefix == one || service.Prefix.StartsWith(one + "/", StringComparison.Ordinal)))
                Say(Severity.Error, "service.reserved", service.Line, $"The prefix '{service.Prefix}' belongs to Gatehouse itself.");
            foreach (var other in file.Services)
            {
                if (ReferenceEquals(service, other)) break;
                if (service.Prefix == other.Prefix) Say(Severity.Error, "service.duplicate", service.Line, $"Service '{other.Name}' on line {other.Line} has the same prefix.");
            }

            if (service.Accepts is { Token: false, Session: false, Issuers.IsEmpty: true }) Say(Severity.Error, "service.accept", service.Line, $"Service '{service.Name}' accepts no credential.");
            foreach (var address in service.Plan.Addresses)
                if (address.Uri.Scheme == "http" && !IsLocal(address.Uri)) Say(Severity.Note, "upstream.plain", service.Line, $"'{address.Uri.GetLeftPart(UriPartial.Authority)}' is reached in plain HTTP; identity and data are readable on that network.");
        }

        CheckRoutes(file, Say);
    }

    private static void CheckRoutes(AccessFile file, Action<Severity, string, int, string> say)
    {
        var seen = new Dictionary<string, Route>(StringComparer.Ordinal);
        foreach (var route in file.Routes)
        {
            // Names of holes do not matter: /a/{x} and /a/{y} are the same path.
            var path = string.Concat(route.Template.Segments.Select(segment => "/" + (segment ?? "{}"))) + (route.Template.Subtree ? "/**" : "");
            foreach (var method in route.Methods.IsEmpty ? ["*"] : route.Methods)
            {
                if (!seen.TryGetValue($"{method} {path}", out var first))
                {
                    seen[$"{method} {path}"] = route;
                    continue;
                }

                if (route.IsPublic && !first.IsPublic) say(Severity.Error, "route.shadowed", route.Line, $"'{route.Describe()}' is public, and {first.Rule!.Name} on line {first.Line} has the same method and path: which of them counts?");
                else if (route.IsPublic) say(Severity.Warning, "public.duplicate", route.Line, $"'{route.Describe()}' is public on line {first.Line} already; delete one of them.");
                else say(Severity.Error, "rule.unreachable", route.Line, $"'{route.Describe()}' is decided by {first.Rule?.Name ?? "a public route"} on line {first.Line}; this rule is never reached.");
            }

            if (route is { IsPublic: true, PublicReason: null or "" }) say(Severity.Warning, "public.no-reason", route.Line, $"'{route.Describe()}' is public and nobody says why. Put it into a block with 'reason:', or end its line with '# why'.");
        }

        CheckShadows(file, say);
    }

    // A public route that opens more than a protected rule below it wanted closed, or that hides a rule for the same path.
    private static void CheckShadows(AccessFile file, Action<Severity, string, int, string> say)
    {
        foreach (var open in file.Routes.Where(route => route.IsPublic))
        {
            foreach (var rule in file.Routes.Where(route => !route.IsPublic && ReferenceEquals(route.Service, open.Service)))
            {
                if (rule.Template.Segments.Length != open.Template.Segments.Length || rule.Template.Subtree != open.Template.Subtree) continue;
                if (rule.Methods.IsEmpty || rule.Methods.Intersect(open.Methods).Any())
                {
                    var openWins = open.Template.Segments.Zip(rule.Template.Segments).All(pair => pair.First == pair.Second || pair.First is not null && pair.Second is null) && !open.Template.Segments.SequenceEqual(rule.Template.Segments);
                    if (openWins) say(Severity.Note, "rule.shadowed", rule.Line, $"'{rule.Describe()}' does not count for '{open.Template}', which line {open.Line} makes public.");
                }
            }
        }
    }

    private static bool IsLocal(Uri uri) => uri.IsLoopback || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address));
}
