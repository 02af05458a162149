using System.Text;
using System.Text.Encodings.Web;

namespace Gatehouse.Portal;

/// <summary>A page's text under construction: whatever is not the template itself goes through <see cref="Text"/> or <see cref="Attribute"/>.</summary>
public sealed class Html
{
    private readonly StringBuilder text = new();

    /// <summary>Template text, never a value.</summary>
    public Html Raw(string template)
    {
        text.Append(template);
        return this;
    }

    /// <summary>A value as text.</summary>
    public Html Text(string value)
    {
        text.Append(HtmlEncoder.Default.Encode(value));
        return this;
    }

    /// <summary>An attribute with a value.</summary>
    public Html Attribute(string name, string value)
    {
        text.Append(' ').Append(name).Append("=\"").Append(HtmlEncoder.Default.Encode(value)).Append('"');
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();
}

/// <summary>The frame of every page and the headers that protect it.</summary>
public sealed class Pages(Assets assets)
{
    /// <summary>Sends a page.</summary>
    public Task SendAsync(HttpContext context, string language, string realmName, string title, Html body, int status = 200)
    {
        var page = new Html().Raw("<!doctype html><html").Attribute("lang", language).Raw("><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>")
            .Text(realmName.Length == 0 ? title : $"{title} · {realmName}").Raw("</title><link rel=\"stylesheet\"").Attribute("href", assets.AddressOf("gatehouse.css")).Raw("></head><body><main>");
        if (realmName.Length > 0) page.Raw("<p class=\"realm\"><span class=\"mark\" aria-hidden=\"true\"></span>").Text(realmName).Raw("</p>");
        page.Raw(body.ToString()).Raw("</main></body></html>");
        var bytes = Encoding.UTF8.GetBytes(page.ToString());
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = bytes.Length;
        Protect(response);
        return response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    // No form-action: browsers apply it to the redirects after a form as well, and those end at the application.
    private static void Protect(HttpResponse response)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        // Not no-referrer: under it browsers send "Origin: null" with our own forms. Nor same-origin: what stands behind the gate is of this origin and would be told the form's address.
        headers["Referrer-Policy"] = "strict-origin";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups";
    }
}
