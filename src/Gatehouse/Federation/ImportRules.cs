using System.Globalization;

namespace Gatehouse.Federation;

/// <summary>How an upstream's people are imported, from its settings.</summary>
/// <param name="SyncEvery">How often those who changed are fetched; null for never.</param>
/// <param name="ImportEvery">How often everybody is gone over; null for never.</param>
/// <param name="DisablesVanished">Whether people who have vanished there are disabled here.</param>
/// <param name="MostVanished">Share of the linked people, in per cent, beyond which a run disables nobody unless told so.</param>
public sealed record ImportRules(TimeSpan? SyncEvery, TimeSpan? ImportEvery, bool DisablesVanished, int MostVanished)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>Settings of every kind that lists people.</summary>
    internal static IReadOnlyList<Setting> Settings { get; } =
    [
        new("syncEvery", "how often to fetch the people who changed, such as 15m or 1h; never without it"),
        new("importEvery", "how often to go over everybody, such as 24h; never without it"),
        new("vanished", "what becomes of users whose entry is gone: keep, or disable", Otherwise: "keep"),
        new("mostVanished", "per cent of the linked users that one run may disable at most", Otherwise: "20"),
    ];

    /// <summary>Reads the settings. Throws <see cref="ArgumentException"/> with words for who wrote them.</summary>
    public static ImportRules Of(Upstream upstream)
    {
        var vanished = upstream["vanished"] ?? "keep";
        if (vanished is not ("keep" or "disable")) throw new ArgumentException($"'vanished' is keep or disable, not '{vanished}'.");
        var most = 20;
        if (upstream["mostVanished"] is { } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most > 100)) throw new ArgumentException($"'mostVanished' is a number from 0 to 100, not '{text}'.");
        return new ImportRules(Span(upstream, "syncEvery"), Span(upstream, "importEvery"), vanished == "disable", most);
    }

    private static TimeSpan? Span(Upstream upstream, string name)
    {
        if (upstream[name] is not { } text) return null;
        TimeSpan? unit = text[^1] switch { 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), 'd' => TimeSpan.FromDays(1), _ => null };
        if (unit is null || !int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > 10_000 || unit * count < Shortest) throw new ArgumentException($"'{name}' is a time such as 15m, 1h or 1d, one minute or more, not '{text}'.");
        return unit * count;
    }
}
