using System.Buffers;
using System.Text.Json;
using Gatehouse.Credentials;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Microsoft.Extensions.Primitives;

namespace Gatehouse.Gateway;

/// <summary>Tells a client no: RFC 6750 and RFC 9728 challenges, a problem+json body (RFC 9457) with a stable code, the request id and a hint; a browser that navigates is led to the sign-in. Nothing that the client sent is repeated.</summary>
public sealed class Refusal(Issuers issuers)
{
    /// <summary>Answers a refused request.</summary>
    public Task SendAsync(HttpContext context, Ask? ask, Decision.Refuse refuse, Ruleset rules)
    {
        var status = refuse.Reason.Status;
        if (status == 401 && ask is not null && refuse.Route is { Service.Accepts.Session: true } && IsNavigation(ask)) return Lead(context, ask, refuse.Route, rules.File.Realm);
        var response = context.Response;
        if (status is 401 or 403 && refuse.Route is { } route) response.Headers.WWWAuthenticate = Challenges(ask, refuse, route, rules.File.Realm);
        if (refuse.RetryAfter is { } wait) response.Headers.RetryAfter = ((int)Math.Ceiling(Math.Max(1, wait.TotalSeconds))).ToString();
        return AnswerAsync(context, refuse.Route?.Service ?? Around(ask, rules), refuse.Reason, refuse.Missing is null ? null : $"It takes {refuse.Missing}.", status == 401 && refuse.Route is { Service.Accepts.Session: true } ? $"/realms/{rules.File.Realm}/sign-in" : null);
    }

    // Below a service's prefix, where none of its routes leads: its clients read its form there too.
    private static Service? Around(Ask? ask, Ruleset rules)
        => ask is null ? null : rules.File.Services.Where(service => ask.Path.Value.StartsWith(service.Prefix, StringComparison.Ordinal) && (ask.Path.Value.Length == service.Prefix.Length || ask.Path.Value[service.Prefix.Length] == '/')).MaxBy(service => service.Prefix.Length);

    /// <summary>Writes the service's own form of errors, or problem+json.</summary>
    public static async Task AnswerAsync(HttpContext context, Service? service, Reason reason, string? detail, string? signIn = null)
    {
        if (service?.Errors is not { } form)
        {
            await ProblemAsync(context, reason, detail, signIn);
            return;
        }

        var (body, response) = (form.Write(reason, detail), context.Response);
        response.StatusCode = reason.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Writes problem+json.</summary>
    public static async Task ProblemAsync(HttpContext context, Reason reason, string? detail, string? signIn = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        // Readable as it stands: the type is not HTML, and nosniff keeps it so.
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "urn:gatehouse:error:" + reason.Code);
            writer.WriteString("title", reason.Title);
            writer.WriteNumber("status", reason.Status);
            writer.WriteString("code", reason.Code);
            if (detail is not null) writer.WriteString("detail", detail);
            writer.WriteString("hint", reason.Hint);
            if (signIn is not null) writer.WriteString("sign_in", signIn);
            writer.WriteString("request_id", context.TraceIdentifier);
            writer.WriteEndObject();
        }

        var response = context.Response;
        response.StatusCode = reason.Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = buffer.WrittenCount;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(context.Request.Method)) await response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    // A browser answers a Basic challenge with a dialog of its own: never for a page's script, which a wrong or missing credential must not make into one.
    private StringValues Challenges(Ask? ask, Decision.Refuse refuse, Route route, string realm)
    {
        var accepts = route.Service.Accepts;
        if (!accepts.Basic || refuse.Reason.Status != 401 || ask is null || IsScript(ask)) return Challenge(refuse, route, realm);
        var basic = $"Basic realm=\"{realm}\", charset=\"UTF-8\"";
        return accepts.Token || !accepts.Issuers.IsEmpty || accepts.Dialog || !accepts.Legacy.IsEmpty ? new StringValues([Challenge(refuse, route, realm), basic]) : basic;
    }

    private static bool IsScript(Ask ask) => ask.Headers["X-Requested-With"].Count > 0 || (ask.Headers["Sec-Fetch-Mode"].Count > 0 && ask.Headers["Sec-Fetch-Mode"] is not ["navigate"]);

    private string Challenge(Decision.Refuse refuse, Route route, string realm)
    {
        var metadata = $"resource_metadata=\"{issuers.PublicUrl}/.well-known/oauth-protected-resource{route.Service.Prefix}\"";
        var challenge = $"Bearer realm=\"{realm}\"";
        // RFC 6750, 3: without a credential, no error code.
        if (ReferenceEquals(refuse.Reason, Reasons.CredentialMissing)) return $"{challenge}, {metadata}";
        if (ReferenceEquals(refuse.Reason, Reasons.ScopeMissing)) return $"{challenge}, error=\"insufficient_scope\", scope=\"{string.Join(' ', route.Rule!.Scopes)}\", {metadata}";
        return refuse.Reason.Status == 403 ? $"{challenge}, error=\"insufficient_scope\", error_description=\"{refuse.Reason.Title}\", {metadata}" : $"{challenge}, error=\"invalid_token\", error_description=\"{refuse.Reason.Title}\", {metadata}";
    }

    // Fetch metadata tells a person's navigation from a script's call, which wants a status it can act on (no per-route switch).
    private static bool IsNavigation(Ask ask)
        => ask.Method is "GET" or "HEAD" && ask.Headers["Sec-Fetch-Mode"] is ["navigate"] && ask.Headers["Sec-Fetch-Dest"] is not ["iframe" or "frame" or "embed" or "object"];

    private static Task Lead(HttpContext context, Ask ask, Route route, string realm)
    {
        context.Response.StatusCode = 302;
        context.Response.Headers.Location = $"/realms/{realm}/sign-in?back={Uri.EscapeDataString(ask.Path.Value + QueryTokens.Without(ask.Query, route.Places.Queries, []))}";
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
