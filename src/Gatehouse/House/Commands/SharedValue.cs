using Gatehouse.Terms;
using Gatehouse.Wire.Text;

namespace Gatehouse.House.Commands;

/// <summary>What one file says of a variable.</summary>
/// <param name="Path">The file, as it was named.</param>
/// <param name="Group">Letter of its value: the same letter, the same value. Null when it holds none.</param>
/// <param name="Line">Line on which the value stands.</param>
/// <param name="Trouble">Why it holds none; null when it does.</param>
/// <param name="Warnings">What is doubtful. None of them repeats any of the value.</param>
internal sealed record SharedFile(string Path, string? Group, int? Line, string? Trouble, IReadOnlyList<string> Warnings);

/// <summary>
/// Compares one variable over several env files, in memory alone. Nothing that is told depends on the value in a way that would help to guess it: no digest, no length, only whether values are equal,
/// and whether one is of those that everybody would try first.
/// </summary>
internal sealed record SharedValue(IReadOnlyList<SharedFile> Files)
{
    private const int Enough = 32;

    private static readonly (EnvTrouble Trouble, string Words)[] Doubts =
    [
        (EnvTrouble.Quoted, "has quotes; some tools (docker run --env-file, old Compose) count them as part of the value. Write it plain."),
        (EnvTrouble.Space, "has white space beside the '=', within or behind the value; tools read it in different ways. Write NAME=value without any."),
        (EnvTrouble.Comment, "has a comment behind the value, which some tools count as part of it. Put the comment on a line of its own."),
        (EnvTrouble.Expanded, "has a '$', a backslash or a backtick, where Compose or a shell may put something else in. Use letters and digits."),
        (EnvTrouble.CarriageReturn, "ends with a carriage return (a Windows line end), which a shell counts as part of the value. Save the file with Unix line ends."),
        (EnvTrouble.Export, "has 'export' before the name, which docker run --env-file does not understand."),
        (EnvTrouble.Unprintable, "has characters that are not plain ASCII: look-alikes, or invisible ones from copying."),
    ];

    /// <summary>Whether every file holds it, and all the same.</summary>
    public bool Same => Files.All(file => file.Group == "A");

    public static SharedValue Compare(IReadOnlyList<string> paths, string variable)
    {
        var values = new List<Secret>();
        return new SharedValue([.. paths.Select(path => Look(path, variable, values))]);
    }

    public string Say(string variable)
    {
        var holding = Files.Where(file => file.Group is not null).ToList();
        var lacking = Files.Count - holding.Count;
        var groups = holding.Select(file => file.Group).Distinct().Count();
        if (holding.Count == 0) return $"No file holds {variable}.";
        if (Same) return holding.Count == 1 ? $"The file holds {variable}." : $"All {holding.Count} files hold the same {variable}.";
        return (groups > 1 ? $"{variable} differs: {groups} values in {holding.Count} files. " : "") + (lacking > 0 ? $"{lacking} of {Files.Count} files do not hold {variable}. " : "") + "Components refuse one another until all hold the same.";
    }

    private static SharedFile Look(string path, string variable, List<Secret> values)
    {
        var warnings = new List<string>();
        if (Read(path, out var why) is not { } bytes) return new SharedFile(path, null, null, why, []);
        Modes(path, warnings);
        if (!EnvFile.TryRead(bytes, out var file)) return new SharedFile(path, null, null, "is no text of NAME=value lines (too long, no UTF-8, or NUL in it)", warnings);
        if (file.Unread.Count > 0) warnings.Add($"Not understood: line {string.Join(", ", file.Unread.Take(10))}{(file.Unread.Count > 10 ? " and more" : "")}. Lines are NAME=value, or comments with '#'.");
        var all = file.Entries.Where(entry => entry.Name == variable).ToList();
        if (all.Count == 0) return new SharedFile(path, null, null, Near(file, variable) is { } near ? $"lacks it ('{Terminal.Printable(near.Name)}' stands on line {near.Line})" : "lacks it", warnings);
        var counts = all[^1];
        if (all.Count > 1) warnings.Add($"{variable} stands there {all.Count} times, on lines {string.Join(", ", all.Take(10).Select(entry => entry.Line))}; the last one counts.");
        if (counts.Trouble.HasFlag(EnvTrouble.Inherited)) return new SharedFile(path, null, counts.Line, "names it without '=': the value comes from whoever starts the container", warnings);
        foreach (var (trouble, words) in Doubts)
            if (counts.Trouble.HasFlag(trouble)) warnings.Add($"The line {words}");
        if (counts.Value.Length == 0) return new SharedFile(path, null, counts.Line, "holds it empty", warnings);
        if (WeakSecret.Why(counts.Value, Enough) is { } weak) warnings.Add($"The value {weak}. Make one with: openssl rand -hex 32");
        var value = new Secret(counts.Value);
        var at = values.FindIndex(value.Equals);
        if (at < 0)
        {
            at = values.Count;
            values.Add(value);
        }

        return new SharedFile(path, Letter(at), counts.Line, null, warnings);
    }

    private static byte[]? Read(string path, out string why)
    {
        why = "";
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            // A device or a pipe never ends; one byte more than fits is enough to refuse it.
            var bytes = new byte[EnvFile.Longest + 1];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception wrong) when (wrong is FileNotFoundException or DirectoryNotFoundException)
        {
            why = "is not there";
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            why = wrong is UnauthorizedAccessException ? "may not be read by you, or is a folder" : "cannot be read";
        }

        return null;
    }

    private static void Modes(string path, List<string> warnings)
    {
        var mode = File.GetUnixFileMode(path);
        if ((mode & (UnixFileMode.OtherWrite | UnixFileMode.GroupWrite)) != UnixFileMode.None) warnings.Add("Others than its owner may change the file. Mend it with: chmod 600");
        else if (mode.HasFlag(UnixFileMode.OtherRead)) warnings.Add("Everybody on this machine may read the file. Mend it with: chmod 600 (or 640 for a group that needs it)");
    }

    private static EnvEntry? Near(EnvFile file, string variable)
    {
        return file.Entries.FirstOrDefault(entry => Plain(entry.Name) == Plain(variable));

        static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
    }

    // A to Z, then AA: hosts with more than 26 different values exist in tests alone.
    private static string Letter(int at) => at < 26 ? ((char)('A' + at)).ToString() : Letter((at / 26) - 1) + Letter(at % 26);
}
