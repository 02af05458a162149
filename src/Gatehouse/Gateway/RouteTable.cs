using System.Collections.Immutable;

namespace Gatehouse.Gateway;

/// <summary>
/// All routes as a tree of segments, immutable, built once. The most specific wins: segment by segment from the left a literal before a hole before a subtree; on one path, a route that names the method before one for all.
/// The cost of a look-up follows the path, not the number of routes.
/// </summary>
public sealed class RouteTable
{
    private readonly Node root = new();

    /// <summary>Builds the table. Two routes for the same methods and path: the first stays; the linter names the second.</summary>
    public RouteTable(ImmutableArray<Route> routes)
    {
        Routes = routes;
        foreach (var route in routes) Add(route);
    }

    /// <summary>All routes, as written.</summary>
    public ImmutableArray<Route> Routes { get; }

    /// <summary>The one route of a method and canonical path; null when there is none. HEAD goes where GET goes (RFC 9110, 9.3.2), unless a route names HEAD.</summary>
    public Route? Find(string method, string path) => Walk(root, path, 1, method);

    private static Route? Walk(Node node, string path, int at, string method)
    {
        if (at > path.Length) return node.Here.For(method) ?? node.Below.For(method);
        var slash = path.IndexOf('/', at);
        var end = slash < 0 ? path.Length : slash;
        if (node.Literals is not null && node.Literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(path.AsSpan(at, end - at), out var literal) && Walk(literal, path, end + 1, method) is { } exact) return exact;
        if (node.Hole is not null && end > at && Walk(node.Hole, path, end + 1, method) is { } filled) return filled;
        return node.Below.For(method);
    }

    private void Add(Route route)
    {
        var node = root;
        foreach (var segment in route.Template.Segments)
        {
            if (segment is null) node = node.Hole ??= new Node();
            else
            {
                node.Literals ??= new Dictionary<string, Node>(StringComparer.Ordinal);
                if (!node.Literals.TryGetValue(segment, out var next)) node.Literals[segment] = next = new Node();
                node = next;
            }
        }

        (route.Template.Subtree ? node.Below : node.Here).Add(route);
    }

    private sealed class Node
    {
        public Dictionary<string, Node>? Literals { get; set; }

        public Node? Hole { get; set; }

        public Methods Here { get; } = new();

        public Methods Below { get; } = new();
    }

    private sealed class Methods
    {
        private Dictionary<string, Route>? named;
        private Route? any;

        public void Add(Route route)
        {
            if (route.Methods.IsEmpty) any ??= route;
            else
                foreach (var method in route.Methods) (named ??= new Dictionary<string, Route>(StringComparer.Ordinal)).TryAdd(method, route);
        }

        public Route? For(string method)
            => named is not null && (named.TryGetValue(method, out var route) || (method == "HEAD" && named.TryGetValue("GET", out route))) ? route : any;
    }
}
