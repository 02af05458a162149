using System.Collections.Immutable;

namespace Gatehouse.Dialogs;

/// <summary>The rules of a project's dialogs. A dialog keeps the times that held when it was opened; what is allowed, and to whom, follows the project at once.</summary>
public sealed record DialogProject
{
    /// <summary>Longest hard limit: no token of a dialog lives longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Longest name, in characters.</summary>
    public const int LongestName = 64;

    /// <summary>Realm name.</summary>
    public required string Realm { get; init; }

    /// <summary>Name, as the event source sends it: 1 to 64 of letters, digits and <c>. _ -</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How long after the end of a dialog something may still be allowed.</summary>
    public TimeSpan Headroom { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Without an event for so long a dialog counts as ended.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>No dialog, and no token of one, lives longer.</summary>
    public TimeSpan HardLimit { get; init; } = TimeSpan.FromHours(4);

    /// <summary>What is allowed after the end, by the names that routes carry: <c>recording</c>, <c>transcript</c>.</summary>
    public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Roles that the bot's token stands for.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Roles that a visitor's token stands for.</summary>
    public ImmutableArray<string> VisitorRoles { get; init; } = [];

    /// <summary>Whether tokens freeze when one is used for another dialog; the next event's token works again.</summary>
    public bool FreezeOnMisuse { get; init; } = true;

    /// <summary>Which of the project's signing secrets is in use; the one before counts beside it.</summary>
    public int SecretGeneration { get; init; } = 1;

    /// <summary>What is wrong with it, in words for people; null when nothing is.</summary>
    public string? Fault
    {
        get
        {
            if (!IsName(Name)) return "A project's name has 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first.";
            if (HardLimit < TimeSpan.FromSeconds(1) || HardLimit > Longest) return "The hard limit is between one second and 24 hours.";
            if (Silence < TimeSpan.FromSeconds(1) || Silence > HardLimit) return "The silence is between one second and the hard limit.";
            if (Headroom < TimeSpan.Zero || Headroom > Longest) return "The headroom is between nothing and 24 hours.";
            if (After.Concat(Roles).Concat(VisitorRoles).Any(one => one.Length is 0 or > 255 || one.Any(char.IsControl))) return "A role or an allowed name is empty or too long.";
            // A bot that may administer is nobody's wish, and whoever may only manage dialogs must not hand such rights out.
            if (Roles.Concat(VisitorRoles).Any(role => role.StartsWith("realm-management/", StringComparison.Ordinal))) return "A dialog's token cannot hold administrative rights.";
            return After.All(IsName) ? null : "What is allowed after the end is named by letters, digits, '.', '_' and '-'.";
        }
    }

    /// <summary>Whether a text may name a project.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
