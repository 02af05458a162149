namespace Gatehouse.Clients;

/// <summary>Methods that a client used on one route.</summary>
/// <param name="Service">Service of the access file.</param>
/// <param name="Path">The route's path template.</param>
/// <param name="Methods">Methods, in order.</param>
public sealed record LegacyRoute(string Service, string Path, IReadOnlyList<string> Methods);

/// <summary>One client of a shared secret, as far as address and User-Agent tell clients apart, and the service account that would replace it.</summary>
/// <param name="Client">Proposed client id; null for those who are not told apart.</param>
/// <param name="Address">Address, or the /64 of an IPv6 address.</param>
/// <param name="Agent">User-Agent.</param>
/// <param name="Routes">Just what it used.</param>
/// <param name="Times">How often.</param>
/// <param name="First">The first time.</param>
/// <param name="Last">The last time.</param>
/// <param name="LastOld">The last time that it sent a value on its way out; null for never.</param>
/// <param name="OnOldValue">Whether its last request was made with such a value.</param>
/// <param name="Quiet">Whether it has not used the secret for as long as was asked.</param>
/// <param name="Command">The command that makes the service account; null for those who are not told apart.</param>
public sealed record LegacyClient(string? Client, string Address, string Agent, IReadOnlyList<LegacyRoute> Routes, long Times, DateTimeOffset First, DateTimeOffset Last, DateTimeOffset? LastOld, bool OnOldValue, bool Quiet, string? Command);

/// <summary>How to wean people off one shared secret: a service account for each client, with just the routes that it used.</summary>
/// <param name="Secret">Name of the secret in the access file.</param>
/// <param name="Clients">Clients, the busiest first.</param>
/// <param name="Rules">Rules by service: lines for the access file.</param>
/// <param name="Last">The last use on record; null for none.</param>
/// <param name="Days">After how many days a client counts as quiet.</param>
/// <param name="Weaned">Whether nobody used it for that long.</param>
/// <param name="Summary">What to do next, in plain words.</param>
public sealed record LegacyProposal(string Secret, IReadOnlyList<LegacyClient> Clients, IReadOnlyList<LegacyRules> Rules, DateTimeOffset? Last, int Days, bool Weaned, string Summary)
{
    /// <summary>Proposes for each secret on record; <paramref name="secret"/> is told of even if it has none.</summary>
    public static IReadOnlyList<LegacyProposal> Of(string realm, IReadOnlyList<LegacyUse> uses, string? secret, int days, DateTimeOffset now)
        => [.. uses.Select(use => use.Key.Secret).Concat(secret is null ? [] : [secret]).Distinct().Order(StringComparer.Ordinal).Select(name => OfOne(realm, name, [.. uses.Where(use => use.Key.Secret == name)], days, now))];

    private static LegacyProposal OfOne(string realm, string secret, IReadOnlyList<LegacyUse> uses, int days, DateTimeOffset now)
    {
        var names = new HashSet<string>();
        var clients = uses.GroupBy(use => (use.Key.Address, use.Key.Agent)).OrderByDescending(group => group.Sum(use => use.Times)).ThenBy(group => group.Key.Address, StringComparer.Ordinal).ThenBy(group => group.Key.Agent, StringComparer.Ordinal)
            .Select(group => ClientOf(realm, secret, group.Key.Address, group.Key.Agent, [.. group], names, now.AddDays(-days))).ToList();
        DateTimeOffset? last = uses.Count == 0 ? null : uses.Max(use => use.Last);
        var weaned = last is null || last < now.AddDays(-days);
        var busy = clients.Count(client => !client.Quiet);
        var old = clients.Count(client => client is { OnOldValue: true, Quiet: false });
        var summary = last is null ? $"No use of '{secret}' is on record (uses are kept for 90 days). Where the gate has accepted it for {days} days or more, it can be removed."
            : weaned ? $"Weaned: nothing has used '{secret}' for {(int)(now - last.Value).TotalDays} days, so it can be removed: take it out of 'accept' and 'legacy', then out of the components."
            : $"{busy} {(busy == 1 ? "client uses" : "clients use")} '{secret}' yet{(old == 0 ? "; none of them sends an old value" : $", {old} of them with an old value")}.";
        return new LegacyProposal(secret, clients, LegacyRules.Of(secret, clients), last, days, weaned, summary);
    }

    private static LegacyClient ClientOf(string realm, string secret, string address, string agent, IReadOnlyList<LegacyUse> uses, HashSet<string> names, DateTimeOffset quiet)
    {
        var routes = uses.GroupBy(use => (use.Key.Service, use.Key.Route)).OrderBy(group => group.Key.Service, StringComparer.Ordinal).ThenBy(group => group.Key.Route, StringComparer.Ordinal)
            .Select(group => new LegacyRoute(group.Key.Service, group.Key.Route, [.. group.Select(use => use.Key.Method).Distinct().Order(StringComparer.Ordinal)])).ToList();
        DateTimeOffset? Latest(bool current) => uses.Where(use => use.Key.Current == current).Select(use => (DateTimeOffset?)use.Last).Max();
        var (last, old) = (uses.Max(use => use.Last), Latest(false));
        var name = address == LegacyUseKey.Others ? null : NameOf(secret, address, agent, names);
        return new LegacyClient(name, address, agent, routes, uses.Sum(use => use.Times), uses.Min(use => use.First), last, old, old is not null && old >= (Latest(true) ?? DateTimeOffset.MinValue), last < quiet, name is null ? null : $"gatehouse clients add {name} --service-account --realm {realm}");
    }

    // Letters, digits and dashes alone: the name is pasted into a shell and a YAML file.
    private static string NameOf(string secret, string address, string agent, HashSet<string> names)
    {
        var name = $"{secret}-{Plain(agent.Split('/', ' ')[0], 24)}-{Plain(address.Replace("/64", "", StringComparison.Ordinal), 40)}".Replace("--", "-", StringComparison.Ordinal);
        for (var i = 1; ; i++)
            if (names.Add(i == 1 ? name : $"{name}-{i}")) return i == 1 ? name : $"{name}-{i}";
    }

    private static string Plain(string text, int most)
    {
        var plain = string.Concat(text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        return string.Join('-', plain.Split('-', StringSplitOptions.RemoveEmptyEntries)) is { Length: > 0 } kept ? kept[..Math.Min(kept.Length, most)].TrimEnd('-') : "unnamed";
    }
}
