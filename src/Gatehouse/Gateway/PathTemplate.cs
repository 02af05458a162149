using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway;

/// <summary>A path with holes: literal segments, <c>{name}</c>, <c>{{name}}</c> or <c>{{}}</c> for exactly one segment, <c>/**</c> at the end for the path and everything below. Null segments are holes.</summary>
/// <param name="Text">As written.</param>
/// <param name="Segments">Segments; null for a hole.</param>
/// <param name="Subtree">Whether everything below belongs to it.</param>
public sealed record PathTemplate(string Text, ImmutableArray<string?> Segments, bool Subtree)
{
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
        var segments = ImmutableArray.CreateBuilder<string?>();
        foreach (var part in plain.Split('/').Skip(1))
        {
            if (part.StartsWith('{') && part.EndsWith('}'))
            {
                segments.Add(null);
                continue;
            }

            if (part.AsSpan().IndexOfAny("{}*") >= 0)
            {
                why = $"has '{part}': a hole is a whole segment, and ** stands at the end only";
                return false;
            }

            // A literal that no canonical path can equal would never match.
            if (!CanonicalPath.TryParse("/" + part, out var canonical))
            {
                why = $"has the segment '{part}', which no request may spell";
                return false;
            }

            segments.Add(canonical.Value[1..]);
        }

        template = new PathTemplate(text, segments.ToImmutable(), subtree);
        return true;
    }

    /// <summary>Index of the segment that is the hole of a name; null when there is none, or more than one.</summary>
    public int? HoleOf(string name)
    {
        var parts = Text.Split('/').Skip(1).ToList();
        var at = parts.FindIndex(part => part.StartsWith('{') && part.Trim('{', '}') == name);
        return at >= 0 && at == parts.FindLastIndex(part => part.StartsWith('{') && part.Trim('{', '}') == name) ? at : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
