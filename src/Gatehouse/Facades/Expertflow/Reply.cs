using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Gatehouse.Facades.Expertflow;

/// <summary>Writes answers as Expertflow's clients read them, never kept by anybody on the way.</summary>
internal static class Reply
{
    /// <summary>An error.</summary>
    public static Task FaultAsync(HttpContext context, Fault fault)
    {
        if (fault is { Unnoted: true, Code: { } code }) context.RequestServices.GetRequiredService<Strangers>().Note(context, code);
        if (fault.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var form = fault.Form == Form.OneTime && !context.RequestServices.GetRequiredService<IOptions<ExpertflowSettings>>().Value.FlatOneTimeErrors ? Form.SignIn : fault.Form;
        return WriteAsync(context, fault.Status, writer => fault.Write(writer, form));
    }

    /// <summary>An object with these members; <paramref name="wrapped"/> puts it below <c>{"statusCode":200,"data":…}</c>.</summary>
    public static Task ObjectAsync(HttpContext context, bool wrapped, Action<Utf8JsonWriter> members) => WriteAsync(context, 200, writer =>
    {
        if (wrapped)
        {
            writer.WriteNumber("statusCode", 200);
            writer.WriteStartObject("data");
        }

        members(writer);
        if (wrapped) writer.WriteEndObject();
    });

    /// <summary>A text, where the vendor's older builds send no JSON.</summary>
    public static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Whatever goes wrong inside is an answer in the same form: a client that is answered nothing it can read keeps asking.</summary>
    public static RequestDelegate Always(string message, RequestDelegate endpoint, ILogger logger)
        => Answering.Always(endpoint, context => FaultAsync(context, Fault.Later(message)), context => FaultAsync(context, Fault.Inside(message)), logger);

    private static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> members) => JsonAnswer.WriteAsync(context, status, "application/json; charset=utf-8", members);
}
