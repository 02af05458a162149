using Gatehouse.Audit;

namespace Gatehouse.Admin.Representations;

/// <summary>Observe mode of a realm: the numbers, and who would be refused.</summary>
internal sealed record ObserveRepresentation
{
    /// <summary>Whether every rule below could be enforced without refusing anybody unexpected.</summary>
    public bool Safe { get; init; }

    /// <summary>For how many days nobody may have been in the way.</summary>
    public int Days { get; init; }

    /// <summary>Each observed rule.</summary>
    public ObservedRuleRepresentation[] Rules { get; init; } = [];

    /// <summary>A page of groups, the last seen first.</summary>
    public ObservedGroupRepresentation[] Groups { get; init; } = [];

    public static ObserveRepresentation Of(IReadOnlyList<ObservedNumbers> rules, IEnumerable<ObservedGroup> groups, int days)
        => new() { Safe = rules.Count > 0 && rules.All(one => one.Safe), Days = days, Rules = [.. rules.Select(ObservedRuleRepresentation.Of)], Groups = [.. groups.Select(ObservedGroupRepresentation.Of)] };
}

/// <summary>The numbers of one observed rule.</summary>
internal sealed record ObservedRuleRepresentation
{
    public required string Service { get; init; }

    public required string Rule { get; init; }

    public bool Safe { get; init; }

    public required string Why { get; init; }

    public long Requests24h { get; init; }

    public long WouldBeRefused24h { get; init; }

    /// <summary>0 to 1; absent without requests.</summary>
    public double? Share24h { get; init; }

    public long Requests7d { get; init; }

    public long WouldBeRefused7d { get; init; }

    /// <summary>0 to 1; absent without requests.</summary>
    public double? Share7d { get; init; }

    /// <summary>Absent when nobody would ever have been refused.</summary>
    public double? HoursSinceLast { get; init; }

    public int DistinctWhos { get; init; }

    public int OpenGroups { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Since { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Until { get; init; }

    public static ObservedRuleRepresentation Of(ObservedNumbers one) => new()
    {
        Service = one.Service, Rule = one.Rule, Safe = one.Safe, Why = one.Why, Requests24h = one.Day, WouldBeRefused24h = one.DayRefused, Share24h = one.DayShare, Requests7d = one.Week, WouldBeRefused7d = one.WeekRefused, Share7d = one.WeekShare,
        HoursSinceLast = one.HoursSinceLast is { } hours ? Math.Round(hours, 2) : null, DistinctWhos = one.Whos, OpenGroups = one.Open, Since = one.Since.ToUnixTimeMilliseconds(), Until = one.Until.ToUnixTimeMilliseconds(),
    };
}

/// <summary>Requests that would be refused, of one origin, and what to send to whom.</summary>
internal sealed record ObservedGroupRepresentation
{
    public required string Id { get; init; }

    public required string Service { get; init; }

    public required string Rule { get; init; }

    public required string Reason { get; init; }

    public required string Missing { get; init; }

    /// <summary>client, principal, address, network or others.</summary>
    public required string Kind { get; init; }

    /// <summary>Client id, kind of principal, address or network.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of principal of a client, User-Agent of an address.</summary>
    public required string Agent { get; init; }

    public long Times { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long First { get; init; }

    /// <summary>Milliseconds since 1970.</summary>
    public long Last { get; init; }

    /// <summary>A sentence that can be passed on as it is.</summary>
    public required string Tell { get; init; }

    public string? Hint { get; init; }

    public bool Open { get; init; }

    public string? AcknowledgedBy { get; init; }

    public string? Note { get; init; }

    public static ObservedGroupRepresentation Of(ObservedGroup one) => new()
    {
        Id = one.Id, Service = one.Key.Service, Rule = one.Key.Rule, Reason = one.Key.Reason, Missing = one.Key.Missing, Kind = one.Key.Kind.ToString().ToLowerInvariant(), Name = one.Key.Name, Agent = one.Key.Agent, Times = one.Times,
        First = one.First.ToUnixTimeMilliseconds(), Last = one.Last.ToUnixTimeMilliseconds(), Tell = ObservedAdvice.Sentence(one), Hint = ObservedAdvice.Hint(one), Open = one.IsOpen, AcknowledgedBy = one.Acknowledged?.By, Note = one.Acknowledged?.Note,
    };
}
