using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Outbound;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Facades.Gadgets;

/// <summary>
/// <c>POST /gadgets/makeRequest</c>: Shindig's proxy as its clients know it, and no open one. Whoever asks shows the security token of a gadget in a session that lives; the address must be on that gadget's list, and its name must lead to the internet, or to
/// what the operator named. Redirects are not followed. Refusals have the vendor's form (<c>rc</c>, <c>errors</c>) and are audited.
/// </summary>
internal sealed class ProxyEndpoint(Ground ground, SecurityTokens tokens, Verify verify, SessionStore sessions, GadgetStops stops, GuardedHttp http, Issuers issuers, Refusals refusals)
{
    private const int MostBytes = 1024 * 1024;
    private static readonly byte[] Guard = "throw 1; < don't be evil' >"u8.ToArray();
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly string[] Passed = ["Content-Type", "Content-Language", "ETag", "Last-Modified", "Retry-After", "WWW-Authenticate"];
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.Default };

    public async Task AskAsync(HttpContext context)
    {
        if (!Admit(context))
        {
            refusals.Note(context, Reasons.CredentialCrossSite, null, null, "");
            return;
        }

        var (fields, fault) = await Posted.ReadAsync(context);
        var url = fields?["url"] ?? "";
        if (fields is null)
        {
            await RefuseAsync(context, url, Reasons.RequestInvalid, fault, null);
            return;
        }

        if (tokens.Open(fields["st"]) is not { } st || st.Realm != ground.Settings.Realm || ground.Find(st.Gadget) is not { } gadget || stops.Has(st.Realm, st.Gadget) || sessions.HasEnded(st.Realm, st.Session)
            || await sessions.FindAsync(st.Realm, st.Session, context.RequestAborted) is not { } session || session.User != st.User)
        {
            await RefuseAsync(context, url, Reasons.GadgetToken, null, tokens.Open(fields["st"]));
            return;
        }

        var (request, refused, detail) = ProxyRequest.Read(fields, st, gadget, ground.TargetsOf(gadget), verify);
        if (request is null)
        {
            await RefuseAsync(context, url, refused!, detail, st);
            return;
        }

        using var message = request.ToMessage();
        var result = await http.SendAsync(message, MostBytes, Patience, context.RequestAborted);
        using var answer = result.Answer;
        var wrong = result.End switch
        {
            GuardedEnd.Address => Reasons.GadgetAddress,
            GuardedEnd.Late => Reasons.GadgetTimeout,
            GuardedEnd.Large or GuardedEnd.Failed => Reasons.GadgetUpstream,
            _ => (int)answer!.StatusCode is >= 300 and < 400 and not 304 ? Reasons.GadgetRedirect : null,
        };
        if (wrong is not null) await RefuseAsync(context, url, wrong, null, st);
        else await AnswerAsync(context, url, (int)answer!.StatusCode, TextOf(answer, result.Body), answer, null);
    }

    /// <summary>Browsers ask before they send what is no plain form.</summary>
    public Task AllowAsync(HttpContext context)
    {
        if (Admit(context)) context.Response.StatusCode = 204;
        context.Response.Headers.AccessControlAllowMethods = "POST";
        context.Response.Headers.AccessControlAllowHeaders = "Content-Type";
        return Task.CompletedTask;
    }

    // A gadget's frame has an origin of its own, "null"; the desktop has ours. What a page of another site sends is not looked at.
    private bool Admit(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        context.Response.Headers.Vary = "Origin";
        if (origin.Length > 0 && origin != "null" && origin != new Uri(issuers.PublicUrl).GetLeftPart(UriPartial.Authority))
        {
            context.Response.StatusCode = 403;
            return false;
        }

        if (origin.Length > 0) context.Response.Headers.AccessControlAllowOrigin = origin;
        return true;
    }

    private Task RefuseAsync(HttpContext context, string url, Reason reason, string? detail, SecurityToken? st)
    {
        refusals.Note(context, reason, detail, st, url);
        return AnswerAsync(context, url, reason.Status, "", null, $"{reason.Code}: {reason.Title}{(detail is null ? "" : $" ({detail})")} {reason.Hint}");
    }

    private static async Task AnswerAsync(HttpContext context, string url, int code, string body, HttpResponseMessage? answer, string? error)
    {
        using var buffer = new MemoryStream();
        buffer.Write(Guard);
        await using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteStartObject(url.Length > 4096 ? "" : url);
            writer.WriteNumber("rc", code);
            writer.WriteString("body", body);
            writer.WriteStartObject("headers");
            foreach (var name in Passed)
                if (answer is not null && (answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values)))
                {
                    writer.WriteStartArray(name.ToLowerInvariant());
                    foreach (var value in values) writer.WriteStringValue(value);
                    writer.WriteEndArray();
                }

            writer.WriteEndObject();
            if (error is not null)
            {
                writer.WriteStartArray("errors");
                writer.WriteStringValue(error);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        await Reply.SendAsync(context, 200, "application/json; charset=utf-8", buffer.ToArray());
    }

    private static string TextOf(HttpResponseMessage answer, byte[] body)
        => answer.Content.Headers.ContentType?.CharSet?.Trim('"').ToLowerInvariant() switch { "iso-8859-1" or "latin1" or "us-ascii" => Encoding.Latin1, "utf-16" => Encoding.Unicode, _ => Encoding.UTF8 } is var encoding && body.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.GetString(body.AsSpan(3)) : encoding.GetString(body);
}
