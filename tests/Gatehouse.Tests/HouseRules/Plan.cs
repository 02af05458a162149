namespace Gatehouse.Tests.HouseRules;

/// <summary>The floors of the house, the written exceptions and the nevers: the design's section 2 as data.</summary>
internal static class Plan
{
    /// <summary>Floor of each room; tenths part rooms that share a storey but stand on one another.</summary>
    public static readonly IReadOnlyDictionary<string, double> Floors = new Dictionary<string, double>
    {
        ["Terms"] = 0, ["Audit"] = 0.5, ["Storage"] = 1, ["Keys"] = 1, ["Outbound"] = 1, ["People"] = 2, ["Clients"] = 2, ["Sessions"] = 2, ["Federation"] = 2, ["Forwarding"] = 2,
        ["Tokens"] = 3, ["Dialogs"] = 3, ["Policy"] = 3, ["Credentials"] = 4, ["Permissions"] = 4, ["SignIn"] = 4, ["Gateway"] = 5, ["Protocols"] = 5, ["Admin"] = 5, ["Facades"] = 5, ["Portal"] = 5, ["House"] = 6,
    };

    /// <summary>Same floor or upstairs all the same, each with its reason.</summary>
    public static readonly IReadOnlyDictionary<(string From, string To), string> Exceptions = new Dictionary<(string, string), string>
    {
        [("Audit", "Storage")] = "events are rows",
        [("Keys", "Storage")] = "keys are rows",
        [("Keys", "Audit")] = "rotations are events",
        [("People", "Federation")] = "linking reads what an upstream found",
        [("Dialogs", "Tokens")] = "a dialog ends its token",
        [("Protocols", "Gateway")] = "forward-auth hands a proxy's question to the gate's own decision (decision 0017); a test holds that no other protocol does",
        [("Admin", "Gateway")] = "the console shows routes, read only",
    };

    /// <summary>What must never be, each with its reason.</summary>
    public static readonly IReadOnlyList<(string From, string To, string Why)> Nevers =
    [
        ("*", "House", "the roof rests on the rooms"),
        ("Terms", "*", "words have no opinions"),
        ("Gateway", "Storage", "the hot path touches no database"),
        ("Gateway", "SignIn", "the hot path shows no page"),
        ("Gateway", "People", "Tokens and Sessions answer from memory"),
        ("Gateway", "Federation", "the hot path asks no directory"),
        ("Forwarding", "*", "it receives a finished request and cannot leak or invent identity (Terms may be named)"),
        ("Federation", "People", "an upstream vouches; it signs nobody in"),
        ("Federation", "Sessions", "an upstream vouches; it signs nobody in"),
        ("Federation", "Tokens", "an upstream vouches; it signs nobody in"),
        ("Protocols", "Facades", "a facade must be deletable"),
    ];

    /// <summary>Why one room may not name another; null when it may.</summary>
    public static string? Refusal(string from, string to)
    {
        if (from == to || to == "Terms") return null;
        if (!Floors.TryGetValue(from, out var mine)) return $"{from} is not in the list of rooms, and such a room may name nobody";
        if (!Floors.TryGetValue(to, out var theirs)) return $"{to} is not in the list of rooms";
        foreach (var never in Nevers)
            if ((never.From == "*" || never.From == from) && (never.To == "*" || never.To == to) && from != "House") return $"never: {never.Why}";
        if (Exceptions.ContainsKey((from, to))) return null;
        return theirs < mine ? null : theirs == mine ? $"on floor {mine} nobody names a neighbour" : $"downstairs only: {from} stands on floor {mine}, {to} on {theirs}";
    }
}
