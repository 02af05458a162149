using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.People;
using Gatehouse.Tokens;
using Microsoft.Net.Http.Headers;

namespace Gatehouse.Facades.Gadgets;

/// <summary><c>/desk</c>: the agent desktop's page. It holds nobody's token and no script of its own; what it does stands in files.</summary>
internal sealed class DeskPage(Ground ground, Realms realms, Specs specs, Issuers issuers, Files files)
{
    private static readonly string[] Languages = ["en", "fr", "de"];

    public async Task ShowAsync(HttpContext context)
    {
        var language = LanguageOf(context.Request.Headers.AcceptLanguage.ToString());
        var words = files.BodyOf($"words-{language}.json");
        var realm = realms.Find(ground.Settings.Realm);
        var title = realm?.DisplayName is { Length: > 0 } name ? name : ground.Settings.Realm;
        using var read = JsonDocument.Parse(words);
        string Word(string key) => HtmlEncoder.Default.Encode(read.RootElement.GetProperty(key).GetString()!);
        var html = new StringBuilder("<!doctype html><html lang=\"").Append(language).Append("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>").Append(Word("title")).Append(" · ").Append(HtmlEncoder.Default.Encode(title))
            .Append("</title><link rel=\"stylesheet\" href=\"").Append(files.AddressOf("desk.css")).Append("\"><script type=\"application/json\" id=\"words\">").Append(JsonSerializer.Serialize(read.RootElement)).Append("</script><script type=\"module\" src=\"").Append(files.AddressOf("desk.js"))
            .Append("\"></script></head><body data-realm=\"").Append(HtmlEncoder.Default.Encode(ground.Settings.Realm)).Append("\" data-title=\"").Append(HtmlEncoder.Default.Encode(title)).Append("\"><noscript><p>").Append(Word("noscript")).Append("</p></noscript></body></html>");
        var pages = new List<string>();
        foreach (var gadget in ground.Settings.List)
            if ((await specs.FindAsync(gadget, context.RequestAborted)).Spec?.Page is { } page) pages.Add(GadgetTarget.OriginOf(page));
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = $"default-src 'none'; script-src {issuers.PublicUrl}/gadgets/js/; style-src {issuers.PublicUrl}/gadgets/js/; connect-src 'self'; frame-src 'self' {string.Join(' ', pages.Distinct())}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
        headers["Referrer-Policy"] = "strict-origin";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.Vary = HeaderNames.AcceptLanguage;
        await Reply.SendAsync(context, 200, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(html.ToString()));
    }

    private static string LanguageOf(string accepted)
    {
        if (accepted.Length is > 0 and < 1024 && StringWithQualityHeaderValue.TryParseList([accepted], out var preferred))
            foreach (var one in preferred.Where(one => one.Quality is null or > 0).OrderByDescending(one => one.Quality ?? 1))
                if (Languages.FirstOrDefault(language => one.Value.ToString().Split('-')[0].Equals(language, StringComparison.OrdinalIgnoreCase)) is { } known) return known;
        return Languages[0];
    }
}
