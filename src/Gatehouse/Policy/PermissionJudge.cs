using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Gatehouse.Clients.Resources;
using Gatehouse.Terms;

namespace Gatehouse.Policy;

/// <summary>What somebody may do with the resources of one resource server. Pure: settings, asker and time in, permissions out. Made once for settings; the cost of a judgement grows with their size and with nothing else.</summary>
public sealed class PermissionJudge
{
    private readonly ResourceServer server;
    private readonly Dictionary<string, ResourcePolicy> policies;
    private readonly Dictionary<string, Regex> patterns;
    private readonly ILookup<string, ResourcePolicy> ofResource;
    private readonly ILookup<string, ResourcePolicy> ofType;
    private readonly ILookup<string, ResourcePolicy> ofScope;

    /// <summary>Lays out the permissions by what they speak of.</summary>
    public PermissionJudge(ResourceServer server)
    {
        this.server = server;
        policies = server.Policies.ToDictionary(one => one.Id, StringComparer.Ordinal);
        // Whole matches only, as Keycloak's.
        patterns = server.Policies.Where(one => one.Condition is Condition.Pattern).ToDictionary(one => one.Id, one => new Regex($@"\A(?:{((Condition.Pattern)one.Condition).Expression})\z", Soundness.PatternOptions), StringComparer.Ordinal);
        ofResource = server.Policies.SelectMany(one => ResourcesOf(one).Select(id => (Id: id, Policy: one))).ToLookup(one => one.Id, one => one.Policy, StringComparer.Ordinal);
        ofType = server.Policies.Where(one => one.Condition is Condition.OnResources { Type: not null }).ToLookup(one => ((Condition.OnResources)one.Condition).Type!, StringComparer.Ordinal);
        ofScope = server.Policies.Where(one => one.Condition is Condition.OnScopes { Resources.IsEmpty: true }).SelectMany(one => ((Condition.OnScopes)one.Condition).Scopes.Select(scope => (Scope: scope, Policy: one))).ToLookup(one => one.Scope, one => one.Policy, StringComparer.Ordinal);
    }

    /// <summary>Judges what is asked for; what is refused is left out.</summary>
    public ImmutableArray<Permission> Judge(Asker asker, DateTimeOffset now, IEnumerable<PermissionWish> wishes)
    {
        var ballot = new Ballot(policies, patterns, asker, now);
        var scopes = new Dictionary<string, Tally>(StringComparer.Ordinal);
        var types = new Dictionary<string, Tally>(StringComparer.Ordinal);
        var granted = ImmutableArray.CreateBuilder<Permission>();
        foreach (var wish in wishes)
            if (One(wish, ballot, scopes, types) is { } permission) granted.Add(permission);
        return granted.ToImmutable();
    }

    /// <summary>All that somebody can ask for: the resource server's own resources, and theirs.</summary>
    public IEnumerable<PermissionWish> Everything(Asker asker) => server.Resources.Where(one => one.Owner is null || one.Owner == asker.Subject).Select(one => new PermissionWish(one, one.Scopes));

    private Permission? One(PermissionWish wish, Ballot ballot, Dictionary<string, Tally> scopes, Dictionary<string, Tally> types)
    {
        if (server.Mode == EnforcementMode.Disabled) return new Permission(wish.Resource?.Id, wish.Resource?.Name, wish.Scopes);
        var whole = new Tally();
        var parts = new Dictionary<string, Tally>(StringComparer.Ordinal);
        if (wish.Resource is { } resource)
        {
            if (resource.Type is { } type) whole = Once(types, type, ofType[type], ballot);
            foreach (var policy in ofResource[resource.Id])
            {
                if (policy.Condition is not Condition.OnScopes named) whole = whole.With(ballot.Ask(policy.Id));
                else
                    foreach (var scope in named.Scopes) parts[scope] = parts.GetValueOrDefault(scope).With(ballot.Ask(policy.Id));
            }
        }

        if (wish.Scopes.IsEmpty) return Says(whole) ? new Permission(wish.Resource?.Id, wish.Resource?.Name, []) : null;
        ImmutableArray<string> granted = [.. wish.Scopes.Where(scope => Says(whole.With(parts.GetValueOrDefault(scope)).With(Once(scopes, scope, ofScope[scope], ballot))))];
        return granted.IsEmpty ? null : new Permission(wish.Resource?.Id, wish.Resource?.Name, granted);
    }

    private bool Says(Tally tally) => tally.Yes + tally.No == 0 ? server.Mode == EnforcementMode.Permissive : Ballot.Count(tally.Yes, tally.No, server.Strategy);

    private static Tally Once(Dictionary<string, Tally> known, string key, IEnumerable<ResourcePolicy> permissions, Ballot ballot)
    {
        if (known.TryGetValue(key, out var tally)) return tally;
        foreach (var permission in permissions) tally = tally.With(ballot.Ask(permission.Id));
        return known[key] = tally;
    }

    private static ImmutableArray<string> ResourcesOf(ResourcePolicy policy) => policy.Condition switch { Condition.OnResources one => one.Resources, Condition.OnScopes one => one.Resources, _ => [] };

    private readonly record struct Tally(int Yes, int No)
    {
        public Tally With(bool answer) => answer ? this with { Yes = Yes + 1 } : this with { No = No + 1 };

        public Tally With(Tally other) => new(Yes + other.Yes, No + other.No);
    }
}

/// <summary>What somebody asks for.</summary>
/// <param name="Resource">The resource; null for scopes that belong to none.</param>
/// <param name="Scopes">The scopes, by name; empty only for a resource that has none.</param>
public sealed record PermissionWish(Resource? Resource, ImmutableArray<string> Scopes);
