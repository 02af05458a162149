using System.Collections.Immutable;

namespace Gatehouse.Federation;

/// <summary>What a mapping makes of a person: pure, so that a preview shows exactly what a sign-in would do.</summary>
/// <param name="Roles">Roles to hold, realm roles by name, client roles as <c>client/role</c>.</param>
/// <param name="Groups">Groups to be in, by path.</param>
/// <param name="Attributes">User attributes.</param>
public sealed record Mapped(ImmutableSortedSet<string> Roles, ImmutableSortedSet<string> Groups, ImmutableDictionary<string, ImmutableArray<string>> Attributes)
{
    /// <summary>Applies the rules in their order.</summary>
    public static Mapped Of(ImmutableArray<MappingRule> rules, UpstreamIdentity identity)
    {
        var (roles, groups) = (ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal), ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal));
        var attributes = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var rule in rules)
        {
            var values = rule.Source == "groups" && !identity.Groups.IsEmpty ? identity.Groups : identity.Attributes.GetValueOrDefault(rule.Source, []);
            foreach (var value in values)
            {
                if (rule.Match(value) is not { Length: > 0 } made) continue;
                switch (rule.To)
                {
                    case MappingTarget.Role: roles.Add(made); break;
                    case MappingTarget.Group: groups.Add(made); break;
                    default: attributes[rule.Target] = attributes.GetValueOrDefault(rule.Target, []).Add(value); break;
                }
            }
        }

        return new Mapped(roles.ToImmutable(), groups.ToImmutable(), attributes.ToImmutable());
    }
}
