using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>
/// A path with holes: literal segments; <c>{name}</c>, <c>{{name}}</c> or <c>{{}}</c> for exactly one segment, <c>{name:[0-9a-f]{24}}</c> for one of such characters; at the end <c>/**</c> for the path and everything below, or a word that ends with a star (<c>/users*</c>) for
/// every path that begins so, whatever follows, slashes too. Null segments are holes.
/// </summary>
/// <param name="Text">As written.</param>
/// <param name="Segments">Segments; null for a hole. The word that only begins the last segment is not among them.</param>
/// <param name="Subtree">Whether everything below belongs to it.</param>
public sealed record PathTemplate(string Text, ImmutableArray<string?> Segments, bool Subtree)
{
    /// <summary>With which characters, canonically spelled, the segment after <see cref="Segments"/> begins; whatever follows belongs to it. Null where the template does not end so.</summary>
    public string? Word { get; private init; }

    /// <summary>For each of <see cref="Segments"/> that is a hole for certain characters only, which; null for all others.</summary>
    public ImmutableArray<HoleShape?> Shapes { get; private init; } = [];

    /// <summary>Whether more paths belong to it than its segments spell.</summary>
    public bool IsOpenEnded => Subtree || Word is not null;

    /// <summary>The same for templates that have the same paths, and for no others: names of holes make no difference. Not a template.</summary>
    public string Key
        => string.Concat(Segments.Select((segment, at) => "/" + (segment?.Replace("*", "%2A", StringComparison.Ordinal) ?? $"{{{Shapes[at]}}}"))) + (Subtree ? "/**" : Word is null ? "" : $"/{Word.Replace("*", "%2A", StringComparison.Ordinal)}*");

    /// <summary>Reads a template; <paramref name="why"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PathTemplate? template, out string why)
    {
        template = null;
        why = "";
        if (text.Length == 0 || text[0] != '/')
        {
            why = "begins without a slash";
            return false;
        }

        var subtree = text.EndsWith("/**", StringComparison.Ordinal);
        var plain = subtree ? text[..^3] : text;
        var parts = plain.Split('/');
        var segments = ImmutableArray.CreateBuilder<string?>();
        var shapes = ImmutableArray.CreateBuilder<HoleShape?>();
        string? word = null;
        for (var i = 1; i < parts.Length; i++)
        {
            var part = parts[i];
            if (part.StartsWith('{') && part.EndsWith('}'))
            {
                HoleShape? shape = null;
                if (part.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && !HoleShape.TryParse(part.AsSpan((colon + 1)..^1), out shape))
                {
                    why = $"has '{part}': behind the colon stand the characters that the segment may have and how many of them, as in {{id:[0-9a-f]{{24}}}}, [0-9]{{1,9}} or [A-Za-z0-9_-]+";
                    return false;
                }

                segments.Add(null);
                shapes.Add(shape);
                continue;
            }

            // The star is looked for before anything is decoded: a request's own star (%2A) is a character like others.
            var begins = i == parts.Length - 1 && !subtree && part.Length > 1 && part[^1] == '*';
            var literal = begins ? part[..^1] : part;
            if (literal.AsSpan().IndexOfAny("{}*") >= 0)
            {
                why = part == "*" ? "ends with a star alone: write /** for the path and everything below, {name} for one segment, or a word before the star" : $"has '{part}': a hole is a whole segment, and ** or a word with one star stands at the end only";
                return false;
            }

            if (part.Length == 0 && i < parts.Length - 1)
            {
                why = "has two slashes in a row, which no request may spell";
                return false;
            }

            // A literal that no canonical path can equal would never match. What only begins a segment must be sound with something behind it: "index." is no segment, and begins "index.html".
            if (!CanonicalPath.TryParse($"/{literal}{(begins ? "x" : "")}", out var canonical))
            {
                why = $"has the segment '{part}', which no request may spell";
                return false;
            }

            if (begins)
            {
                word = canonical.Value[1..^1];
                continue;
            }

            segments.Add(canonical.Value[1..]);
            shapes.Add(null);
        }

        template = new PathTemplate(text, segments.ToImmutable(), subtree) { Word = word, Shapes = shapes.ToImmutable() };
        return true;
    }

    /// <summary>Index of the segment that is the hole of a name; null when there is none, or more than one.</summary>
    public int? HoleOf(string name)
    {
        var parts = Text.Split('/').Skip(1).Select(NameOf).ToList();
        var at = parts.IndexOf(name);
        return at >= 0 && at == parts.LastIndexOf(name) ? at : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string? NameOf(string part)
        => !part.StartsWith('{') || !part.EndsWith('}') ? null : part.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? part[1..colon] : part.Trim('{', '}');
}
