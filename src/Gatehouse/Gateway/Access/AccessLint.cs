using System.Net;

namespace Gatehouse.Gateway.Access;

/// <summary>Judges a file that could be read: what is doubled, can never be reached, hides something else, or opens a door without saying why.</summary>
internal static class AccessLint
{
    private static readonly string[] Reserved = ["/realms", "/admin", "/health", "/assets", "/.well-known", "/forward-auth"];

    /// <summary>Whether a prefix belongs to Gatehouse itself.</summary>
    public static bool IsReserved(string prefix) => Reserved.Any(one => prefix == one || IsBelow(prefix, one));

    public static void Check(AccessFile file, List<Finding> findings)
    {
        void Say(Severity severity, string code, int line, string message) => findings.Add(new Finding(severity, code, line, message));

        foreach (var service in file.Services)
        {
            if (IsReserved(service.Prefix))
                Say(Severity.Error, "service.reserved", service.Line, $"The prefix '{service.Prefix}' belongs to Gatehouse itself.");
            foreach (var other in file.Services)
            {
                if (ReferenceEquals(service, other)) break;
                if (IsBelow(service.Prefix, other.Prefix) || IsBelow(other.Prefix, service.Prefix)) Say(Severity.Note, "service.overlap", service.Line, $"The prefixes of '{service.Name}' and '{other.Name}' (line {other.Line}) overlap; the longer one counts.");
                if (service.Prefix == other.Prefix) Say(Severity.Error, "service.duplicate", service.Line, $"Service '{other.Name}' on line {other.Line} has the same prefix.");
            }

            if (service.Accepts is { Token: false, Session: false, Dialog: false, Issuers.IsEmpty: true, Legacy.IsEmpty: true, Basic: false }) Say(Severity.Error, "service.accept", service.Line, $"Service '{service.Name}' accepts no credential.");
            if (service is { Accepts.Dialog: true, Events: not null }) Say(Severity.Error, "service.events", service.Line, $"Service '{service.Name}' is a bot ('events'): whoever holds a dialog's token must not speak to it in the platform's name. Take 'dialog' out of 'accept'.");
            if (service.Accepts.Dialog && !file.Routes.Any(route => ReferenceEquals(route.Service, service) && route.Dialog is not null)) Say(Severity.Warning, "service.dialog", service.Line, $"Service '{service.Name}' accepts tokens of dialogs, and none of its rules says where the dialog's id stands ('dialog:'), so that none ever passes.");
            if (!service.TokenIn.Queries.IsEmpty) Say(Severity.Note, "token-in.query", service.Line, $"Service '{service.Name}' takes tokens from the address for all its rules, and addresses are written in logs before this one. Declare it on the rule that needs it.");
            foreach (var address in service.Plan.Addresses)
                if (address.Uri.Scheme == "http" && !IsLocal(address.Uri)) Say(Severity.Note, "upstream.plain", service.Line, $"'{address.Uri.GetLeftPart(UriPartial.Authority)}' is reached in plain HTTP; identity and data are readable on that network.");
        }

        foreach (var issuer in file.Issuers.Values)
            foreach (var address in (Uri?[])[issuer.Jwks, issuer.Introspect])
                if (address is { Scheme: "http" } && !IsLocal(address)) Say(Severity.Warning, "issuer.plain", issuer.Line, $"Issuer '{issuer.Name}' is asked in plain HTTP: whoever sits on that network can make tokens count. Use https.");
        LegacyLint.Check(file, Say);
        BasicLint.Check(file, Say);
        CheckRoutes(file, Say);
    }

    private static bool IsBelow(string path, string prefix) => path.StartsWith(prefix + "/", StringComparison.Ordinal);

    private static void CheckRoutes(AccessFile file, Action<Severity, string, int, string> say)
    {
        var seen = new Dictionary<string, Route>(StringComparer.Ordinal);
        foreach (var route in file.Routes)
        {
            // Names of holes do not matter: /a/{x} and /a/{y} are the same path.
            var path = route.Template.Key;
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

    // A public route that is open already, or that takes away what a rule wanted closed. The rule for a whole prefix is no such case: it is there for what is left.
    private static void CheckShadows(AccessFile file, Action<Severity, string, int, string> say)
    {
        var table = new RouteTable(file.Routes);
        foreach (var open in file.Routes.Where(route => route.IsPublic))
        {
            if (open.Template is { Subtree: true } && open.Template.Text == open.Service.Prefix + "/**")
                say(Severity.Warning, "public.whole-service", open.Line, $"'{open.Describe()}' opens all of '{open.Service.Name}'; list what must be public instead.");
            foreach (var other in file.Services.Where(one => open.Template.IsOpenEnded && !ReferenceEquals(one, open.Service) && PathTemplate.TryParse(one.Prefix, out var prefix, out _) && TemplatePairs.Contains(open.Template, prefix)))
                say(Severity.Warning, "public.reaches", open.Line, $"'{open.Describe()}' reaches into the prefix of '{other.Name}' ('{other.Prefix}', line {other.Line}): what the rules there do not name is public, at '{open.Service.Name}'. Say it more narrowly, or give '{other.Name}' a rule without 'path'.");
            foreach (var other in file.Routes)
            {
                // Most pairs have nothing to do with each other, and there may be millions of them.
                if (!ReferenceEquals(other.Service, open.Service) || ReferenceEquals(other, open) || !TemplatePairs.Touch(open.Template, other.Template)) continue;
                if (!other.Methods.IsEmpty && !other.Methods.Contains(open.Methods[0])) continue;
                if (other.IsPublic)
                {
                    if (TemplatePairs.Contains(other.Template, open.Template) && !TemplatePairs.Contains(open.Template, other.Template)) say(Severity.Note, "public.covered", open.Line, $"'{open.Describe()}' is open already by line {other.Line} ('{other.Template}').");
                    continue;
                }

                if (TemplatePairs.Meeting(open.Template, other.Template) is not { } path || !ReferenceEquals(table.Find(open.Methods[0], path), open)) continue;
                if (!TemplatePairs.Contains(other.Template, open.Template)) say(Severity.Warning, "rule.shadowed", other.Line, $"'{other.Describe()}' does not count for paths such as '{path}', which line {open.Line} ('{open.Template}') makes public.");
                else if (!other.Template.IsOpenEnded) say(Severity.Note, "rule.shadowed", other.Line, $"'{other.Describe()}' does not count for '{open.Template}', which line {open.Line} makes public.");
            }
        }
    }

    private static bool IsLocal(Uri uri) => uri.IsLoopback || (IPAddress.TryParse(uri.Host, out var address) && IPAddress.IsLoopback(address));
}
