using System.Text.Json;

namespace Gatehouse.Facades.Xivo;

/// <summary>Writes answers as XiVO's clients read them: always JSON, never kept by anybody on the way.</summary>
internal static class Reply
{
    /// <summary>The one good answer of all these endpoints.</summary>
    public static Task TokenAsync(HttpContext context, string login, string token, int seconds) => WriteAsync(context, 200, writer =>
    {
        writer.WriteString(Vendor.Login, login);
        writer.WriteString(Vendor.Token, token);
        writer.WriteNumber(Vendor.Ttl, seconds);
    });

    /// <summary>An error.</summary>
    public static Task FaultAsync(HttpContext context, Fault fault)
    {
        if (fault.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return WriteAsync(context, fault.Status, writer =>
        {
            writer.WriteString(Vendor.Error, fault.Error);
            writer.WriteString(Vendor.Message, fault.Message);
        });
    }

    /// <summary>Whatever goes wrong inside is an UnhandledError: a client that is answered nothing it can read keeps asking.</summary>
    public static RequestDelegate Always(RequestDelegate endpoint, ILogger logger) => Answering.Always(
        endpoint, context => FaultAsync(context, Fault.Later), context => FaultAsync(context, new Fault(500, Vendor.UnhandledError, "Something went wrong inside. The operator finds the cause in the log.")), logger);

    private static Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> members) => JsonAnswer.WriteAsync(context, status, "application/json", members);
}
