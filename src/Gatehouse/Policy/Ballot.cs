using System.Text.RegularExpressions;
using Gatehouse.Clients.Resources;

namespace Gatehouse.Policy;

/// <summary>One asker's answers to the policies of a resource server: each is asked once, whatever stands on it.</summary>
internal sealed class Ballot(IReadOnlyDictionary<string, ResourcePolicy> policies, IReadOnlyDictionary<string, Regex> patterns, Asker asker, DateTimeOffset now)
{
    private readonly Dictionary<string, bool> answers = new(StringComparer.Ordinal);

    /// <summary>Whether a policy or permission says yes. What it stands on was checked to have no circle when it was stored; a circle all the same says no.</summary>
    public bool Ask(string id)
    {
        if (answers.TryGetValue(id, out var known)) return known;
        answers[id] = false;
        return policies.TryGetValue(id, out var policy) && (answers[id] = Holds(policy) != policy.Negative);
    }

    /// <summary>Counts votes; without any it is no.</summary>
    public static bool Count(int yes, int no, DecisionStrategy strategy) => strategy switch
    {
        DecisionStrategy.Affirmative => yes > 0,
        DecisionStrategy.Consensus => yes > no,
        _ => yes > 0 && no == 0,
    };

    private bool Holds(ResourcePolicy policy) => policy.Condition switch
    {
        Condition.Roles roles => Has(roles.Named, asker.Roles),
        Condition.Users users => users.Ids.Contains(asker.Subject),
        Condition.Groups groups => groups.Named.Any(IsIn),
        Condition.Clients clients => asker.Client is { } client && clients.Ids.Contains(client),
        Condition.ClientScopes scopes => Has(scopes.Named, asker.Scopes),
        Condition.Time time => IsTime(time.Window),
        Condition.Pattern pattern => asker.Claims.TryGetValue(pattern.Claim, out var claim) && patterns.TryGetValue(policy.Id, out var regex) && regex.IsMatch(claim),
        _ => Counted(policy),
    };

    private bool Counted(ResourcePolicy policy)
    {
        var (yes, no) = (0, 0);
        foreach (var below in policy.Condition.Below)
        {
            if (Ask(below)) yes++;
            else no++;
        }

        // Of nothing nothing follows, turned round or not.
        return yes + no == 0 ? policy.Negative : Count(yes, no, policy.Strategy);
    }

    // One of them is enough, and every required one is needed.
    private static bool Has(IEnumerable<Wanted> wanted, IReadOnlySet<string> held)
    {
        var any = false;
        foreach (var one in wanted)
        {
            if (held.Contains(one.Name)) any = true;
            else if (one.Required) return false;
        }

        return any;
    }

    private bool IsIn(WantedGroup wanted)
        => asker.Groups.Contains(wanted.Path) || (wanted.ExtendChildren && asker.Groups.Any(held => held.Length > wanted.Path.Length && held[wanted.Path.Length] == '/' && held.StartsWith(wanted.Path, StringComparison.Ordinal)));

    private bool IsTime(TimeWindow window)
        => !(now < window.NotBefore) && !(now >= window.NotOnOrAfter) && Within(window.Day, now.Day) && Within(window.Month, now.Month) && Within(window.Year, now.Year) && Within(window.Hour, now.Hour) && Within(window.Minute, now.Minute);

    private static bool Within(TimeWindow.Span? span, int value)
        => span is null || (span.To is not { } to ? value == span.From : span.From <= to ? value >= span.From && value <= to : value >= span.From || value <= to);
}
