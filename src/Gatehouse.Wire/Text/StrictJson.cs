using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Gatehouse.Wire.Text;

/// <summary>
/// JSON with one meaning: UTF-8, no duplicate members at any depth (RFC 8259, 4 leaves them open, and two parsers that pick different ones are an attack), no comments, nothing after the value, bounded size and depth.
/// </summary>
public static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, AllowTrailingCommas = false, CommentHandling = JsonCommentHandling.Disallow };

    /// <summary>Reads a JSON object; false for anything else.</summary>
    public static bool TryParseObject(ReadOnlyMemory<byte> utf8, Limits limits, [NotNullWhen(true)] out JsonDocument? document)
        => TryParse(utf8, limits, JsonValueKind.Object, out document, out _);

    /// <summary>Reads a JSON value of the given kind; says whether a duplicate member was the cause of refusal.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, Limits limits, JsonValueKind kind, [NotNullWhen(true)] out JsonDocument? document, out bool duplicate)
    {
        document = null;
        duplicate = false;
        if (utf8.Length == 0 || utf8.Length > limits.JsonBytes || !System.Text.Unicode.Utf8.IsValid(utf8.Span)) return false;
        try
        {
            var read = JsonDocument.Parse(utf8, Options with { MaxDepth = limits.JsonDepth });
            if (read.RootElement.ValueKind != kind)
            {
                read.Dispose();
                return false;
            }

            document = read;
            return true;
        }
        catch (JsonException wrong)
        {
            // The reader has no code for it; the wording is the framework's own and has its test.
            duplicate = wrong.Message.Contains("uplicate", StringComparison.Ordinal);
            return false;
        }
    }
}
