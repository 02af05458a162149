using System.Collections.Immutable;
using Gatehouse.Terms;

namespace Gatehouse.Policy;

/// <summary>May they? Pure: rule and principal in, judgement out, no clock, no I/O.</summary>
public static class Judge
{
    private static readonly Judgement Yes = new(true);

    /// <summary>Judges. Scopes come last, so that <see cref="Reasons.ScopeMissing"/> is said only to someone whom a wider token would help (RFC 6750, 3.1).</summary>
    public static Judgement Decide(Rule rule, Principal principal)
    {
        if (!rule.Kinds.IsEmpty && !rule.Kinds.Contains(principal.Kind)) return No($"a principal of kind {Or(rule.Kinds.Select(kind => kind.ToString().ToLowerInvariant()))}");
        if (!rule.Clients.IsEmpty && !IsOneOf(rule.Clients, principal)) return No($"a token of the client {Or(rule.Clients)}");
        if (!rule.Roles.IsEmpty && !Any(rule.Roles, principal.Roles)) return No($"the role {Or(rule.Roles)}");
        foreach (var role in rule.AllRoles)
            if (!principal.Roles.Contains(role)) return No($"the role {role}");
        if (!rule.Groups.IsEmpty && !rule.Groups.Any(group => IsIn(group, principal))) return No($"membership of the group {Or(rule.Groups)}");
        if (!rule.Permissions.IsEmpty && !Any(rule.Permissions, principal.Permissions)) return No($"the permission {Or(rule.Permissions)}");
        foreach (var scope in rule.Scopes)
            if (!principal.Scopes.Contains(scope)) return new Judgement(false, Reasons.ScopeMissing, $"the scope {string.Join(' ', rule.Scopes)}");
        return Yes;
    }

    private static bool Any(ImmutableArray<string> wanted, IReadOnlySet<string> held)
    {
        foreach (var one in wanted)
            if (held.Contains(one)) return true;
        return false;
    }

    // A shared secret is named by its subject, 'legacy:NAME', and no client may pass for one by its name.
    private static bool IsOneOf(ImmutableArray<string> clients, Principal principal)
        => principal.Kind == PrincipalKind.Legacy ? clients.Contains(principal.Subject) : principal.Client is { } client && !client.StartsWith("legacy:", StringComparison.Ordinal) && clients.Contains(client);

    private static bool IsIn(string group, Principal principal)
    {
        if (principal.Groups.Contains(group)) return true;
        foreach (var held in principal.Groups)
            if (held.Length > group.Length && held[group.Length] == '/' && held.StartsWith(group, StringComparison.Ordinal)) return true;
        return false;
    }

    private static Judgement No(string missing) => new(false, Reasons.RuleDenied, missing);

    private static string Or(IEnumerable<string> values) => string.Join(" or ", values);
}
