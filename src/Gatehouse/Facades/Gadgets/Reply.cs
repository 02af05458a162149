using System.Buffers;
using System.Text.Json;
using Gatehouse.Terms;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Writes the answers: JSON that nobody keeps, and errors as problem details where no vendor has a form.</summary>
internal static class Reply
{
    public static async Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write, string type = "application/json")
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        await SendAsync(context, status, type, buffer.WrittenMemory);
    }

    public static Task ProblemAsync(HttpContext context, Reason reason, string? detail = null) => JsonAsync(context, reason.Status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", "about:blank");
        writer.WriteString("title", reason.Title);
        writer.WriteNumber("status", reason.Status);
        writer.WriteString("code", reason.Code);
        writer.WriteString("hint", reason.Hint);
        if (detail is not null) writer.WriteString("detail", detail);
        writer.WriteEndObject();
    }, "application/problem+json");

    public static async Task SendAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, body.Length);
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>What goes wrong inside is told in the one form, too.</summary>
    public static RequestDelegate Always(RequestDelegate endpoint, ILogger logger)
        => Answering.Always(endpoint, context => ProblemAsync(context, Reasons.VerifierUnavailable), context => ProblemAsync(context, Reasons.Internal), logger);
}
