using System.Collections.Immutable;

namespace Gatehouse.Gateway;

/// <summary>
/// All routes as a tree of segments, immutable, built once. The most specific wins: segment by segment from the left a literal, then the longest word that begins the segment, then a hole for certain characters, then any hole, then a subtree; on one path, a route that names the method before one for all.
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
        if (node.Words is not null && node.Words.Find(path.AsSpan(at, end - at), method) is { } begun) return begun;
        if (node.Shaped is not null)
        {
            foreach (var (shape, next) in node.Shaped)
                if (shape.Fits(path.AsSpan(at, end - at)) && Walk(next, path, end + 1, method) is { } shaped) return shaped;
        }

        if (node.Hole is not null && end > at && Walk(node.Hole, path, end + 1, method) is { } filled) return filled;
        return node.Below.For(method);
    }

    private void Add(Route route)
    {
        var node = root;
        for (var i = 0; i < route.Template.Segments.Length; i++)
        {
            if (route.Template.Segments[i] is not { } segment) node = route.Template.Shapes[i] is { } shape ? node.For(shape) : node.Hole ??= new Node();
            else
            {
                node.Literals ??= new Dictionary<string, Node>(StringComparer.Ordinal);
                if (!node.Literals.TryGetValue(segment, out var next)) node.Literals[segment] = next = new Node();
                node = next;
            }
        }

        if (route.Template.Word is { } word) (node.Words ??= new Beginnings()).Add(word, route);
        else (route.Template.Subtree ? node.Below : node.Here).Add(route);
    }

    private sealed class Node
    {
        public Dictionary<string, Node>? Literals { get; set; }

        public Beginnings? Words { get; set; }

        public List<(HoleShape Shape, Node Next)>? Shaped { get; private set; }

        public Node? Hole { get; set; }

        public Methods Here { get; } = new();

        public Methods Below { get; } = new();

        public Node For(HoleShape shape)
        {
            Shaped ??= [];
            foreach (var (other, next) in Shaped)
                if (other.Equals(shape)) return next;
            var node = new Node();
            Shaped.Add((shape, node));
            Shaped.Sort((one, other) => one.Shape.Before(other.Shape));
            return node;
        }
    }

    // Words that begin a segment, looked for by their lengths, the longest first: what it costs follows the segment, not the number of words.
    private sealed class Beginnings
    {
        private readonly Dictionary<string, Methods> words = new(StringComparer.Ordinal);
        private int[] lengths = [];

        public void Add(string word, Route route)
        {
            if (!words.TryGetValue(word, out var methods))
            {
                words[word] = methods = new Methods();
                if (!lengths.Contains(word.Length)) lengths = [.. lengths.Append(word.Length).OrderDescending()];
            }

            methods.Add(route);
        }

        public Route? Find(ReadOnlySpan<char> segment, string method)
        {
            var known = words.GetAlternateLookup<ReadOnlySpan<char>>();
            foreach (var length in lengths)
                if (length <= segment.Length && known.TryGetValue(segment[..length], out var methods) && methods.For(method) is { } route) return route;
            return null;
        }
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
