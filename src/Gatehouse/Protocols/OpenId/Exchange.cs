using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Reads requests and writes answers in the protocol's own form.</summary>
internal static class Exchange
{
    /// <summary>The realm of the address, or null after a 404 was written.</summary>
    public static async Task<Realm?> RealmAsync(HttpContext context, Realms realms)
    {
        var realm = realms.Find((string)context.Request.RouteValues["realm"]!);
        if (realm is { Enabled: true }) return realm;
        await ErrorAsync(context, new OAuthError("not_found", realm is null ? "Realm does not exist" : "Realm not enabled", realm is null ? 404 : 403));
        return null;
    }

    /// <summary>The form of a POST body: bounded, strictly decoded, without model binding.</summary>
    public static async Task<(Parameters? Parameters, OAuthError? Error)> FormAsync(HttpContext context)
    {
        if (context.Request.ContentType is not { } type || !type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return (null, OAuthError.InvalidRequest("The body must be application/x-www-form-urlencoded."));
        if (await PatientBody.ReadAsync(context, Parameters.Longest) is not { } body) return (null, OAuthError.InvalidRequest("The request is too long, or takes too long."));
        return TryParse(body, out var parameters, out var error) ? (parameters, null) : (null, error);
    }

    /// <summary>Writes JSON that must not be kept (RFC 6749, 5.1).</summary>
    public static async Task JsonAsync(HttpContext context, ReadOnlyMemory<byte> body, int status = 200)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        NoStore(response);
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Writes an error in OAuth's form.</summary>
    public static Task ErrorAsync(HttpContext context, OAuthError error)
    {
        // RFC 6749, 5.2: a client that used the Authorization header is told the scheme.
        if (error.Code == "invalid_client" && context.Request.Headers.ContainsKey("Authorization")) context.Response.Headers.WWWAuthenticate = "Basic realm=\"gatehouse\"";
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("error", error.Code);
            writer.WriteString("error_description", error.Description);
            writer.WriteEndObject();
        }

        return JsonAsync(context, buffer.WrittenMemory, error.Status);
    }

    /// <summary>An endpoint that tells its client to come again when more writes wait than the disk takes: 503 in OAuth's form, with Retry-After.</summary>
    public static RequestDelegate OrBusy(RequestDelegate endpoint) => async context =>
    {
        try
        {
            await endpoint(context);
        }
        catch (StorageBusy) when (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = "2";
            await ErrorAsync(context, new OAuthError("temporarily_unavailable", Reasons.Busy.Title + " " + Reasons.Busy.Hint, 503));
        }
        catch (BeginningRefused refused) when (!context.Response.HasStarted)
        {
            refused.Write(context.Response);
            await ErrorAsync(context, new OAuthError(refused.Reason.Status == 429 ? "temporarily_unavailable" : "invalid_request", refused.Reason.Title + " " + refused.Reason.Hint, refused.Reason.Status));
        }
    };

    /// <summary>Nothing on the way keeps the answer.</summary>
    public static void NoStore(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.Pragma = "no-cache";
    }

    /// <summary>Client address for the audit log.</summary>
    public static string? AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();

    /// <summary>The audit event of a refusal. The client counts as named when it is not known.</summary>
    public static AuditEvent Refusal(HttpContext context, string realm, string type, string? client, OAuthError error) => new()
    {
        Realm = realm, Type = type, Client = client, Address = AddressOf(context), Error = error.Code, Details = new Dictionary<string, string> { ["reason"] = error.Description },
    };

    private static bool TryParse(byte[] body, [NotNullWhen(true)] out Parameters? parameters, [NotNullWhen(false)] out OAuthError? error)
    {
        var chars = ArrayPool<char>.Shared.Rent(body.Length + 1);
        try
        {
            // Latin-1: every byte a character; bytes above 127 are refused by the parser, for an encoder escapes them.
            var length = Encoding.Latin1.GetChars(body, chars);
            return Parameters.TryParse(chars.AsSpan(0, length), out parameters, out error);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars, clearArray: true);
        }
    }
}
