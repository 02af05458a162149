using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace Gatehouse.SignIn;

/// <summary>A page that carries the browser on by POST: OAuth 2.0 Form Post Response Mode, SAML's POST binding. It has the one script we have, allowed by its hash; the button is for browsers without scripts.</summary>
public static class OnwardForm
{
    private const string Submit = "document.forms[0].submit()";
    private static readonly string Policy = $"default-src 'none'; script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(Submit)))}'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Sends the page.</summary>
    public static Task SendAsync(HttpContext context, string action, IEnumerable<(string Name, string Value)> fields)
    {
        var encode = HtmlEncoder.Default;
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Continue</title><body><form method=\"post\" action=\"").Append(encode.Encode(action)).Append("\">");
        foreach (var (name, value) in fields) html.Append("<input type=\"hidden\" name=\"").Append(encode.Encode(name)).Append("\" value=\"").Append(encode.Encode(value)).Append("\">");
        html.Append("<button autofocus>Continue</button></form><script>").Append(Submit).Append("</script></body></html>");
        context.Response.ContentType = "text/html; charset=utf-8";
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(html.ToString(), context.RequestAborted);
    }
}
