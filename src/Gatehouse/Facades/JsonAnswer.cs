using System.Buffers;
using System.Text.Json;

namespace Gatehouse.Facades;

/// <summary>A JSON object as an answer, never kept by anybody on the way.</summary>
internal static class JsonAnswer
{
    /// <summary>Writes it whole, with its length.</summary>
    public static async Task WriteAsync(HttpContext context, int status, string type, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        var response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, buffer.WrittenCount);
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
