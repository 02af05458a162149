using System.Collections.Immutable;
using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Gatehouse.Clients.Resources;
using Gatehouse.Policy;
using Xunit;

namespace Gatehouse.Tests.Policy;

/// <summary>Who may what at a resource server: every kind of policy, every way of counting, and what is never allowed.</summary>
public sealed class PermissionJudgeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 18, 12, 30, 0, TimeSpan.Zero);
    private static readonly ResourcePolicy Yes = Policy("yes", new Condition.Roles([new Wanted("agent")]));
    private static readonly ResourcePolicy No = Policy("no", new Condition.Roles([new Wanted("nobody")]));
    private static readonly Asker Alice = new()
    {
        Subject = "1", Client = "cim", Roles = new HashSet<string> { "agent", "cim/boss" }, Groups = new HashSet<string> { "/agents/night" }, Scopes = new HashSet<string> { "email" },
        Claims = new Dictionary<string, string> { ["email"] = "alice@example.org" },
    };

    public static TheoryData<string, bool> Kinds => new()
    {
        { "role", true }, { "role missing", false }, { "role client", true }, { "role required missing", false }, { "user", true }, { "user other", false }, { "group", false }, { "group children", true }, { "group prefix", false }, { "client", true }, { "client other", false },
        { "scope", true }, { "scope required missing", false }, { "time", true }, { "time over midnight", false }, { "time before", false }, { "time after", false }, { "regex", true }, { "regex part", false }, { "regex no claim", false }, { "aggregate", true }, { "aggregate unanimous", false }, { "aggregate empty", false },
        { "negative of nothing", false }, { "negative", false }, { "negative of no", true },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Each_kind_of_policy_answers_for_itself(string kind, bool expected)
    {
        var negative = kind.StartsWith("negative", StringComparison.Ordinal);
        Condition condition = kind switch
        {
            "role" => new Condition.Roles([new Wanted("other"), new Wanted("agent")]),
            "role missing" => new Condition.Roles([new Wanted("other")]),
            "role client" => new Condition.Roles([new Wanted("cim/boss", true)]),
            "role required missing" => new Condition.Roles([new Wanted("agent"), new Wanted("other", true)]),
            "user" => new Condition.Users(["1"]),
            "user other" => new Condition.Users(["alice"]),
            "group" => new Condition.Groups([new WantedGroup("/agents")]),
            "group children" => new Condition.Groups([new WantedGroup("/agents", true)]),
            "group prefix" => new Condition.Groups([new WantedGroup("/agen", true)]),
            "client" => new Condition.Clients(["cim"]),
            "client other" => new Condition.Clients(["other"]),
            "scope" => new Condition.ClientScopes([new Wanted("email")]),
            "scope required missing" => new Condition.ClientScopes([new Wanted("email"), new Wanted("phone", true)]),
            "time" => new Condition.Time(new TimeWindow { NotBefore = Noon, NotOnOrAfter = Noon.AddSeconds(1), Hour = new(8, 18), Month = new(11, null), Day = new(18, 20), Minute = new(30, 30), Year = new(2026, 2027) }),
            "time over midnight" => new Condition.Time(new TimeWindow { Hour = new(22, 6) }),
            "time before" => new Condition.Time(new TimeWindow { NotBefore = Noon.AddSeconds(1) }),
            "time after" => new Condition.Time(new TimeWindow { NotOnOrAfter = Noon }),
            "regex" => new Condition.Pattern("email", ".*@example[.]org"),
            "regex part" => new Condition.Pattern("email", "alice|bob"),
            "regex no claim" => new Condition.Pattern("phone", ".*"),
            "aggregate" => new Condition.All(["yes"]),
            "aggregate unanimous" => new Condition.All(["yes", "no"]),
            "negative of no" => new Condition.All(["no"]),
            "negative" => new Condition.All(["yes"]),
            _ => new Condition.All([]),
        };
        Assert.Equal(expected, Allowed(Server([Yes, No, Policy("it", condition) with { Negative = negative }, Permission("p", "it")])));
    }

    [Theory]
    [InlineData(DecisionStrategy.Affirmative, "yes no", true)]
    [InlineData(DecisionStrategy.Unanimous, "yes no", false)]
    [InlineData(DecisionStrategy.Consensus, "yes no", false)]
    [InlineData(DecisionStrategy.Consensus, "yes yes2 no", true)]
    [InlineData(DecisionStrategy.Unanimous, "yes yes2", true)]
    [InlineData(DecisionStrategy.Affirmative, "no", false)]
    [InlineData(DecisionStrategy.Affirmative, "", false)]
    [InlineData(DecisionStrategy.Unanimous, "", false)]
    public void Votes_are_counted_as_the_strategy_says(DecisionStrategy strategy, string votes, bool expected)
    {
        var below = votes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ResourcePolicy[] all = [Yes, Yes with { Id = "yes2", Name = "yes2" }, No];
        Assert.Equal(expected, Allowed(Server([.. all, Permission("p", below) with { Strategy = strategy }])));

        // The same between permissions, by the server's own strategy.
        Assert.Equal(expected, Allowed(Server([.. all, .. below.Select(one => Permission("p-" + one, one))]) with { Strategy = strategy }));
    }

    [Theory]
    [InlineData(EnforcementMode.Enforcing, false, false)]
    [InlineData(EnforcementMode.Permissive, true, false)]
    [InlineData(EnforcementMode.Disabled, true, true)]
    public void What_nobody_speaks_of_depends_on_the_mode(EnforcementMode mode, bool unspoken, bool refused)
    {
        Assert.Equal(unspoken, Allowed(Server([]) with { Mode = mode }));
        Assert.Equal(refused, Allowed(Server([No, Permission("p", "no")]) with { Mode = mode }));
    }

    [Fact]
    public void A_scope_without_a_permission_is_not_given_along_with_another()
    {
        var server = Server([Yes, Permission("p", "yes") with { Condition = new Condition.OnScopes(["r"], ["view"], ["yes"]) }]);
        Assert.Equal(["view"], Judge(server).Single().Scopes);
        var loose = Server([Yes, Permission("p", "yes") with { Condition = new Condition.OnScopes([], ["manage"], ["yes"]) }]);
        Assert.Equal(["manage"], Judge(loose).Single().Scopes);
    }

    [Fact]
    public void A_type_speaks_of_all_its_resources_and_of_no_other()
    {
        var server = Server([Yes, Permission("p", "yes") with { Condition = new Condition.OnResources([], "t", ["yes"]) }]);
        Assert.Empty(Judge(server));
        Assert.Single(Judge(server with { Resources = [server.Resources[0] with { Type = "t" }] }));
    }

    [Fact]
    public void Somebody_elses_resource_is_not_among_everything()
    {
        var server = Server([Yes, Permission("p", "yes")]);
        Assert.Empty(Judge(server with { Resources = [server.Resources[0] with { Owner = "2" }] }));
        Assert.Single(Judge(server with { Resources = [server.Resources[0] with { Owner = "1" }] }));
    }

    [Fact]
    public void Nobody_gains_by_a_role_less_where_no_policy_is_turned_round()
        => Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var server = Random(seed, negatives: false);
            var roles = new[] { "a", "b", "c" };
            var all = Judge(server, Alice with { Roles = roles.ToHashSet() }).SelectMany(one => one.Scopes.Select(scope => (one.ResourceId, scope))).ToHashSet();
            return roles.All(less => Judge(server, Alice with { Roles = roles.Where(one => one != less).ToHashSet() }).SelectMany(one => one.Scopes.Select(scope => (one.ResourceId, scope))).All(all.Contains));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Asking_for_one_thing_answers_as_asking_for_everything_and_never_more_than_was_asked()
        => Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var server = Random(seed, negatives: true);
            var judge = new PermissionJudge(server);
            var asker = Alice with { Roles = new HashSet<string> { "a" } };
            var all = judge.Judge(asker, Noon, judge.Everything(asker)).SelectMany(one => one.Scopes.Select(scope => (one.ResourceId, scope))).ToHashSet();
            return server.Resources.All(resource => resource.Scopes.All(scope => judge.Judge(asker, Noon, [new PermissionWish(resource, [scope])]) is var one && (one.IsEmpty ? !all.Contains((resource.Id, scope)) : one.Single().Scopes.SequenceEqual([scope]) && all.Contains((resource.Id, scope)))));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_largest_settings_are_judged_in_bounded_time()
    {
        var scopes = Enumerable.Range(0, 200).Select(i => new ResourceScope($"{i}", $"s{i}")).ToImmutableArray();
        var server = new ResourceServer
        {
            Scopes = scopes, Resources = [.. Enumerable.Range(0, ResourceServer.MostResources).Select(i => new Resource { Id = $"r{i}", Name = $"r{i}", Scopes = [.. scopes.Select(one => one.Name)] })],
            Policies = [Yes, .. Enumerable.Range(0, ResourceServer.MostPolicies - 1).Select(i => Policy($"p{i}", new Condition.OnScopes([], [.. scopes.Select(one => one.Name)], ["yes"])))],
        };
        Assert.Null(Soundness.FaultOf(server));
        var began = Stopwatch.GetTimestamp();
        Assert.Equal(ResourceServer.MostResources, Judge(server).Count);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), "the judgement took more than five seconds");
    }

    private static ResourceServer Random(int seed, bool negatives)
    {
        var random = new Random(seed);
        string[] scopes = ["x", "y", "z"];
        var policies = new List<ResourcePolicy>();
        for (var i = 0; i < 6; i++)
        {
            Condition condition = i < 3 ? new Condition.Roles([.. Some(["a", "b", "c"]).Select(one => new Wanted(one, random.Next(3) == 0))]) : new Condition.All([.. Some([.. policies.Select(one => one.Id)])]);
            policies.Add(Policy($"p{i}", condition) with { Negative = negatives && random.Next(3) == 0, Strategy = (DecisionStrategy)random.Next(2) });
        }

        var resources = Enumerable.Range(0, 4).Select(i => new Resource { Id = $"r{i}", Name = $"r{i}", Type = random.Next(2) == 0 ? "t" : null, Scopes = [.. Some(scopes)] }).ToImmutableArray();
        for (var i = 0; i < 6; i++)
        {
            var below = Some([.. policies.Take(6).Select(one => one.Id)]).ToImmutableArray();
            var named = Some([.. resources.Select(one => one.Id)]).ToImmutableArray();
            Condition condition = random.Next(3) switch { 0 => new Condition.OnResources(named, "t", below), 1 => new Condition.OnScopes(named, [.. Some(scopes).Append("x").Distinct()], below), _ => new Condition.OnScopes([], [.. Some(scopes).Append("y").Distinct()], below) };
            policies.Add(Policy($"perm{i}", condition) with { Strategy = (DecisionStrategy)random.Next(2) });
        }

        return new ResourceServer { Strategy = (DecisionStrategy)random.Next(2), Scopes = [.. scopes.Select(one => new ResourceScope(one, one))], Resources = resources, Policies = [.. policies] };

        IEnumerable<string> Some(string[] from) => from.Where(_ => random.Next(2) == 0).ToArray();
    }

    private static ResourcePolicy Policy(string id, Condition condition) => new() { Id = id, Name = id, Condition = condition };

    private static ResourcePolicy Permission(string id, params string[] below) => Policy(id, new Condition.OnResources(["r"], null, [.. below]));

    private static ResourceServer Server(ImmutableArray<ResourcePolicy> policies) => new() { Scopes = [new("1", "view"), new("2", "manage")], Resources = [new Resource { Id = "r", Name = "r", Scopes = ["view", "manage"] }], Policies = policies };

    private static bool Allowed(ResourceServer server) => Judge(server).Count > 0;

    private static IReadOnlyList<Terms.Permission> Judge(ResourceServer server, Asker? asker = null)
    {
        var judge = new PermissionJudge(server);
        return judge.Judge(asker ?? Alice, Noon, judge.Everything(asker ?? Alice));
    }
}
