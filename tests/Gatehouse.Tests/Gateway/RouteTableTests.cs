using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Forwarding;
using Gatehouse.Gateway;
using Gatehouse.Policy;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>Exactly one route decides a request: the most specific one, whatever the order in the file and however many there are.</summary>
public sealed class RouteTableTests
{
    private static readonly Service Any = new() { Name = "s", Prefix = "/a", Audience = "s", Accepts = new Accepted(true, false, []), Plan = new UpstreamPlan { Name = "s", Addresses = [] } };

    [Theory]
    [InlineData("GET", "/a/b", "/a/b")] // a literal before a hole
    [InlineData("GET", "/a/x", "/a/{id}")] // a hole before a subtree
    [InlineData("GET", "/a/x/y", "/a/**")]
    [InlineData("GET", "/a", "/a/**")] // a subtree holds its own root
    [InlineData("GET", "/a/", "/a/**")] // a hole is never empty
    [InlineData("GET", "/a/b/c/d", "/a/b/c/**")]
    [InlineData("GET", "/a/b/z", "/a/**")] // a branch that leads nowhere is left again
    [InlineData("GET", "/ab", null)] // a prefix ends where a segment ends
    [InlineData("GET", "/A/b", null)] // case counts
    [InlineData("GET", "/", null)]
    public void The_most_specific_wins(string method, string path, string? expected)
    {
        var table = new RouteTable([Route("/a/**"), Route("/a/{id}"), Route("/a/b"), Route("/a/b/c/**")]);
        Assert.Equal(expected, table.Find(method, path)?.Template.Text);
    }

    [Fact]
    public void Another_method_than_the_named_one_falls_to_the_rule_for_all()
    {
        var table = new RouteTable([Route("/a/**"), Route("/a/login", "POST")]);
        Assert.Equal("/a/login", table.Find("POST", "/a/login")!.Template.Text);
        foreach (var method in (string[])["GET", "PUT", "DELETE", "OPTIONS", "post", "PROPFIND"]) Assert.Equal("/a/**", table.Find(method, "/a/login")!.Template.Text);
    }

    [Fact]
    public void Head_goes_where_get_goes_unless_a_route_names_it()
    {
        var table = new RouteTable([Route("/a/**"), Route("/a/x", "GET"), Route("/a/y", "GET"), Route("/a/y", "HEAD")]);
        Assert.Same(table.Find("GET", "/a/x"), table.Find("HEAD", "/a/x"));
        Assert.Equal(["HEAD"], table.Find("HEAD", "/a/y")!.Methods);
        Assert.Equal(["GET"], table.Find("GET", "/a/y")!.Methods);
    }

    [Fact]
    public void A_naive_matcher_over_all_routes_agrees()
    {
        var segment = Gen.Elements("a", "b", "{x}", "c");
        var template = from parts in segment.ListOf() from subtree in Gen.Elements(true, false) select "/" + string.Join('/', parts.Take(4).Append(subtree ? "**" : "d"));
        var methods = Gen.Elements<string[]>([], ["GET"], ["POST"], ["GET", "POST"], ["HEAD"]);
        var route = from text in template from names in methods select Route(text, names);
        var path = from parts in Gen.Elements("a", "b", "c", "d", "e").ListOf() from slash in Gen.Elements("", "", "/") select "/" + string.Join('/', parts.Take(5)) + (parts.Count > 0 ? slash : "");
        var sample = from routes in route.ListOf() from ask in path from method in Gen.Elements("GET", "POST", "HEAD", "PUT") select (routes, ask, method);
        Prop.ForAll(sample.ToArbitrary(), one => ReferenceEquals(new RouteTable([.. one.routes]).Find(one.method, one.ask), Naive(one.routes, one.method, one.ask))).Check(Config.QuickThrowOnFailure.WithMaxTest(800));
    }

    [Fact]
    public void A_look_up_costs_the_same_with_ten_thousand_routes()
    {
        var few = new RouteTable([Route("/a/**"), Route("/a/x1/{id}", "GET")]);
        var many = new RouteTable([Route("/a/**"), .. Enumerable.Range(0, 10_000).Select(i => Route($"/a/x{i}/{{id}}", "GET"))]);
        Assert.True(AllocatedBy(() => many.Find("GET", "/a/x1/7")) <= AllocatedBy(() => few.Find("GET", "/a/x1/7")));
        Assert.Equal(0, AllocatedBy(() => many.Find("GET", "/a/x9999/7")));
    }

    private static long AllocatedBy(Func<Route?> find)
    {
        for (var i = 0; i < 100; i++) Assert.NotNull(find());
        var before = GC.GetAllocatedBytesForCurrentThread();
        find();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static Route Route(string template, params string[] methods)
    {
        Assert.True(PathTemplate.TryParse(template, out var parsed, out var why), why);
        return new Route(Any, parsed, [.. methods], new Rule { Name = template }, null, 1);
    }

    private static Route? Naive(IReadOnlyList<Route> routes, string method, string path)
        => routes.Select((route, at) => (route, rank: Rank(route, method, path, at))).Where(one => one.rank is not null).OrderBy(one => one.rank!, Comparer<int[]>.Create(Compare)).FirstOrDefault().route;

    // Segment by segment: literal 0, hole 1, subtree's mark 2; then exact before subtree, then how the method was named, then the order in the file.
    private static int[]? Rank(Route route, string method, string path, int at)
    {
        var named = route.Methods.IsEmpty ? 2 : route.Methods.Contains(method) ? 0 : method == "HEAD" && route.Methods.Contains("GET") ? 1 : -1;
        if (named < 0) return null;
        var segments = path == "/" ? [""] : path[1..].Split('/');
        var rank = new List<int>();
        for (var i = 0; i < route.Template.Segments.Length; i++)
        {
            if (i >= segments.Length) return null;
            if (route.Template.Segments[i] is { } literal)
            {
                if (literal != segments[i]) return null;
                rank.Add(0);
            }
            else
            {
                if (segments[i].Length == 0) return null;
                rank.Add(1);
            }
        }

        var rest = segments.Length - route.Template.Segments.Length;
        if (route.Template.Subtree) rank.Add(rest > 0 ? 2 : 3);
        else if (rest > 0) return null;
        else rank.Add(2);
        rank.Add(named);
        rank.Add(at);
        return [.. rank];
    }

    private static int Compare(int[] x, int[] y)
    {
        for (var i = 0; i < Math.Min(x.Length, y.Length); i++)
            if (x[i] != y[i]) return x[i].CompareTo(y[i]);
        return x.Length.CompareTo(y.Length);
    }
}
