using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>An admin request that changes nothing, and why; the routes turn it into an answer.</summary>
internal sealed class Refused(Reason reason, string? detail = null) : Exception(detail ?? reason.Title)
{
    public Reason Reason { get; } = reason;

    public string? Detail { get; } = detail;

    public static Refused Invalid(string detail) => new(Reasons.RequestInvalid, detail);

    public static Refused Unsupported(string detail) => new(Reasons.RequestUnsupported, detail);

    public static Refused Missing(string what) => new(Reasons.NotFound, $"{what} not found");

    /// <summary>Writes problem+json (RFC 9457) which also carries the two members that Keycloak's clients read.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var body = new JsonObject
        {
            ["type"] = $"urn:gatehouse:reason:{Reason.Code}",
            ["title"] = Reason.Title,
            ["status"] = Reason.Status,
            ["detail"] = Detail ?? Reason.Title,
            ["code"] = Reason.Code,
            ["hint"] = Reason.Hint,
            ["error"] = Detail ?? Reason.Title,
            ["errorMessage"] = Detail ?? Reason.Title,
        };
        context.Response.StatusCode = Reason.Status;
        context.Response.ContentType = "application/problem+json";
        return context.Response.WriteAsync(body.ToJsonString(JsonSerializerOptions.Web), context.RequestAborted);
    }
}
