using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Terms;

namespace Gatehouse.Gateway;

/// <summary>A vendor's form of errors, in place of problem+json, for a service whose clients read nothing else: <c>{"error": CODE, "message": TEXT}</c>. Statuses and headers stay.</summary>
/// <param name="Codes">Codes by ours: exact, by family (<c>token.*</c>), or <c>*</c> for all others; a reason that is not there keeps its own.</param>
public sealed record ErrorForm(ImmutableDictionary<string, string> Codes)
{
    /// <summary>The vendor's code of a reason.</summary>
    public string CodeOf(Reason reason)
        => Codes.TryGetValue(reason.Code, out var exact) ? exact : Codes.TryGetValue(reason.Code[..(reason.Code.IndexOf('.', StringComparison.Ordinal) + 1)] + "*", out var family) ? family : Codes.GetValueOrDefault("*", reason.Code);

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Write(Reason reason, string? detail)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("error", CodeOf(reason));
            writer.WriteString("message", string.Join(' ', new[] { reason.Title, detail, reason.Hint }.Where(one => !string.IsNullOrEmpty(one))));
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
