using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace Gatehouse.Protocols.OpenId;

/// <summary>Sends an authorization answer to the client's checked redirect address, with <c>iss</c> (RFC 9207) and the client's state.</summary>
internal static class AuthorizeAnswer
{
    private const string Submit = "document.forms[0].submit()";
    private static readonly string Policy = $"default-src 'none'; script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(Submit)))}'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Answers by the request's response mode.</summary>
    public static Task SendAsync(HttpContext context, AuthorizeRequest r, string issuer, IReadOnlyList<(string Name, string Value)> members)
    {
        var all = new List<(string Name, string Value)>();
        if (r.State is not null) all.Add(("state", r.State));
        all.AddRange(members);
        all.Add(("iss", issuer));
        Exchange.NoStore(context.Response);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (r.ResponseMode == "form_post") return PostAsync(context, r.RedirectUri!, all);
        var query = string.Join('&', all.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        var mark = r.ResponseMode == "fragment" ? '#' : r.RedirectUri!.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        // 303: whatever the method was, the client is asked with GET, and a password never travels on (RFC 9700, 4.12).
        context.Response.StatusCode = 303;
        context.Response.Headers.Location = r.RedirectUri + mark + query;
        return Task.CompletedTask;
    }

    // OAuth 2.0 Form Post Response Mode: the one script we have, allowed by its hash; the button is for browsers without scripts.
    private static Task PostAsync(HttpContext context, string action, List<(string Name, string Value)> members)
    {
        var encode = HtmlEncoder.Default;
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Continue</title><body><form method=\"post\" action=\"").Append(encode.Encode(action)).Append("\">");
        foreach (var (name, value) in members) html.Append("<input type=\"hidden\" name=\"").Append(encode.Encode(name)).Append("\" value=\"").Append(encode.Encode(value)).Append("\">");
        html.Append("<button autofocus>Continue</button></form><script>").Append(Submit).Append("</script></body></html>");
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = Policy;
        return context.Response.WriteAsync(html.ToString(), context.RequestAborted);
    }
}
