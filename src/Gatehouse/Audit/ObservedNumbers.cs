namespace Gatehouse.Audit;

/// <summary>The numbers of one observed rule, and whether it would be safe to enforce it.</summary>
/// <param name="Service">Service of the access file.</param>
/// <param name="Rule">The rule by its methods and path, which stay when rules are added before it.</param>
/// <param name="Day">Requests of the last 24 hours.</param>
/// <param name="DayRefused">How many of these would have been refused.</param>
/// <param name="Week">Requests of the last 7 days.</param>
/// <param name="WeekRefused">How many of these would have been refused.</param>
/// <param name="Last">When the last one would have been refused; null for never.</param>
/// <param name="Whos">How many different ones would have been refused within <paramref name="Days"/>.</param>
/// <param name="Open">Groups of that time that nobody acknowledged.</param>
/// <param name="Since">Since when it is observed.</param>
/// <param name="Until">When observing ends.</param>
/// <param name="LongEnough">Whether it is observed for <paramref name="Days"/> already.</param>
/// <param name="Traffic">Whether there were requests within <paramref name="Days"/>.</param>
/// <param name="Days">How long nobody may have been in the way.</param>
/// <param name="Now">When this was counted.</param>
public sealed record ObservedNumbers(string Service, string Rule, long Day, long DayRefused, long Week, long WeekRefused, DateTimeOffset? Last, int Whos, int Open, DateTimeOffset Since, DateTimeOffset Until, bool LongEnough, bool Traffic, int Days, DateTimeOffset Now)
{
    /// <summary>Whether nobody would be refused whom nobody expects to be: there was traffic, for long enough, and whoever would have been refused in that time is acknowledged.</summary>
    public bool Safe => LongEnough && Traffic && Open == 0;

    /// <summary>Part of the last 24 hours' requests that would have been refused, 0 to 1; null without requests.</summary>
    public double? DayShare => Day == 0 ? null : (double)DayRefused / Day;

    /// <summary>Part of the last 7 days' requests that would have been refused, 0 to 1; null without requests.</summary>
    public double? WeekShare => Week == 0 ? null : (double)WeekRefused / Week;

    /// <summary>Hours since the last one would have been refused; null for never.</summary>
    public double? HoursSinceLast => Last is { } last ? Math.Max(0, (Now - last).TotalHours) : null;

    /// <summary>Why it is safe or not, in plain words.</summary>
    public string Why => Open > 0 ? $"{Open} {(Open == 1 ? "group" : "groups")} of the last {Days} days would be refused and {(Open == 1 ? "is" : "are")} not acknowledged"
        : !Traffic ? $"no request in the last {Days} days: that proves nothing"
        : !LongEnough ? $"observed since {Since:yyyy-MM-dd HH:mm}, which is less than {Days} days"
        : $"nobody would have been refused in the last {Days} days who is not acknowledged";
}
