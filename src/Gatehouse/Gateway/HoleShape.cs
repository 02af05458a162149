using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Gatehouse.Gateway;

/// <summary>
/// Which characters a segment may have, and how many: <c>[0-9a-f]{24}</c>, <c>[0-9]{1,9}</c>, <c>[A-Za-z0-9_-]+</c>. No regular expression: one set of characters, a least and a most. The characters are those that stand plainly in every canonical path (letters, digits, <c>-._~</c>), so that counting them is counting what was asked for.
/// </summary>
public sealed class HoleShape : IEquatable<HoleShape>
{
    private const int Longest = 8192;

    private readonly SearchValues<char> allowed;
    private readonly string written;

    private HoleShape(string characters, int least, int most)
    {
        (Characters, Least, Most, allowed) = (characters, least, most, SearchValues.Create(characters));
        written = $"[{Ranges(characters)}]" + (most == Longest ? "+" : least == most ? string.Create(CultureInfo.InvariantCulture, $"{{{least}}}") : string.Create(CultureInfo.InvariantCulture, $"{{{least},{most}}}"));
    }

    /// <summary>The characters, sorted, each once.</summary>
    public string Characters { get; }

    /// <summary>How many at least; never 0.</summary>
    public int Least { get; }

    /// <summary>How many at most.</summary>
    public int Most { get; }

    /// <summary>Whether a segment is of this shape. Allocates nothing, and costs what the segment is long.</summary>
    public bool Fits(ReadOnlySpan<char> segment) => segment.Length >= Least && segment.Length <= Most && !segment.ContainsAnyExcept(allowed);

    /// <summary>Whether one segment can be of both shapes.</summary>
    public bool Meets(HoleShape other) => Math.Max(Least, other.Least) <= Math.Min(Most, other.Most) && Characters.AsSpan().IndexOfAny(other.allowed) >= 0;

    /// <summary>Whether every segment of the other shape is of this one.</summary>
    public bool Holds(HoleShape other) => other.Least >= Least && other.Most <= Most && !other.Characters.AsSpan().ContainsAnyExcept(allowed);

    /// <summary>Which of two is asked first: the one with fewer characters, then with fewer of them, whatever their order in the file.</summary>
    public int Before(HoleShape other)
    {
        var order = Characters.Length.CompareTo(other.Characters.Length);
        if (order == 0) order = Most.CompareTo(other.Most);
        if (order == 0) order = other.Least.CompareTo(Least);
        return order == 0 ? string.CompareOrdinal(Characters, other.Characters) : order;
    }

    /// <summary>Reads what stands behind the colon of a hole. False when it is anything else than one set and a number.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out HoleShape? shape)
    {
        shape = null;
        var close = text.IndexOf(']');
        if (close < 2 || text[0] != '[' || !TryRead(text[1..close], out var characters) || !TryCount(text[(close + 1)..], out var least, out var most)) return false;
        shape = new HoleShape(characters, least, most);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(HoleShape? other) => other is not null && written == other.written;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as HoleShape);

    /// <inheritdoc/>
    public override int GetHashCode() => written.GetHashCode(StringComparison.Ordinal);

    /// <summary>As it is written, in one way for each shape.</summary>
    public override string ToString() => written;

    // Ranges within digits, small or capital letters, and single characters; a hyphen is one where it stands last.
    private static bool TryRead(ReadOnlySpan<char> set, out string characters)
    {
        var found = new SortedSet<char>();
        characters = "";
        for (var i = 0; i < set.Length; i++)
        {
            if (!IsPlain(set[i])) return false;
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                var (from, to) = (set[i], set[i + 2]);
                if (from > to || !((char.IsAsciiDigit(from) && char.IsAsciiDigit(to)) || (char.IsAsciiLetterLower(from) && char.IsAsciiLetterLower(to)) || (char.IsAsciiLetterUpper(from) && char.IsAsciiLetterUpper(to)))) return false;
                for (var c = from; c <= to; c++) found.Add(c);
                i += 2;
            }
            else if (set[i] == '-' && i != set.Length - 1) return false;
            else found.Add(set[i]);
        }

        characters = string.Concat(found);
        return true;
    }

    private static bool TryCount(ReadOnlySpan<char> text, out int least, out int most)
    {
        (least, most) = (1, Longest);
        if (text is "+") return true;
        if (text is not ['{', .., '}']) return false;
        var inside = text[1..^1];
        var comma = inside.IndexOf(',');
        return int.TryParse(comma < 0 ? inside : inside[..comma], NumberStyles.None, CultureInfo.InvariantCulture, out least) && int.TryParse(inside[(comma + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out most)
            && least >= 1 && most >= least && most < Longest;
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    private static string Ranges(string characters)
    {
        var (text, last) = ("", "");
        for (var i = 0; i < characters.Length; i++)
        {
            var end = i;
            while (end + 1 < characters.Length && characters[end + 1] == characters[end] + 1 && char.IsAsciiLetterOrDigit(characters[end + 1]) && char.IsAsciiLetterOrDigit(characters[end])) end++;
            if (characters[i] == '-') last = "-";
            else text += end > i + 1 ? $"{characters[i]}-{characters[end]}" : characters[i..(end + 1)];
            i = end;
        }

        return text + last;
    }
}
