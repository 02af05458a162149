using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Finesse;

/// <summary>Writes answers in the forms that Finesse's clients read, never kept by anybody on the way: XML of the REST API, JSON of the desktop's SSO addresses and of the identity service.</summary>
internal static class Reply
{
    private static readonly XmlWriterSettings Form = new() { Encoding = new UTF8Encoding(false), OmitXmlDeclaration = false };

    /// <summary>An answer of the REST API.</summary>
    public static async Task XmlAsync(HttpContext context, int status, Action<XmlWriter> write)
    {
        using var buffer = new MemoryStream(1024);
        using (var writer = XmlWriter.Create(buffer, Form)) write(writer);
        await SendAsync(context, status, "application/xml;charset=UTF-8", buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }

    /// <summary>An error of the REST API.</summary>
    public static Task ErrorAsync(HttpContext context, ApiError error)
    {
        Retry(context, error.RetryAfter);
        return XmlAsync(context, error.Status, xml =>
        {
            xml.WriteStartElement("ApiErrors");
            xml.WriteStartElement("ApiError");
            xml.WriteElementString("ErrorType", error.Type);
            xml.WriteElementString("ErrorMessage", error.Message);
            xml.WriteElementString("ErrorData", error.Datum);
            xml.WriteEndElement();
            xml.WriteEndElement();
        });
    }

    /// <summary>An error of the desktop's SSO addresses: a word for programs, a sentence for people.</summary>
    public static Task FaultAsync(HttpContext context, int status, string error, string message) => JsonAsync(context, status, writer =>
    {
        writer.WriteString("error", error);
        writer.WriteString("message", message);
    });

    /// <summary>An error of the identity service (RFC 6749, 5.2).</summary>
    public static Task OAuthAsync(HttpContext context, OAuthError error)
    {
        if (error.Code == "invalid_client" && context.Request.Headers.ContainsKey("Authorization")) context.Response.Headers.WWWAuthenticate = "Basic realm=\"ids\"";
        if (error.Status == 503) Retry(context, 2);
        return JsonAsync(context, error.Status, writer =>
        {
            writer.WriteString("error", error.Code);
            writer.WriteString("error_description", error.Description);
        });
    }

    /// <summary>A JSON object.</summary>
    public static Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> members)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return JsonAnswer.WriteAsync(context, status, "application/json", members);
    }

    /// <summary>A text without the characters that no XML can hold: an attribute may have any.</summary>
    public static string Plain(string text) => string.Concat(text.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));

    /// <summary>Bytes that are finished.</summary>
    public static Task SendAsync(HttpContext context, int status, string type, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Whatever goes wrong inside is told in the form of the address, by <paramref name="tell"/>: a client that is answered nothing it can read keeps asking.</summary>
    public static RequestDelegate Always(RequestDelegate endpoint, Func<HttpContext, ApiError, Task> tell, ILogger logger)
        => Answering.Always(endpoint, context => tell(context, ApiError.Later), context => tell(context, ApiError.Broken), logger);

    private static void Retry(HttpContext context, int? seconds)
    {
        if (seconds is { } wait) context.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
    }
}
