using Gatehouse.Forwarding;
using Gatehouse.Gateway;
using Gatehouse.Gateway.Access;
using Gatehouse.Policy;
using Xunit;

namespace Gatehouse.Tests.Gateway.Access;

/// <summary>What the lints say of two templates, held against all paths of a small world.</summary>
public sealed class TemplatePairsTests
{
    private static readonly string[] Parts = ["a", "ab", "b", "{x}", "{x:[ab]{1}}", "{x:[a-c]{2}}", "{x:[b-z]+}"];
    private static readonly string[] Ends = ["", "/**", "/a*", "/ab*", "/b*"];

    [Fact]
    public void Every_pair_of_templates_is_judged_as_their_paths_say()
    {
        string[] words = ["a", "b", "z", "ab", "bb", "abc", "zz"];
        var paths = words.SelectMany(one => words.SelectMany(two => words.Select(three => $"/{one}/{two}/{three}").Append($"/{one}/{two}")).Append("/" + one)).ToList();
        var templates = Ends.Where(end => end.Length > 0).Concat(Parts.SelectMany(one => Ends.Select(end => $"/{one}{end}").Concat(Parts.SelectMany(two => Ends.Select(end => $"/{one}/{two}{end}"))))).Select(text => PathTemplate.TryParse(text, out var template, out _) ? template : throw new InvalidOperationException(text)).ToList();
        var taken = templates.ToDictionary(one => one, one => paths.Where(path => Takes(one, path)).ToHashSet());
        foreach (var one in templates)
        {
            foreach (var other in templates)
            {
                var both = taken[one].FirstOrDefault(taken[other].Contains);
                Assert.True(both is null || TemplatePairs.Touch(one, other), $"{one} and {other} both have {both}");
                var meeting = TemplatePairs.Meeting(one, other);
                Assert.True(meeting is null ? both is null : Takes(one, meeting) && Takes(other, meeting), $"{one} and {other} meet at {meeting}, and both have {both}");
                Assert.True(!TemplatePairs.Contains(one, other) || taken[other].IsSubsetOf(taken[one]), $"{one} does not hold {other}");
                Assert.Equal(one.Key == other.Key, TemplatePairs.Contains(one, other) && TemplatePairs.Contains(other, one));
            }
        }
    }

    private static bool Takes(PathTemplate template, string path)
    {
        var nowhere = new Service { Name = "s", Prefix = "/a", Audience = "s", Accepts = new Accepted(true, false, []), Plan = new UpstreamPlan { Name = "s", Addresses = [] } };
        return new RouteTable([new Route(nowhere, template, [], new Rule { Name = "r" }, null, 1)]).Find("GET", path) is not null;
    }
}
