using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Gatehouse.Gateway.Access;

/// <summary>Reads <c>observe</c> and <c>observe-clients</c>, and judges their dates.</summary>
internal static class ObserveReader
{
    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mmzzz", "yyyy-MM-dd'T'HH:mm:sszzz"];

    /// <summary>The <c>observe</c> of the file, a service or a rule; null where there is none.</summary>
    public static Observation? Read(YamlMap map) => map.Node("observe") switch
    {
        null => null,
        YamlScalarNode { Value: "off" } => Observation.Off,
        YamlScalarNode => Wrong(map),
        _ => ReadOne(map.Map("observe")!),
    };

    /// <summary>The observed clients by their ids.</summary>
    public static ImmutableDictionary<string, Observation> ReadClients(YamlMap root, List<Finding> findings)
    {
        var clients = ImmutableDictionary.CreateBuilder<string, Observation>();
        if (root.Map("observe-clients") is not { } all) return clients.ToImmutable();
        foreach (var (client, node) in all.All)
            if (ReadOne(new YamlMap(node, $"'{client}' of 'observe-clients'", findings)) is { } one) clients[client] = one;
        return clients.ToImmutable();
    }

    /// <summary>
    /// Routes with what counts for each: the narrowest of rule, service and realm. Public ones are not observed. Nor are events: what brings the platform's word, and its token, to a bot is brought for nobody who would be refused.
    /// </summary>
    public static IEnumerable<Route> Spread(IEnumerable<Route> routes, Observation? realm)
        => routes.Select(route => route.IsPublic ? route : route.Service.Events is not null ? route with { Observation = Observation.Off } : route with { Observation = route.Observation ?? route.Service.Observation ?? realm });

    /// <summary>Says what is over already, what is far away, and where an upstream could be deceived.</summary>
    public static void Check(AccessFile file, DateTimeOffset? now, List<Finding> findings)
    {
        foreach (var service in file.Services)
        {
            if (service is { Events: not null, Observation: { IsOff: false } said }) findings.Add(new Finding(Severity.Warning, "observe.events", said.Line, $"Service '{service.Name}' brings events to a bot, and these are never observed: its rules count. Take its 'observe' out."));
            if (service.PassAuthorizationOnObserve && service.Identity.HasFlag(IdentityHeaders.Jwt))
                findings.Add(new Finding(Severity.Error, "observe.authorization", service.Line, $"Service '{service.Name}' is told who asks by 'Authorization' (identity: jwt), and 'pass-authorization-on-observe' would let clients write that header themselves. Leave jwt out of 'identity', or leave that out."));
        }

        if (now is not { } today) return;
        foreach (var one in All(file))
        {
            if (!one.IsInForce(today)) findings.Add(new Finding(Severity.Note, "observe.over", one.Line, $"Observing ended on {Words(one.Until)}: the rules count. Delete this 'observe'."));
            else if (one.Until - today > TimeSpan.FromDays(366)) findings.Add(new Finding(Severity.Warning, "observe.far", one.Line, $"Observing goes on until {Words(one.Until)}, more than a year from now: until then it protects nothing."));
        }
    }

    /// <summary>Every observation of the file, each once.</summary>
    public static IEnumerable<Observation> All(AccessFile file)
        => file.Routes.Select(route => route.Observation).Concat(file.Services.Select(service => service.Observation)).Append(file.Observation).OfType<Observation>().Concat(file.ObservedClients.Values)
            .Where(one => !one.IsOff).Distinct<Observation>(ReferenceEqualityComparer.Instance).OrderBy(one => one.Line);

    /// <summary>An instant as it is written in the file.</summary>
    public static string Words(DateTimeOffset at) => at.UtcDateTime.TimeOfDay == TimeSpan.Zero ? at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static Observation? ReadOne(YamlMap map)
    {
        var (text, note, tell) = (map.Text("until"), map.Text("note"), map.Flag("tell", true));
        map.Done();
        if (text is null) map.Error("observe.until", map.Line, "'until' is missing: the day from which the rules count, such as 2027-03-01. Observing without an end would be no protection at all.");
        else if (Parse(text) is { } until) return new Observation(until, note, tell, map.Line);
        else map.Error("observe.until", map.Line, $"'{text}' is no date; write 2027-03-01 (its first moment in UTC) or 2027-03-01T06:00:00+01:00.");
        return null;
    }

    private static DateTimeOffset? Parse(string text)
        => DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day
            : DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at.ToUniversalTime() : null;

    private static Observation? Wrong(YamlMap map)
    {
        map.Error("observe.form", YamlMap.LineOf(map.Node("observe")!), "'observe' is 'off', or a mapping such as { until: 2027-03-01, note: \"clients get tokens by then\" }.");
        return null;
    }
}
