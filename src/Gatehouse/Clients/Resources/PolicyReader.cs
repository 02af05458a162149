using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Gatehouse.Clients.Resources;

/// <summary>Reads one policy or permission in Keycloak's form. Names of the outside (roles, users, groups, clients) are left as they stand, for whoever can look them up. Throws <see cref="ArgumentException"/>.</summary>
internal static class PolicyReader
{
    private const string Offered = "role, user, group, client, client-scope, time, regex, aggregate, resource and scope";

    /// <summary>Reads; what it refers to in the settings is looked up there. <paramref name="kind"/> is the kind of the address, if that says one; <paramref name="old"/> is what it replaces.</summary>
    public static ResourcePolicy Read(SettingsSource source, string? kind, string id, ResourcePolicy? old, ResourceServer server)
    {
        var name = source.Text("name") ?? old?.Name ?? throw new ArgumentException("A policy has no 'name'.");
        kind ??= source.Text("type") ?? old?.Condition.Kind ?? throw new ArgumentException($"The policy '{name}' has no 'type'.");
        try
        {
            return new ResourcePolicy
            {
                Id = id, Name = name, Description = source.Text("description") ?? old?.Description, Negative = source.Text("logic") is { } logic ? IsNegative(logic) : old?.Negative ?? false,
                Strategy = source.Text("decisionStrategy") is { } strategy ? StrategyOf(strategy) : old?.Strategy ?? DecisionStrategy.Unanimous, Condition = ConditionOf(source, kind, old?.Condition, server),
            };
        }
        catch (ArgumentException wrong)
        {
            throw new ArgumentException($"The policy '{(name.Length > 100 ? name[..100] : name)}': {wrong.Message}", wrong);
        }
    }

    public static DecisionStrategy StrategyOf(string text) => text switch
    {
        "UNANIMOUS" => DecisionStrategy.Unanimous,
        "AFFIRMATIVE" => DecisionStrategy.Affirmative,
        "CONSENSUS" => DecisionStrategy.Consensus,
        _ => throw new ArgumentException("'decisionStrategy' can be UNANIMOUS, AFFIRMATIVE or CONSENSUS."),
    };

    private static bool IsNegative(string text) => text switch
    {
        "NEGATIVE" => true,
        "POSITIVE" => false,
        _ => throw new ArgumentException("'logic' can be POSITIVE or NEGATIVE."),
    };

    private static Condition ConditionOf(SettingsSource source, string kind, Condition? old, ResourceServer server) => kind switch
    {
        "role" => new Condition.Roles(Wants(source, "roles") ?? (old as Condition.Roles)?.Named ?? []),
        "user" => new Condition.Users(source.NamesOf("users", "id", "username") ?? (old as Condition.Users)?.Ids ?? []),
        "group" => new Condition.Groups(source.List("groups") is { } groups ? [.. groups.Select(one => new WantedGroup(SettingsSource.NameOf(one, "groups", "id", "path"), one.ValueKind == JsonValueKind.Object && new SettingsSource(one).Flag("extendChildren") == true))] : (old as Condition.Groups)?.Named ?? []),
        "client" => new Condition.Clients(source.NamesOf("clients", "id", "clientId") ?? (old as Condition.Clients)?.Ids ?? []),
        "client-scope" => new Condition.ClientScopes(Wants(source, "clientScopes") ?? (old as Condition.ClientScopes)?.Named ?? []),
        "time" => new Condition.Time(WindowOf(source)),
        "regex" when source.Flag("targetContextAttributes") == true => throw new ArgumentException("'targetContextAttributes' is not offered: patterns look at the token's claims."),
        "regex" => new Condition.Pattern(source.Text("targetClaim") ?? (old as Condition.Pattern)?.Claim ?? "", source.Text("pattern") ?? (old as Condition.Pattern)?.Expression ?? ""),
        "aggregate" => new Condition.All(Below(source, server) ?? old?.Below ?? []),
        "resource" => new Condition.OnResources(ResourcesOf(source, server) ?? (old as Condition.OnResources)?.Resources ?? [], TypeOf(source) ?? (source.Has("resources") ? null : (old as Condition.OnResources)?.Type), Below(source, server) ?? old?.Below ?? []),
        "scope" => new Condition.OnScopes(ResourcesOf(source, server) ?? (old as Condition.OnScopes)?.Resources ?? [], ScopesOf(source, server) ?? (old as Condition.OnScopes)?.Scopes ?? [], Below(source, server) ?? old?.Below ?? []),
        "js" or "script" => throw new ArgumentException("it is a script (type js). Scripts are not run here: say the same with policies of the kinds " + Offered + "."),
        _ when kind.StartsWith("script-", StringComparison.Ordinal) => throw new ArgumentException("it is a script. Scripts are not run here: say the same with policies of the kinds " + Offered + "."),
        "uma" => throw new ArgumentException("its type is uma: what users share among themselves is not offered. Leave it out."),
        _ => throw new ArgumentException($"its type is not known. Offered are {Offered}."),
    };

    private static ImmutableArray<Wanted>? Wants(SettingsSource source, string name)
        => source.List(name) is { } list ? [.. list.Select(one => new Wanted(SettingsSource.NameOf(one, name, "id", "name"), one.ValueKind == JsonValueKind.Object && new SettingsSource(one).Flag("required") == true))] : null;

    private static ImmutableArray<string>? Below(SettingsSource source, ResourceServer server)
        => (source.NamesOf("policies", "id", "name") ?? source.NamesOf("applyPolicies", "id", "name")) is { } names ? [.. names.Select(one => server.FindPolicy(one)?.Id ?? throw new ArgumentException($"it names the policy '{one}', which does not exist.")).Distinct()] : null;

    private static ImmutableArray<string>? ResourcesOf(SettingsSource source, ResourceServer server)
        => source.NamesOf("resources", "_id", "id", "name") is { } names ? [.. names.Select(one => server.Find(one)?.Id ?? throw new ArgumentException($"it names the resource '{one}', which does not exist.")).Distinct()] : null;

    private static ImmutableArray<string>? ScopesOf(SettingsSource source, ResourceServer server)
        => source.NamesOf("scopes", "name", "id") is { } names ? [.. names.Select(one => server.FindScope(one)?.Name ?? throw new ArgumentException($"it names the scope '{one}', which does not exist.")).Distinct()] : null;

    private static string? TypeOf(SettingsSource source) => source.Text("defaultResourceType") ?? source.Text("resourceType");

    private static TimeWindow WindowOf(SettingsSource source) => new()
    {
        NotBefore = Instant(source.Text("notBefore") ?? source.Text("nbf")), NotOnOrAfter = Instant(source.Text("notOnOrAfter") ?? source.Text("noa")),
        Day = SpanOf(source, "dayMonth"), Month = SpanOf(source, "month"), Year = SpanOf(source, "year"), Hour = SpanOf(source, "hour"), Minute = SpanOf(source, "minute"),
    };

    private static TimeWindow.Span? SpanOf(SettingsSource source, string name) => source.Number(name) is { } from ? new TimeWindow.Span(from, source.Number(name + "End")) : null;

    private static DateTimeOffset? Instant(string? text) => text is null ? null
        : DateTimeOffset.TryParseExact(text, ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at
        : throw new ArgumentException("a time must be written as 2027-01-31 18:00:00 (UTC).");
}
