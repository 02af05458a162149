using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Access;

/// <summary>What two path templates have to do with each other.</summary>
internal static class TemplatePairs
{
    /// <summary>Whether every path of the narrow one is one of the wide one. Says no where it would take more than looking at them segment by segment.</summary>
    public static bool Contains(PathTemplate wide, PathTemplate narrow)
    {
        var count = wide.Segments.Length;
        if (narrow.Segments.Length < count) return false;
        for (var i = 0; i < count; i++)
            if (!Contains(wide, narrow, i)) return false;
        if (wide.Subtree) return true;
        if (wide.Word is { } word) return (narrow.Segments.Length > count ? narrow.Segments[count] : narrow.Word)?.StartsWith(word, StringComparison.Ordinal) == true;
        return narrow.Segments.Length == count && !narrow.IsOpenEnded;
    }

    /// <summary>No where nothing that stands at the same place of both can be the same segment; allocates nothing.</summary>
    public static bool Touch(PathTemplate one, PathTemplate other)
    {
        for (var i = 0; i < one.Segments.Length && i < other.Segments.Length; i++)
        {
            var (a, b) = (one.Segments[i], other.Segments[i]);
            if (a is not null && b is not null ? a != b : !Fits(one, i, b) || !Fits(other, i, a)) return false;
        }

        return Begins(one, other) && Begins(other, one);
    }

    /// <summary>A path that both have; null when there is none.</summary>
    public static string? Meeting(PathTemplate one, PathTemplate other)
    {
        var path = "";
        for (var i = 0; i < Math.Max(Count(one), Count(other)); i++)
        {
            if (Segment(one, other, i) is not { } segment) return null;
            path += "/" + segment;
        }

        return path.Length == 0 ? "/" : path;
    }

    private static bool Contains(PathTemplate wide, PathTemplate narrow, int at)
        => wide.Segments[at] is { } literal ? literal == narrow.Segments[at]
            : wide.Shapes[at] is not { } shape || (narrow.Segments[at] is { } segment ? shape.Fits(segment) : narrow.Shapes[at] is { } other && shape.Holds(other));

    private static bool Fits(PathTemplate template, int at, string? segment) => template.Segments[at] is not null || template.Shapes[at] is not { } shape || segment is null || shape.Fits(segment);

    private static bool Begins(PathTemplate one, PathTemplate other)
        => one.Word is not { } word || (other.Segments.Length > one.Segments.Length ? other.Segments[one.Segments.Length]?.StartsWith(word, StringComparison.Ordinal) != false
            : other.Segments.Length != one.Segments.Length || other.Subtree || (other.Word is { } also && (also.StartsWith(word, StringComparison.Ordinal) || word.StartsWith(also, StringComparison.Ordinal))));

    private static int Count(PathTemplate template) => template.Segments.Length + (template.Word is null ? 0 : 1);

    private static string? Segment(PathTemplate one, PathTemplate other, int at)
    {
        if (!May(one, at) || !May(other, at)) return null;
        var (a, b) = (LiteralAt(one, at), LiteralAt(other, at));
        if (a is not null || b is not null) return Takes(one, at, (a ?? b)!) && Takes(other, at, (a ?? b)!) ? a ?? b : null;
        var (x, y) = (ShapeAt(one, at), ShapeAt(other, at));
        if (x is not null && y is not null && !x.Meets(y)) return null;
        var word = WordAt(one, at) is { } first && WordAt(other, at) is { } second ? first.Length > second.Length ? first : second : WordAt(one, at) ?? WordAt(other, at) ?? "";
        // "index." begins segments and is none.
        var fill = x is not null && y is not null ? x.Characters.First(y.Characters.Contains) : (x ?? y)?.Characters[^1] ?? 'x';
        var segment = word.PadRight(Math.Max(x?.Least ?? 1, y?.Least ?? 1), fill);
        if (!CanonicalPath.TryParse("/" + segment, out _)) segment += fill;
        return Takes(one, at, segment) && Takes(other, at, segment) ? segment : null;
    }

    private static bool May(PathTemplate template, int at) => at < Count(template) || template.IsOpenEnded;

    private static string? LiteralAt(PathTemplate template, int at) => at < template.Segments.Length ? template.Segments[at] : null;

    private static HoleShape? ShapeAt(PathTemplate template, int at) => at < template.Segments.Length ? template.Shapes[at] : null;

    private static string? WordAt(PathTemplate template, int at) => at == template.Segments.Length ? template.Word : null;

    private static bool Takes(PathTemplate template, int at, string segment)
        => LiteralAt(template, at) is { } literal ? literal == segment : ShapeAt(template, at) is { } shape ? shape.Fits(segment) : WordAt(template, at) is not { } word || segment.StartsWith(word, StringComparison.Ordinal);
}
