using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.Portal;

/// <summary>Says plainly that something cannot go on, with the code that the help desk asks for.</summary>
public sealed class FaultPage(Realms realms, Words words, Pages pages)
{
    /// <summary>Shows a fault; see <see cref="SignIn.ShowFault"/>.</summary>
    public Task ShowAsync(HttpContext context, string? realm, Reason reason, string? detail)
    {
        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        var found = realm is null ? null : realms.Find(realm);
        var html = new Html().Raw("<h1>").Text(words.Of(language, "fault.heading")).Raw("</h1>");
        if (detail is not null) html.Raw("<p>").Text(detail).Raw("</p>");
        html.Raw("<p>").Text(words.Of(language, "fault.help")).Raw("</p><p>").Text(words.Of(language, "fault.code")).Raw(": <code>").Text(reason.Code).Raw("</code></p>");
        return pages.SendAsync(context, language, found?.DisplayName ?? found?.Name ?? "", words.Of(language, "fault.title"), html, reason.Status);
    }
}
