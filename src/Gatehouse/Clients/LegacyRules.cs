namespace Gatehouse.Clients;

/// <summary>Lines for the rules of one service: each path and its methods once, with all clients that need it, and the shared secret beside them until nobody sends it any more.</summary>
/// <param name="Service">Service of the access file.</param>
/// <param name="Lines">Lines of its <c>rules</c>.</param>
public sealed record LegacyRules(string Service, IReadOnlyList<string> Lines)
{
    /// <summary>The rules that these clients need; those that are quiet need none.</summary>
    public static IReadOnlyList<LegacyRules> Of(string secret, IReadOnlyList<LegacyClient> clients)
    {
        // Two rules for one path and method cannot both count, so clients with the same need share one.
        var needs = from client in clients
                    where client is { Client: not null, Quiet: false }
                    from route in client.Routes
                    from method in route.Methods
                    where method.All(char.IsAsciiLetterUpper) && method != "OTHER"
                    group client.Client by (route.Service, route.Path, Method: method) into need
                    select (need.Key.Service, need.Key.Path, need.Key.Method, Clients: string.Join(", ", need.Distinct().Order(StringComparer.Ordinal)));
        return [.. needs.GroupBy(need => need.Service).OrderBy(group => group.Key, StringComparer.Ordinal).Select(service => new LegacyRules(service.Key,
            [.. service.GroupBy(need => (need.Path, need.Clients)).OrderBy(group => group.Key.Path, StringComparer.Ordinal).ThenBy(group => group.Min(need => need.Method), StringComparer.Ordinal)
                .Select(rule => $"- {{ path: {Quoted(rule.Key.Path)}, methods: [{string.Join(", ", rule.Select(need => need.Method).Order(StringComparer.Ordinal))}], allow: {{ clients: [{rule.Key.Clients}, \"legacy:{secret}\"] }} }}")]))];
    }

    private static string Quoted(string path) => $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
