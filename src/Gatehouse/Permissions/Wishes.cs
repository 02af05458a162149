using System.Collections.Immutable;
using Gatehouse.Clients.Resources;
using Gatehouse.Policy;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Permissions;

/// <summary>Turns what was asked for, in words, into resources and scopes of the resource server. Each resource is judged once, however often it is named.</summary>
internal static class Wishes
{
    /// <summary>The wishes, or the error in Keycloak's words: <c>invalid_resource</c>, <c>invalid_scope</c>.</summary>
    public static (IReadOnlyList<PermissionWish>? Wishes, OAuthError? Error) Of(ResourceServer server, PermissionRequest request, string subject)
    {
        var order = new List<Resource>();
        var scopes = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var loose = new List<string>();
        foreach (var wanted in request.Wanted)
        {
            // The first number sign parts resource and scopes; the comma parts scopes. What is left over is part of a name, and no name has it.
            var at = wanted.IndexOf('#', StringComparison.Ordinal);
            var (name, listed) = (at < 0 ? wanted : wanted[..at], at < 0 ? [] : wanted[(at + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray());
            var named = listed.Select(one => (Asked: one, server.FindScope(one)?.Name)).ToList();
            if (named.FirstOrDefault(one => one.Name is null).Asked is { } unknown) return (null, OAuthError.InvalidScope($"One of the given scopes [{Shown(unknown)}] is invalid"));
            if (name.Length == 0 && listed.Length == 0) return (null, new OAuthError("invalid_resource", "Resource with id [] does not exist."));
            if (name.Length == 0)
            {
                var any = false;
                foreach (var one in named)
                    foreach (var resource in Reachable(server, subject).Where(resource => resource.Scopes.Contains(one.Name!))) any |= Add(resource, [one.Name!]);
                if (!any) loose.AddRange(named.Select(one => one.Name!));
                continue;
            }

            var found = request.ByPath ? PathMatch.Find(server, name, request.Matching).Where(one => one.Owner is null || one.Owner == subject).ToList() : Named(server, name, subject);
            if (found.Count == 0) return (null, new OAuthError("invalid_resource", $"Resource with {(request.ByPath ? "uri" : "id")} [{Shown(name)}] does not exist."));
            foreach (var resource in found)
            {
                ImmutableArray<string> of = [.. named.Select(one => one.Name!).Where(resource.Scopes.Contains)];
                if (listed.Length > 0 && of.IsEmpty) return (null, OAuthError.InvalidScope($"One of the given scopes [{Shown(listed[0])}] is invalid"));
                Add(resource, listed.Length == 0 ? resource.Scopes : of);
            }
        }

        var wishes = order.Select(one => new PermissionWish(one, [.. scopes[one.Id]])).ToList();
        if (loose.Count > 0) wishes.Add(new PermissionWish(null, [.. loose.Distinct()]));
        return (wishes, null);

        bool Add(Resource resource, ImmutableArray<string> named)
        {
            if (!scopes.TryGetValue(resource.Id, out var list))
            {
                scopes[resource.Id] = list = [];
                order.Add(resource);
            }

            list.AddRange(named.Where(one => !list.Contains(one)));
            return true;
        }
    }

    private static IEnumerable<Resource> Reachable(ResourceServer server, string subject) => server.Resources.Where(one => one.Owner is null || one.Owner == subject);

    // Somebody else's resource is not there, for whoever is not its owner.
    private static List<Resource> Named(ResourceServer server, string name, string subject)
    {
        var all = Reachable(server, subject).ToList();
        return (all.FirstOrDefault(one => one.Id == name) ?? all.FirstOrDefault(one => one.Name == name) ?? all.FirstOrDefault(one => one.Name.AsSpan().Trim().SequenceEqual(name.AsSpan().Trim()))) is { } found ? [found] : [];
    }

    private static string Shown(string text) => text.Length <= 80 && text.All(c => c is >= ' ' and < '\x7f' and not '"' and not '\\') ? text : "?";
}
