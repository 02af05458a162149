using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Gatehouse.Tests.HouseRules;

/// <summary>A source file of the house.</summary>
/// <param name="Path">Path below src/, with slashes.</param>
/// <param name="Text">Its text.</param>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>Room, when it is one of the executable's.</summary>
    public string? Room => Path.Split('/') is ["Gatehouse", var room, _, ..] ? room : null;
}

/// <summary>The text pass: what leaves no trace in metadata (constants, attributes, names, sizes).</summary>
internal static partial class Source
{
    private static readonly string[] BannedSuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Service", "Processor", "Provider", "Factory", "Base", "Impl", "Info", "Data"];
    private static readonly string[] BannedFolders = ["Common", "Shared", "Helpers", "Utilities", "Extensions", "Models", "Interfaces", "Services"];

    // A service of the access file is the field's own word (upstream service); no other word means it as well.
    private static readonly string[] AllowedNames = ["Service"];

    public static string Root([CallerFilePath] string me = "") => System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(me)!, "../../.."));

    public static IReadOnlyList<SourceFile> All()
    {
        var src = System.IO.Path.Combine(Root(), "src");
        return [.. Directory.EnumerateFiles(src, "*.cs", SearchOption.AllDirectories).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Select(path => new SourceFile(System.IO.Path.GetRelativePath(src, path).Replace('\\', '/'), File.ReadAllText(path)))];
    }

    /// <summary>Everything wrong with one file.</summary>
    public static IEnumerable<string> Faults(SourceFile file)
    {
        if (file.Text.Count(c => c == '\n') > 400) yield return $"{file.Path}: over 400 lines";
        var folder = System.IO.Path.GetDirectoryName(file.Path)!.Replace('/', '.');
        if (Namespace().Match(file.Text) is { Success: true } space && space.Groups[1].Value != folder) yield return $"{file.Path}: its namespace is {space.Groups[1].Value}, its folder says {folder}";
        foreach (var part in file.Path.Split('/'))
            if (BannedFolders.Contains(part)) yield return $"{file.Path}: the folder name '{part}' excludes nothing";
        foreach (Match type in TypeName().Matches(file.Text))
            if (BannedSuffixes.Any(suffix => type.Groups[1].Value.EndsWith(suffix, StringComparison.Ordinal)) && !AllowedNames.Contains(type.Groups[1].Value)) yield return $"{file.Path}: the name {type.Groups[1].Value} says nothing (banned suffix)";
        foreach (var (pattern, why, allowed) in Words)
            if (!allowed(file.Path) && pattern().Match(file.Text) is { Success: true } found) yield return $"{file.Path}: '{found.Value}': {why}";
        if (file.Room is { } room)
            foreach (Match named in RoomName().Matches(file.Text))
                if (Plan.Floors.ContainsKey(named.Groups[1].Value) && Plan.Refusal(room, named.Groups[1].Value) is { } refusal) yield return $"{file.Path}: names {named.Groups[1].Value}: {refusal}";
    }

    private static readonly (Func<Regex> Pattern, string Why, Func<string, bool> Allowed)[] Words =
    [
        (Clock, "the clock is a parameter (TimeProvider)", _ => false),
        (AuthorizationRead, "only Credentials/Finder reads Authorization", path => path is "Gatehouse/Credentials/Finder.cs" || path.StartsWith("Gatehouse/Gateway/OutboundPlan", StringComparison.Ordinal)),
        (CookieRead, "only Sessions/Cookie reads cookies by header", path => path is "Gatehouse/Sessions/Cookie.cs" || path.StartsWith("Gatehouse/Forwarding/", StringComparison.Ordinal)),
        (PathDecoding, "only Wire/Text/CanonicalPath decodes a path", path => path is "Gatehouse.Wire/Text/CanonicalPath.cs" || path.StartsWith("Gatehouse/Storage/", StringComparison.Ordinal)),
        (BodyRead, "bodies of strangers are read bounded, by SignIn/PatientBody or PageForm", path => path is "Gatehouse/SignIn/PatientBody.cs" || path.StartsWith("Gatehouse/Gateway/", StringComparison.Ordinal) || path.StartsWith("Gatehouse/Forwarding/", StringComparison.Ordinal)),
        (Signing, "only Tokens signs", path => path.StartsWith("Gatehouse/Tokens/", StringComparison.Ordinal) || path.StartsWith("Gatehouse.Wire/Jose/", StringComparison.Ordinal) || path.StartsWith("Gatehouse/Keys/", StringComparison.Ordinal)),
    ];

    [GeneratedRegex(@"\b(ReadFormAsync|HasFormContentType|IFormCollection|ReadFromJsonAsync|FromBody|FromForm)\b|[Rr]equest\.(Form\b|Body\.|BodyReader)")]
    private static partial Regex BodyRead();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(?:class|record(?: struct)?|struct|interface|enum)\s+([A-Z]\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\bGatehouse\.([A-Z]\w+)\b")]
    private static partial Regex RoomName();

    [GeneratedRegex(@"\bDate(?:Time|TimeOffset)\.(?:Utc)?Now\b|\bStopwatch\.StartNew\b|\bEnvironment\.TickCount")]
    private static partial Regex Clock();

    [GeneratedRegex(@"\bheaders\.Authorization\b|Headers\.Authorization\s*(?:\[|is\b|;)|\[""Authorization""\]")]
    private static partial Regex AuthorizationRead();

    [GeneratedRegex(@"\bheaders\.Cookie\b|Headers\.Cookie\b")]
    private static partial Regex CookieRead();

    [GeneratedRegex(@"\bWebUtility\.UrlDecode\b|\bUri\.UnescapeDataString\b|\bHttpUtility\.")]
    private static partial Regex PathDecoding();

    [GeneratedRegex(@"\bnew JoseSigner\b|\.SignerAsync\([^)]*\)\s*\)?\.Sign\(")]
    private static partial Regex Signing();
}
