namespace Gatehouse.Gateway.Access;

/// <summary>Something of an access file that is observed at a moment, in the words of <c>gatehouse check</c>.</summary>
/// <param name="What">The whole realm, a service, a rule or a client.</param>
/// <param name="Until">When it ends.</param>
/// <param name="Days">Whole days left.</param>
/// <param name="Note">Why; null for none given.</param>
public sealed record ObservedParts(string What, DateTimeOffset Until, int Days, string? Note)
{
    /// <summary>What is observed at a moment, widest first.</summary>
    public static IReadOnlyList<ObservedParts> Of(AccessFile file, DateTimeOffset now)
    {
        var parts = new List<ObservedParts>();
        void Add(string what, Observation? one)
        {
            if (one?.IsInForce(now) == true) parts.Add(new ObservedParts(what, one.Until, (int)(one.Until - now).TotalDays, one.Note));
        }

        Add($"the realm {file.Realm}", file.Observation);
        foreach (var service in file.Services) Add($"the service {service.Name}", service.Observation);
        foreach (var route in file.Routes.Where(route => route.Observation is not null && !ReferenceEquals(route.Observation, route.Service.Observation) && !ReferenceEquals(route.Observation, file.Observation)))
            Add($"{route.Rule!.Name} ({route.Describe()})", route.Observation);
        foreach (var (client, one) in file.ObservedClients.OrderBy(one => one.Key, StringComparer.Ordinal)) Add($"the client {client}", one);
        return parts;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Observed only, until {ObserveReader.Words(Until)} ({Days} days): {What}{(Note is null ? "" : $" ({Note})")}";
}
