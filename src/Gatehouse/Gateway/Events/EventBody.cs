using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Gateway.Events;

/// <summary>A platform's event as JSON: read strictly, and written again with the token in it.</summary>
internal static class EventBody
{
    /// <summary>The body of a request, when it is a JSON object of at most 256 KiB without a member twice; null otherwise. Dispose it.</summary>
    public static async Task<JsonDocument?> ReadAsync(HttpContext context, long? maxBody, TimeProvider time)
        => await JsonBody.ReadAsync(context, maxBody, leave: false, time, CancellationToken.None) is { } body && StrictJson.TryParse(body, Limits.Default, JsonValueKind.Object, out var document, out _) ? document : null;

    /// <summary>A text that members lead to; null when there is none.</summary>
    public static string? TextAt(JsonElement event_, ImmutableArray<string> members)
    {
        foreach (var member in members)
        {
            if (event_.ValueKind != JsonValueKind.Object || !event_.TryGetProperty(member, out event_)) return null;
        }

        return event_.ValueKind == JsonValueKind.String ? event_.GetString() : null;
    }

    /// <summary>The event with the token in a member of it; whatever stood there is gone.</summary>
    public static byte[] With(JsonElement event_, string? member, string? token)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var one in event_.EnumerateObject())
                if (one.Name != member) one.WriteTo(writer);
            if (member is not null && token is not null) writer.WriteString(member, token);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
