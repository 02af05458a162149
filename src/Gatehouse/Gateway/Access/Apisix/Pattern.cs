using System.Text;
using System.Text.RegularExpressions;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>
/// One <c>uri</c> of a route as APISIX's router reads it (lua-resty-radixtree): without a star that very path; with one everything that begins with what stands before the first star, and, where a whole segment is a star that is not the last thing,
/// only what also ends as written. Compared with the decoded path.
/// </summary>
internal sealed class Pattern
{
    private readonly Regex? whole;

    public Pattern(string text)
    {
        Text = text;
        var star = text.IndexOf('*', StringComparison.Ordinal);
        (IsPrefix, Begin) = (star >= 0, star >= 0 ? text[..star] : text);
        var segments = text.Split('/');
        if (star >= 0 && segments.Any(segment => segment.StartsWith('*')) && !IsTail(text)) whole = new Regex("^" + string.Join('/', segments.Select(segment => segment.StartsWith('*') ? "(?:.|\n)*" : segment.StartsWith(':') ? "[^/]+" : Regex.Escape(segment))) + "$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        Templates = [.. TemplatesOf(segments)];
    }

    public string Text { get; }

    public bool IsPrefix { get; }

    /// <summary>What stands before the first star.</summary>
    public string Begin { get; }

    /// <summary>Paths of an access file that come nearest to it; none where no request that the gate takes can match.</summary>
    public IReadOnlyList<PathTemplate> Templates { get; }

    /// <summary>What may stand behind the first star, for one in the middle, with further stars filled, and the same without its last segment; empty otherwise.</summary>
    public IEnumerable<string> Ends
    {
        get
        {
            if (whole is null) yield break;
            foreach (var fill in (string[])["", "zq9", "zq9/zq9"])
            {
                var end = Text[(Begin.Length + 1)..].Replace("*", fill, StringComparison.Ordinal);
                yield return end;
                if (Text.EndsWith("/*", StringComparison.Ordinal)) yield return end[..(end.Length - fill.Length - 1)];
            }
        }
    }

    /// <summary>Whether a star stands in the middle, so that what follows counts too.</summary>
    public bool HasEnd => whole is not null;

    public bool Matches(string path) => IsPrefix ? path.StartsWith(Begin, StringComparison.Ordinal) && whole?.IsMatch(path) != false : path == Begin;

    /// <summary>A decoded path as it is asked for; null when the gate takes no such path.</summary>
    public static CanonicalPath? PathOf(string decoded)
    {
        var raw = new StringBuilder(decoded.Length + 8);
        foreach (var b in Encoding.UTF8.GetBytes(decoded))
        {
            if (b < 128 && (char.IsAsciiLetterOrDigit((char)b) || (char)b is '/' or '-' or '.' or '_' or '~')) raw.Append((char)b);
            else raw.Append('%').Append(b.ToString("X2"));
        }

        return CanonicalPath.TryParse(raw.ToString(), out var path) ? path : null;
    }

    // "/a/*": the star is all that the prefix leaves open.
    private static bool IsTail(string text) => text.EndsWith("/*", StringComparison.Ordinal) && text.IndexOf('*', StringComparison.Ordinal) == text.Length - 1;

    private IEnumerable<PathTemplate> TemplatesOf(string[] segments)
    {
        if (Text.Length < 2 || Text[0] != '/') yield break;
        if (whole is not null)
        {
            var parts = segments.Skip(1).Select(segment => segment.StartsWith('*') || segment.StartsWith(':') ? "{any}" : Literal(segment)).ToList();
            if (parts.Contains(null)) yield break;
            var open = Text.EndsWith("/*", StringComparison.Ordinal);
            if (Make("/" + string.Join('/', open ? parts[..^1] : parts) + (open ? "/**" : "")) is { } held) yield return held;
            yield break;
        }

        if (IsPrefix && !Begin.EndsWith('/') && Word(Begin) is { } word && Make(word) is { } begun) yield return begun;

        // Beside the word, the path and all below it: where the word can be in no service of its upstream's, they may be.
        var plain = Begin.EndsWith('/') && IsPrefix ? Begin[..^1] : Begin;
        if (plain.Length == 0 || string.Concat(plain.Split('/').Skip(1).Select(segment => Literal(segment) is { } literal ? "/" + literal : "\0")) is not { } path || path.Contains('\0')) yield break;
        if (Make(path) is { } exact) yield return exact;
        if (IsPrefix && Make(path + "/**") is { } below) yield return below;
    }

    // Brackets are remarks in a public line.
    private static string? Literal(string segment)
        => PathOf("/" + segment) is { } path && path.Value.AsSpan().IndexOfAny("{}*") < 0 ? path.Value[1..].Replace("(", "%28", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal) : null;

    // What only begins a segment is read with something behind it.
    private static string? Word(string begin)
    {
        var segments = (begin + "x").Split('/').Skip(1).Select(Literal).ToList();
        return segments.Contains(null) || segments.Contains("") ? null : $"/{string.Join('/', segments)[..^1]}*";
    }

    private static PathTemplate? Make(string text) => PathTemplate.TryParse(text, out var template, out _) ? template : null;
}
