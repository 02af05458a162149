using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Gatehouse.Wire.Text;

/// <summary>
/// JSON with one meaning: valid UTF-8 without a byte order mark, no duplicate members at any depth (RFC 8259, 4 leaves them open, and two parsers that pick different ones are an attack), no comments,
/// no half surrogates, nothing after the value, bounded size and depth. What passes can be read without an exception.
/// </summary>
public static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, AllowTrailingCommas = false, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Reads a JSON value of the given kind; false with the cause for anything else. Dispose the document; it refers to <paramref name="utf8"/>.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, Limits limits, JsonValueKind kind, [NotNullWhen(true)] out JsonDocument? document, out JsonFault fault)
    {
        document = null;
        fault = utf8.Length > limits.JsonBytes ? JsonFault.TooLarge : JsonFault.Malformed;
        if (utf8.Length == 0 || utf8.Length > limits.JsonBytes || !Utf8.IsValid(utf8.Span) || HasHalfSurrogate(utf8.Span)) return false;
        try
        {
            var read = JsonDocument.Parse(utf8, Options with { MaxDepth = limits.JsonDepth });
            if (read.RootElement.ValueKind == kind)
            {
                (document, fault) = (read, JsonFault.None);
                return true;
            }

            read.Dispose();
            fault = JsonFault.WrongKind;
        }
        catch (JsonException)
        {
            fault = Diagnose(utf8.Span, limits.JsonDepth);
        }

        return false;
    }

    // "\ud800" alone is JSON by the grammar and no text: reading it as a string would throw far from here.
    private static bool HasHalfSurrogate(ReadOnlySpan<byte> utf8)
    {
        while (utf8.IndexOf((byte)'\\') is >= 0 and var at)
        {
            var unit = Escaped(utf8[at..]);
            if (char.IsLowSurrogate(unit)) return true;
            utf8 = utf8[Math.Min(at + (unit == '\0' ? 2 : 6), utf8.Length)..];
            if (!char.IsHighSurrogate(unit)) continue;
            if (!char.IsLowSurrogate(Escaped(utf8))) return true;
            utf8 = utf8[6..];
        }

        return false;
    }

    // The code unit of a \uXXXX at the start; NUL for anything else, which is as good as any unit that is no surrogate.
    private static char Escaped(ReadOnlySpan<byte> utf8)
        => utf8 is [(byte)'\\', (byte)'u', ..] && utf8.Length >= 6 && ushort.TryParse(utf8.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : '\0';

    // The document's parser has no code for its refusals: walk once more, with neither bound, to tell them apart.
    private static JsonFault Diagnose(ReadOnlySpan<byte> utf8, int depth)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = utf8.Length + 1 });
        var deep = false;
        try
        {
            while (reader.Read()) deep |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= depth;
            return deep ? JsonFault.TooLarge : JsonFault.DuplicateMember;
        }
        catch (JsonException)
        {
            return JsonFault.Malformed;
        }
    }
}
