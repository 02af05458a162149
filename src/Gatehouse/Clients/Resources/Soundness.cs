using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Gatehouse.Clients.Resources;

/// <summary>Whether settings hold together: names are unique, what is referred to exists, no policy stands on itself, nothing is larger than can be judged in bounded time.</summary>
public static class Soundness
{
    /// <summary>Options of patterns: linear time whatever the text, so no look-around and no back-references.</summary>
    public const RegexOptions PatternOptions = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    // Pairs are what one judgement costs.
    private const long MostPairs = 200_000;

    /// <summary>What is wrong, in words for people; null when nothing is.</summary>
    public static string? FaultOf(ResourceServer server)
    {
        if (server.Resources.Length > ResourceServer.MostResources) return $"There are more than {ResourceServer.MostResources} resources.";
        if (server.Scopes.Length > ResourceServer.MostScopes) return $"There are more than {ResourceServer.MostScopes} scopes.";
        if (server.Policies.Length > ResourceServer.MostPolicies) return $"There are more than {ResourceServer.MostPolicies} policies and permissions.";
        return Twice(server.Scopes.Select(one => one.Name), "scope") ?? Twice(server.Scopes.Select(one => one.Id), "scope id")
            ?? Twice(server.Resources.Select(one => one.Id), "resource id") ?? Twice(server.Resources.Select(one => $"{one.Name}\n{one.Owner}"), "resource")
            ?? Twice(server.Policies.Select(one => one.Id), "policy id") ?? Twice(server.Policies.Select(one => one.Name), "policy")
            ?? server.Scopes.Select(one => NameFault(one.Name, "scope")).FirstOrDefault(fault => fault is not null)
            ?? OfResources(server) ?? OfPolicies(server) ?? Standing(server);
    }

    private static string? OfResources(ResourceServer server)
    {
        var scopes = server.Scopes.Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var resource in server.Resources)
        {
            if ((NameFault(resource.Name, "resource") ?? IdFault(resource.Id, "resource")) is { } fault) return fault;
            if (resource.Uris.Length > ResourceServer.MostItems || resource.Scopes.Length > ResourceServer.MostItems || resource.Attributes.Count > ResourceServer.MostItems) return $"The resource '{resource.Name}' has a list of more than {ResourceServer.MostItems} entries.";
            if (resource.Uris.Any(uri => uri.Length is 0 or > 1024)) return $"The resource '{resource.Name}' has a path that is empty or longer than 1024 characters.";
            if (resource.Scopes.FirstOrDefault(name => !scopes.Contains(name)) is { } missing) return $"The resource '{resource.Name}' names the scope '{missing}', which does not exist.";
        }

        return null;
    }

    private static string? OfPolicies(ResourceServer server)
    {
        var scopes = server.Scopes.Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
        var resources = server.Resources.Select(one => one.Id).ToHashSet(StringComparer.Ordinal);
        long work = 0;
        foreach (var policy in server.Policies)
        {
            if ((NameFault(policy.Name, "policy") ?? IdFault(policy.Id, "policy")) is { } fault) return fault;
            (int Count, ImmutableArray<string> Resources, ImmutableArray<string> Scopes) named = policy.Condition switch
            {
                Condition.Roles one => (one.Named.Length, [], []),
                Condition.Users one => (one.Ids.Length, [], []),
                Condition.Groups one => (one.Named.Length, [], []),
                Condition.Clients one => (one.Ids.Length, [], []),
                Condition.ClientScopes one => (one.Named.Length, [], []),
                Condition.OnResources one => (one.Resources.Length, one.Resources, []),
                Condition.OnScopes one => (Math.Max(one.Resources.Length, one.Scopes.Length), one.Resources, one.Scopes),
                _ => (0, [], []),
            };
            if (named.Count > ResourceServer.MostItems || policy.Condition.Below.Length > ResourceServer.MostItems) return $"The policy '{policy.Name}' has a list of more than {ResourceServer.MostItems} entries.";
            if (named.Resources.FirstOrDefault(id => !resources.Contains(id)) is { } resource) return $"The permission '{policy.Name}' names the resource '{resource}', which does not exist.";
            if (named.Scopes.FirstOrDefault(name => !scopes.Contains(name)) is { } scope) return $"The permission '{policy.Name}' names the scope '{scope}', which does not exist.";
            if (policy.Condition is Condition.OnScopes both && (work += (long)both.Resources.Length * both.Scopes.Length) > MostPairs) return $"The permissions name more than {MostPairs} pairs of a resource and a scope.";
            if (policy.Condition is Condition.OnScopes { Scopes.IsEmpty: true }) return $"The permission '{policy.Name}' names no scope.";
            if (policy.Condition is Condition.OnResources { Resources.IsEmpty: true, Type: null }) return $"The permission '{policy.Name}' names neither a resource nor a type of resources.";
            if (policy.Condition is Condition.Pattern pattern && PatternFault(pattern) is { } bad) return $"The policy '{policy.Name}': {bad}";
            if (policy.Condition is Condition.Time { Window: var window } && TimeFault(window) is { } time) return $"The policy '{policy.Name}': {time}";
        }

        return null;
    }

    // What stands on what: policies that exist, no permission, no circle, not too deep.
    private static string? Standing(ResourceServer server)
    {
        var all = server.Policies.ToDictionary(one => one.Id, StringComparer.Ordinal);
        var depths = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var policy in server.Policies)
            if (Visit(policy, []) is { } fault) return fault;
        return null;

        string? Visit(ResourcePolicy policy, HashSet<string> path)
        {
            if (depths.ContainsKey(policy.Id)) return null;
            if (!path.Add(policy.Id)) return $"The policy '{policy.Name}' stands on itself.";
            if (path.Count > ResourceServer.Deepest) return $"The policy '{policy.Name}' stands under more than {ResourceServer.Deepest - 1} others.";
            var deepest = 0;
            foreach (var id in policy.Condition.Below)
            {
                if (!all.TryGetValue(id, out var below)) return $"The policy '{policy.Name}' names the policy '{id}', which does not exist.";
                if (below.IsPermission) return $"The policy '{policy.Name}' stands on '{below.Name}', which is a permission, not a policy.";
                if (Visit(below, path) is { } fault) return fault;
                deepest = Math.Max(deepest, depths[id]);
            }

            path.Remove(policy.Id);
            if (deepest + 1 > ResourceServer.Deepest) return $"The policy '{policy.Name}' stands on more than {ResourceServer.Deepest - 1} others, one below the other.";
            depths[policy.Id] = deepest + 1;
            return null;
        }
    }

    private static string? PatternFault(Condition.Pattern pattern)
    {
        if (pattern.Claim.Length is 0 or > 255) return "'targetClaim' is missing.";
        if (pattern.Expression.Length is 0 or > 1000) return "'pattern' is missing, or longer than 1000 characters.";
        try
        {
            _ = new Regex(pattern.Expression, PatternOptions);
            return null;
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            return "'pattern' is no pattern that can be used here: look-around and back-references are not offered.";
        }
    }

    private static string? TimeFault(TimeWindow window)
    {
        foreach (var (span, name, least, most) in ((TimeWindow.Span?, string, int, int)[])[(window.Day, "dayMonth", 1, 31), (window.Month, "month", 1, 12), (window.Year, "year", 1, 9999), (window.Hour, "hour", 0, 23), (window.Minute, "minute", 0, 59)])
            if (span is not null && (span.From < least || span.From > most || span.To < least || span.To > most)) return $"'{name}' is {least} to {most}.";
        return window is { NotBefore: null, NotOnOrAfter: null, Day: null, Month: null, Year: null, Hour: null, Minute: null } ? "it names no time." : null;
    }

    private static string? NameFault(string name, string what) => string.IsNullOrWhiteSpace(name) || name.Length > 255 || name.Any(char.IsControl) ? $"A {what} has no proper name: 1 to 255 characters." : null;

    private static string? IdFault(string id, string what) => id.Length is 0 or > 255 || id.Any(c => char.IsControl(c) || c is '/' or '#' or '?') ? $"A {what} has an id that is empty, too long, or has a slash, number sign or question mark." : null;

    private static string? Twice(IEnumerable<string> names, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.FirstOrDefault(name => !seen.Add(name)) is { } twice ? $"There is more than one {what} '{twice.Split('\n')[0]}'." : null;
    }
}
