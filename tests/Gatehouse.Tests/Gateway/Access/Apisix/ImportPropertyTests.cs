using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Gateway.Access.Apisix;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access.Apisix;

/// <summary>Generated route tables, held against a small model of APISIX's choice that shares nothing with the importer: nothing that was protected is public, and whatever is not as it was stands in the report.</summary>
public sealed class ImportPropertyTests
{
    private static readonly string[] Uris = ["/a", "/a/*", "/a*", "/a/b", "/a/b/*", "/a/b*", "/ab*", "/a/*/c", "/a/b/c", "/b", "/b/*", "/b/a*", "/*", "/b/c*", "/c/*/a/*", "/assets/*", "/a/", "/b/b;x", "/c*"];
    private static readonly string[] Forms = ["^/a/[bc]{1}$", "^/a/[a-z]{2,3}$", "^/b/([a-c]+)$", "^/a/b/[^/]+$", "^/[a-c]+$", "^\\/a\\/[0-9a-f]{4}$", "^/a/b(c|d)$"];
    private static readonly string[] Segments = ["a", "b", "c", "ab", "abc", "zz", "bx", "beef"];
    private static readonly string[][] Verbs = [[], [], [], ["GET"], ["POST"], ["GET", "POST"], ["HEAD"], ["GET", "HEAD", "PURGE"], ["DELETE"]];

    private sealed record Row(string Id, string[] Uris, string[] Methods, int Priority, bool On, string Kind, bool Conditional, int Upstream, string Rewrite, string Form);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_was_protected_is_never_public_and_what_differs_is_told(int part)
    {
        var (tables, requests, open, told, went) = (0, 0, 0, 0, 0);
        for (var seed = part * 1000; seed < (part * 1000) + 900; seed++)
        {
            var random = new Random(seed);
            var rows = Enumerable.Range(0, random.Next(1, 8)).Select(number => Some(random, number)).ToList();
            ApisixImport made;
            try
            {
                made = ApisixImport.Of(Write(rows), new ImportWish("r", null, [], false, new Dictionary<string, System.Collections.Immutable.ImmutableArray<string>>()), _ => null);
            }
            catch (InvalidOperationException wrong)
            {
                throw new InvalidOperationException($"seed {seed}: {wrong.Message}\n{Write(rows)}", wrong);
            }
            catch (AccessFault)
            {
                // Nothing of it could be carried over, and it said so.
                continue;
            }

            tables++;
            var (file, findings) = AccessReader.Read(made.Text, _ => null);
            Assert.True(file is not null, $"seed {seed}: {string.Join('\n', findings)}\n{made.Text}");
            var table = new RouteTable(file.Routes);
            var differing = made.Routes.Where(one => one.Differs).Select(one => one.Route.Id).ToHashSet();
            for (var i = 0; i < 200; i++)
            {
                var path = "/" + string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Segments[random.Next(Segments.Length)])) + (random.Next(6) == 0 ? "/" : "");
                var method = new[] { "GET", "POST", "HEAD", "DELETE", "PURGE", "OPTIONS" }[random.Next(6)];
                var may = Choices(rows, method, path);
                var now = Explanation.Of(table, method, path, null);
                requests++;
                if (now.Status == 200)
                {
                    open++;
                    Assert.True(may.Count > 0 && may.All(row => row is { Kind: "open" }), $"seed {seed}: {method} {path} is public, and APISIX has {string.Join(", ", may.Select(row => row?.Id + " " + row?.Kind))}\n{Write(rows)}\n{made.Text}");
                }
                // And it goes where it went, unless that is told.
                if (now is { Status: 200 } or { Code: "credential.missing" } && now.Route is { } route && route.Rule?.Roles.Contains(AccessWriter.Nobody) != true && may is [{ } only])
                {
                    var target = route.Service.StripPrefix ? path.Length == route.Service.Prefix.Length ? "/" : path[route.Service.Prefix.Length..] : path;
                    var there = route.Service.Plan.Addresses[0].Uri.Host == $"10.0.0.{only.Upstream}" && target == Rewritten(only, path);
                    went++;
                    Assert.True(there || differing.Contains(only.Id), $"seed {seed}: {method} {path} goes to {route.Service.Plan.Addresses[0].Uri} {target}, and went to 10.0.0.{only.Upstream} {Rewritten(only, path)}; nothing in the report says so of {only.Id}\n{Write(rows)}\n{made.Text}");
                }

                if (now.Status != 200 && may.Any(row => row is { Kind: "open" }) && method != "PURGE")
                {
                    told++;
                    Assert.True(may.Any(row => row is not null && differing.Contains(row.Id)), $"seed {seed}: {method} {path} was open and is {now.Code}, and nothing in the report says so of {string.Join(", ", may.Select(row => row?.Id))}\n{Write(rows)}\n{made.Text}");
                    Assert.True(made.Closings.Any(one => may.Any(row => row?.Id == one.Route.Id) && one.Methods.Contains(method) && one.Paths.Any(name => Names(name, path))), $"seed {seed}: {method} {path} was open and is {now.Code}, and is not named\n{string.Join('\n', made.Closings.Select(one => one.Text))}\n{Write(rows)}\n{made.Text}");
                }
            }
        }

        Assert.InRange(tables, 100, 900);
        Assert.InRange(open, 1000, requests);
        Assert.InRange(told, 100, requests);
        Assert.InRange(went, 1000, requests);
    }

    // Words, methods, priorities and tokens alone: nothing is closed that was open, and nothing is another's.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_can_be_said_in_an_access_file_is_said_exactly(int part)
    {
        string[] uris = ["/a/*", "/a/b*", "/a/b/*", "/a/bx*", "/a/b", "/a/ab", "/a/b/c*", "/a/b/c", "/a/zz*", "/a/c*"];
        var (open, guarded) = (0, 0);
        for (var seed = part * 1000; seed < (part * 1000) + 300; seed++)
        {
            var random = new Random(seed);
            // Priorities all differ: of equals nobody promises the order.
            var rows = Enumerable.Range(0, random.Next(1, 8)).Select(number => new Row($"r{number}", [uris[random.Next(uris.Length)]], Verbs[random.Next(Verbs.Length - 2)], number, true, random.Next(2) == 0 ? "open" : "token", false, 1, "", "")).ToList();
            var made = ApisixImport.Of(Write(rows), new ImportWish("r", null, [], false, new Dictionary<string, System.Collections.Immutable.ImmutableArray<string>>()), _ => null);
            var table = new RouteTable(AccessReader.Read(made.Text, _ => null).File!.Routes);
            for (var i = 0; i < 200; i++)
            {
                var path = "/a/" + string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Segments[random.Next(Segments.Length)])) + (random.Next(6) == 0 ? "/" : "");
                var method = new[] { "GET", "POST", "HEAD", "DELETE", "OPTIONS" }[random.Next(5)];
                if (Choices(rows, method, path) is not [{ } only]) continue;
                var now = Explanation.Of(table, method, path, null);
                Assert.True(now.Status == (only.Kind == "open" ? 200 : 401) && now.Route!.Rule?.Roles.Contains(AccessWriter.Nobody) != true, $"seed {seed}: {method} {path} is {now.Status} {now.Route}, and APISIX has {only.Id} {only.Kind}\n{Write(rows)}\n{made.Text}");
                if (only.Kind == "open") open++;
                else guarded++;
            }

            Assert.Empty(made.Closings);
        }

        Assert.InRange(Math.Min(open, guarded), 5_000, 60_000);
    }

    private static bool Names(string name, string path)
        => name.IndexOf(" where no other", StringComparison.Ordinal) is > 0 and var end ? Matches(name[..end], path)
            : PathTemplate.TryParse(name, out var template, out _) && TemplatePairs.Contains(template, PathTemplate.TryParse(path, out var whole, out _) ? whole : template);

    private static Row Some(Random random, int number)
        => new($"r{number}", [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Uris[random.Next(Uris.Length)]).Distinct()], Verbs[random.Next(Verbs.Length)], random.Next(3), random.Next(10) > 0, new[] { "open", "open", "open", "token", "scope", "unknown", "redirect" }[random.Next(7)], random.Next(8) == 0, random.Next(4) == 0 ? 2 : 1, new[] { "", "", "strip", "strip", "odd" }[random.Next(5)], random.Next(4) == 0 ? Forms[random.Next(Forms.Length)] : "");

    private static string Write(List<Row> rows) => "routes:\n" + string.Concat(rows.Select(row => $$$"""
          - id: {{{row.Id}}}
            uris: [{{{string.Join(", ", row.Uris.Select(uri => $"\"{uri}\""))}}}]
            methods: [{{{string.Join(", ", row.Methods)}}}]
            priority: {{{row.Priority}}}
            status: {{{(row.On ? 1 : 0)}}}
            {{{(row.Conditional ? "vars: [[arg_x, \"==\", \"1\"]]" : row.Form.Length > 0 ? $"vars: [[uri, \"~~\", '{row.Form}']]" : "")}}}
            upstream: { nodes: { "10.0.0.{{{row.Upstream}}}:80": 1 } }
            plugins: { {{{string.Join(", ", new[] { Plugin(row), Rewriting(row) }.Where(text => text.Length > 0))}}} }

        """)) + "#END\n";

    private static string Plugin(Row row) => row.Kind switch
    {
        "token" => "openid-connect: { client_id: x, discovery: \"http://k/realms/r/x\" }",
        "scope" => "openid-connect: { client_id: x, required_scopes: [s] }, authz-keycloak: { client_id: x }",
        "unknown" => "somebodys-own: {}",
        "redirect" => "redirect: { uri: /x }",
        _ => "",
    };

    private static string Rewriting(Row row) => row.Rewrite switch
    {
        "strip" => """proxy-rewrite: { regex_uri: ["^/[a-z]+/?(.*)", "/$1"] }""",
        "odd" => """proxy-rewrite: { regex_uri: ["^/a/(.*)", "/red/$1"] }""",
        _ => "",
    };

    private static string Rewritten(Row row, string path) => row.Rewrite switch
    {
        "strip" => path.IndexOf('/', 1) is > 0 and var slash ? path[slash..] : "/",
        "odd" when path.StartsWith("/a/", StringComparison.Ordinal) => "/red/" + path[3..],
        _ => path,
    };

    // APISIX's choice, as its documents tell it: exact path, then the longest beginning; on one path the highest priority. Several where a condition, or the order of equals, decides; a null where it may be none.
    private static List<Row?> Choices(List<Row> rows, string method, string path)
    {
        var candidates = rows.Where(row => row.On && (row.Methods.Length == 0 || row.Methods.Contains(method)))
            .SelectMany(row => row.Uris.Select(uri => (row, uri))).Where(one => Matches(one.uri, path) && (one.row.Conditional || one.row.Form.Length == 0 || System.Text.RegularExpressions.Regex.IsMatch(path, one.row.Form)))
            .Select(one => (one.row, rank: one.uri.Contains('*') ? one.uri.IndexOf('*') : int.MaxValue))
            .OrderByDescending(one => one.rank).ThenByDescending(one => one.row.Priority).ToList();
        var found = new List<Row?>();
        for (var i = 0; i < candidates.Count; i++)
        {
            found.Add(candidates[i].row);
            var next = i + 1 < candidates.Count ? candidates[i + 1] : default;
            var tied = next.row is not null && (next.rank, next.row.Priority) == (candidates[i].rank, candidates[i].row.Priority);
            if (!tied && found.Exists(row => !row!.Conditional && candidates.Exists(one => one.row == row && (one.rank, one.row.Priority) == (candidates[i].rank, candidates[i].row.Priority)))) return found;
        }

        found.Add(null);
        return found.Count == 1 ? [] : found;
    }

    private static bool Matches(string uri, string path)
    {
        var star = uri.IndexOf('*');
        if (star < 0) return uri == path;
        if (!path.StartsWith(uri[..star], StringComparison.Ordinal)) return false;
        // A star that is a whole segment, with more behind it: what follows must be there too.
        var parts = uri.Split('*');
        if (!uri.Contains("/*") || star == uri.Length - 1) return true;
        var at = star;
        for (var i = 1; i < parts.Length - 1; i++)
        {
            at = path.IndexOf(parts[i], at, StringComparison.Ordinal);
            if (at < 0) return false;
            at += parts[i].Length;
        }

        return path.Length >= at + parts[^1].Length && path.EndsWith(parts[^1], StringComparison.Ordinal);
    }
}
