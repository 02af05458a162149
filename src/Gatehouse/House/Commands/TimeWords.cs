namespace Gatehouse.House.Commands;

/// <summary>Says instants as people do: <c>in 4 minutes</c>, <c>3 days ago</c>.</summary>
internal static class TimeWords
{
    private static readonly (double Seconds, string One)[] Units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];

    public static string Say(DateTimeOffset at, DateTimeOffset now)
    {
        var distance = (at - now).TotalSeconds;
        foreach (var (seconds, one) in Units)
        {
            var count = (long)(Math.Abs(distance) / seconds);
            if (count == 0) continue;
            var words = $"{count} {one}{(count == 1 ? "" : "s")}";
            return distance > 0 ? $"in {words}" : $"{words} ago";
        }

        return "now";
    }
}
