using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Gateway.Access.Apisix;

/// <summary>
/// A condition of a route on nothing but the path, <c>["uri", "~~", "^/forms/[0-9a-f]{24}$"]</c>, where the expression says no more than a path template can: from beginning to end, plain segments, and segments of one set of characters and a number. Any other expression stays a condition of which nobody knows.
/// </summary>
internal sealed class SpelledPath
{
    private readonly Regex find;

    private SpelledPath(Regex find, PathTemplate template) => (this.find, Template) = (find, template);

    /// <summary>The same paths in an access file.</summary>
    public PathTemplate Template { get; }

    public bool Matches(string path) => find.IsMatch(path);

    /// <summary>Reads <c>vars</c>; null when they are not of this form.</summary>
    public static SpelledPath? Read(Plain? vars)
        => vars?.Items is { Count: 1 } all && all[0].Items is { Count: 3 } && all[0].Texts is ["uri", "~~", var pattern] && PluginJudge.Compile(pattern) is { } find && TemplateOf(pattern) is { } text && PathTemplate.TryParse(text, out var template, out _) ? new SpelledPath(find, template) : null;

    /// <summary>Paths that begin with a beginning and are of this form, filled up in two ways; none where there is none.</summary>
    public IEnumerable<string> Complete(string begin)
    {
        var begun = begin.Split('/');
        if (begun.Length - 1 > Template.Segments.Length) yield break;
        foreach (var step in (int[])[5, 7])
        {
            var path = new StringBuilder();
            for (var i = 0; i < Template.Segments.Length; i++)
            {
                var has = i + 1 < begun.Length ? begun[i + 1] : "";
                path.Append('/').Append(Template.Segments[i] ?? (i + 2 < begun.Length ? has : Fill(has, Template.Shapes[i], step)));
            }

            var made = path.ToString();
            if (made.StartsWith(begin, StringComparison.Ordinal) && Matches(made)) yield return made;
        }
    }

    // As short as may be, and somewhat longer: what is begun goes on there. Somebody who lists such a path by itself will hardly have hit on these.
    private static string Fill(string begun, HoleShape? shape, int step)
    {
        var (least, most) = (shape?.Least ?? 1, shape?.Most ?? int.MaxValue);
        var characters = shape?.Characters ?? "xyz";
        var text = new StringBuilder(begun);
        for (var i = 1; text.Length < Math.Min(most, step == 5 ? least : Math.Max(least, begun.Length + 3)); i++) text.Append(characters[i * step % characters.Length]);
        return text.ToString();
    }

    private static string? TemplateOf(string pattern)
    {
        if (pattern is not ['^', .., '$'] || pattern.EndsWith("\\$", StringComparison.Ordinal)) return null;
        var template = new StringBuilder();
        var rest = pattern.AsSpan(1, pattern.Length - 2);
        while (rest.Length > 0)
        {
            if (rest.StartsWith("\\/", StringComparison.Ordinal)) rest = rest[1..];
            if (rest[0] != '/') return null;
            rest = rest[1..];
            template.Append('/');
            if (Shape(rest, template) is { } taken)
            {
                rest = rest[taken..];
                continue;
            }

            var length = template.Length;
            while (rest.Length > 0 && rest[0] != '/' && !rest.StartsWith("\\/", StringComparison.Ordinal))
            {
                var escaped = rest[0] == '\\' && rest.Length > 1 && rest[1] is '.' or '-' or '_' or '~';
                if (!escaped && !char.IsAsciiLetterOrDigit(rest[0]) && rest[0] is not ('-' or '_' or '~')) return null;
                template.Append(rest[escaped ? 1 : 0]);
                rest = rest[(escaped ? 2 : 1)..];
            }

            if (template.Length == length) return null;
        }

        return template.Length == 0 ? null : template.ToString();
    }

    // A whole segment of one set; how much of the expression it was, null when it is none.
    private static int? Shape(ReadOnlySpan<char> rest, StringBuilder template)
    {
        var end = rest.IndexOf(']') is >= 0 and var close ? close + 1 : rest.StartsWith("\\d", StringComparison.Ordinal) || rest.StartsWith("(\\d", StringComparison.Ordinal) ? rest.IndexOf('d') + 1 : -1;
        if (end < 0) return null;
        end = end == rest.Length ? -1 : rest[end] == '+' ? end + 1 : rest[end] == '{' && rest[end..].IndexOf('}') is > 0 and var brace ? end + brace + 1 : -1;
        if (end < 0) return null;
        var group = rest[0] == '(';
        var text = rest[(group ? 1 : 0)..end].ToString();
        if (group && (end >= rest.Length || rest[end++] != ')')) return null;
        if (end < rest.Length && rest[end] != '/' && !rest[end..].StartsWith("\\/", StringComparison.Ordinal)) return null;
        if (text.StartsWith("\\d", StringComparison.Ordinal)) text = "[0-9]" + text[2..];
        if (text == "[^/]+") template.Append("{any}");
        else if (HoleShape.TryParse(text, out _)) template.Append("{id:").Append(text).Append('}');
        else return null;
        return end;
    }
}
