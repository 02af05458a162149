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

    [Theory]
    [InlineData("GET", "/a/users", "/a/users*")] // a word and nothing behind it
    [InlineData("GET", "/a/users5", "/a/users*")]
    [InlineData("GET", "/a/users/5/x/", "/a/users*")] // slashes too
    [InlineData("GET", "/a/users-all/x", "/a/users-*")] // the longest word
    [InlineData("POST", "/a/users-all/x", "/a/users*")] // that takes the method
    [InlineData("GET", "/a/users/me", "/a/users/me")] // a literal before a word
    [InlineData("GET", "/a/users/me/x", "/a/users*")] // and a branch that leads nowhere is left again
    [InlineData("GET", "/a/userx", "/a/{id}")] // a word before a hole
    [InlineData("GET", "/a/Users", "/a/{id}")] // case counts
    [InlineData("GET", "/a/0123456789abcdef01234567", "/a/{id:[0-9a-f]{24}}")] // a hole for certain characters before any hole
    [InlineData("GET", "/a/0123456789ABCDEF01234567", "/a/{id}")]
    [InlineData("GET", "/a/0123456789abcdef0123456", "/a/{id}")]
    [InlineData("GET", "/a/0123456789abcdef012345678", "/a/{id}")]
    [InlineData("GET", "/a/12", "/a/{n:[0-9]{1,9}}")]
    [InlineData("GET", "/a/012345678901234567890123", "/a/{id:[0-9a-f]{24}}")]
    [InlineData("GET", "/a/0123456789abcdef01234567/x", "/a/**")] // one segment
    [InlineData("GET", "/a/index.html", "/a/index.*")] // a word may end in what no segment ends in
    [InlineData("GET", "/a/caf%C3%A9s", "/a/caf%c3%a9*")] // spelled canonically on both sides
    [InlineData("GET", "/a/users*", "/a/users%2A")] // a star of a request is a character
    [InlineData("GET", "/ausers", null)]
    public void Words_and_holes_for_certain_characters_have_their_rank(string method, string path, string? expected)
    {
        var table = new RouteTable([Route("/a/**"), Route("/a/{id}"), Route("/a/users-*", "GET"), Route("/a/users*"), Route("/a/users/me"), Route("/a/{id:[0-9a-f]{24}}"), Route("/a/{n:[0-9]{1,9}}"), Route("/a/index.*"), Route("/a/caf%c3%a9*"), Route("/a/users%2A")]);
        Assert.Equal(expected, table.Find(method, path)?.Template.Text);
    }

    [Theory]
    [InlineData("/a/users*/x")]
    [InlineData("/a/*")] // one segment, or all below? nobody knows
    [InlineData("/*")]
    [InlineData("/a/us*rs")]
    [InlineData("/a/*users")]
    [InlineData("/a/us**")]
    [InlineData("/a/users*/**")]
    [InlineData("/a/..*")]
    [InlineData("/a/us;*")]
    [InlineData("/a//us*")]
    [InlineData("/a/us%*")]
    [InlineData("/a/us%2*")] // half an escape
    [InlineData("/a/us%2f*")]
    [InlineData("/a/us%C3*")] // half a character
    [InlineData("/a/us\\*")]
    [InlineData("/a/{x}us*")]
    [InlineData("/a/{x:}")]
    [InlineData("/a/{x:hex}")]
    [InlineData("/a/{x:[]+}")]
    [InlineData("/a/{x:[0-9]}")]
    [InlineData("/a/{x:[0-9]*}")]
    [InlineData("/a/{x:[0-9]{0}}")]
    [InlineData("/a/{x:[0-9]{9,8}}")]
    [InlineData("/a/{x:[0-9]{-1}}")]
    [InlineData("/a/{x:[0-9]{1,99999}}")]
    [InlineData("/a/{x:[9-0]+}")]
    [InlineData("/a/{x:[0-z]+}")] // would take in what stands between digits and letters
    [InlineData("/a/{x:[^a]+}")]
    [InlineData("/a/{x:[a/]+}")]
    [InlineData("/a/{x:[%a]+}")]
    [InlineData("/a/{x:(a|b)+}")]
    [InlineData("/a/{{x:[0-9]+}}")]
    public void Templates_that_could_be_read_in_two_ways_are_refused(string text) => Assert.False(PathTemplate.TryParse(text, out _, out _));

    [Theory]
    [InlineData("[0-9a-f]{24}", "[0-9a-f]{24}")]
    [InlineData("[a-f0-9]{24,24}", "[0-9a-f]{24}")]
    [InlineData("[cba]+", "[a-c]+")]
    [InlineData("[A-Za-z0-9_-]{1,3}", "[0-9A-Z_a-z-]{1,3}")]
    [InlineData("[ab-]+", "[ab-]+")]
    [InlineData("[.~]{2}", "[.~]{2}")]
    public void A_shape_is_written_in_one_way(string text, string written)
    {
        Assert.True(HoleShape.TryParse(text, out var shape));
        Assert.Equal(written, shape.ToString());
        Assert.True(HoleShape.TryParse(written, out var again) && again.Equals(shape));
    }

    [Fact]
    public void A_hole_is_found_by_its_name_whatever_its_characters()
    {
        Assert.Equal(2, Route("/a/{x}/{call:[0-9a-f-]{36}}/rec*").Template.HoleOf("call"));
        Assert.Null(Route("/a/{call}/{call:[0-9]+}").Template.HoleOf("call"));
        Assert.Null(Route("/a/call*").Template.HoleOf("call"));
    }

    // What the gate makes of a raw path first: nothing of it gets around a word.
    [Theory]
    [InlineData("/a/%75sers/5", "/a/users*")]
    [InlineData("/a/./users", null)]
    [InlineData("/a/x/../users", null)]
    [InlineData("/a//users", null)]
    [InlineData("/a/users;x", null)]
    [InlineData("/a/users%2f5", null)]
    [InlineData("/a/users%255", null)]
    [InlineData("/a/users%3B", null)]
    [InlineData("/a/users\\5", null)]
    [InlineData("/a/users/../admin", null)]
    [InlineData("/a/users/%2e%2e/admin", null)]
    [InlineData("/a/%55sers", "/a/**")]
    [InlineData("/a/users%20x", "/a/users*")]
    [InlineData("/a/us%C3%A9rs", "/a/**")]
    public void Spellings_get_around_no_word(string raw, string? expected)
    {
        var table = new RouteTable([Route("/a/**"), Route("/a/users*")]);
        var explained = Explanation.Of(table, "GET", raw, null);
        Assert.Equal(expected, explained.Route?.Template.Text);
        Assert.Equal(expected is null ? 400 : 401, explained.Status);
    }

    [Fact]
    public void A_naive_matcher_over_all_routes_agrees()
    {
        var segment = Gen.Elements("a", "b", "{x}", "c", "{x:[ab]{1}}", "{x:[a-z]{1,2}}", "{x:[b-e]+}");
        var template = from parts in segment.ListOf() from end in Gen.Elements("**", "d", "a*", "ab*", "d*", "b*") select "/" + string.Join('/', parts.Take(4).Append(end));
        var methods = Gen.Elements<string[]>([], ["GET"], ["POST"], ["GET", "POST"], ["HEAD"]);
        var route = from text in template from names in methods select Route(text, names);
        var path = from parts in Gen.Elements("a", "b", "c", "d", "e", "ab", "abc", "dd", "bb", "zzz").ListOf() from slash in Gen.Elements("", "", "/") select "/" + string.Join('/', parts.Take(5)) + (parts.Count > 0 ? slash : "");
        var sample = from routes in route.ListOf() from ask in path from method in Gen.Elements("GET", "POST", "HEAD", "PUT") select (routes, ask, method);
        Prop.ForAll(sample.ToArbitrary(), one => ReferenceEquals(new RouteTable([.. one.routes]).Find(one.method, one.ask), Naive(one.routes, one.method, one.ask))).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
    }

    [Fact]
    public void A_look_up_costs_the_same_with_ten_thousand_routes()
    {
        var few = new RouteTable([Route("/a/**"), Route("/a/x1/{id}", "GET")]);
        var many = new RouteTable([Route("/a/**"), .. Enumerable.Range(0, 10_000).Select(i => Route($"/a/x{i}/{{id}}", "GET"))]);
        Assert.True(AllocatedBy(() => many.Find("GET", "/a/x1/7")) <= AllocatedBy(() => few.Find("GET", "/a/x1/7")));
        Assert.Equal(0, AllocatedBy(() => many.Find("GET", "/a/x9999/7")));
        var words = new RouteTable([Route("/a/**"), Route("/a/{id:[0-9a-f]{24}}"), .. Enumerable.Range(0, 10_000).Select(i => Route($"/a/x{i}*", "GET"))]);
        Assert.Equal(0, AllocatedBy(() => words.Find("GET", "/a/x9999y/7")));
        Assert.Equal(0, AllocatedBy(() => words.Find("GET", "/a/0123456789abcdef01234567")));
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

    // Segment by segment: literal 0; word 1, the longest first; shape 2, the narrower first; hole 3; subtree's mark 4; then how the method was named, then the order in the file.
    private static int[]? Rank(Route route, string method, string path, int at)
    {
        var named = route.Methods.IsEmpty ? 2 : route.Methods.Contains(method) ? 0 : method == "HEAD" && route.Methods.Contains("GET") ? 1 : -1;
        if (named < 0) return null;
        var segments = path == "/" ? [""] : path[1..].Split('/');
        var parts = route.Template.Text[1..].Split('/');
        var rank = new List<int>();
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] == "**")
            {
                rank.AddRange(i < segments.Length ? [4] : [5]);
                rank.AddRange([named, at]);
                return [.. rank];
            }

            if (i >= segments.Length) return null;
            if (parts[i].EndsWith('*'))
            {
                if (!segments[i].StartsWith(parts[i][..^1], StringComparison.Ordinal)) return null;
                rank.AddRange([1, -parts[i].Length, named, at]);
                return [.. rank];
            }

            if (parts[i] == "{x}") rank.Add(3);
            else if (parts[i][0] == '{')
            {
                // As regular expressions say it.
                if (!System.Text.RegularExpressions.Regex.IsMatch(segments[i], $"^{parts[i][3..^1]}\\z")) return null;
                rank.AddRange([2, parts[i].Contains("[ab]", StringComparison.Ordinal) ? 0 : parts[i].Contains("[b-e]", StringComparison.Ordinal) ? 1 : 2]);
                continue;
            }
            else if (parts[i] != segments[i]) return null;
            else rank.Add(0);

            if (segments[i].Length == 0) return null;
        }

        if (segments.Length > parts.Length) return null;
        rank.AddRange([4, named, at]);
        return [.. rank];
    }

    private static int Compare(int[] x, int[] y)
    {
        for (var i = 0; i < Math.Min(x.Length, y.Length); i++)
            if (x[i] != y[i]) return x[i].CompareTo(y[i]);
        return x.Length.CompareTo(y.Length);
    }
}
