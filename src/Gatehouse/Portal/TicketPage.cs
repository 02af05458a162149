using Gatehouse.Credentials;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Portal;

/// <summary>Tells why a browser did not send a ticket, or which one it sent: it asks for one, and looks at what comes. Nobody is signed in here.</summary>
public sealed class TicketPage(Realms realms, Upstreams upstreams, Words words, Pages pages, ShowFault showFault)
{
    /// <summary>GET <c>sign-in/why-no-ticket</c>.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (realms.Find((string)context.Request.RouteValues["realm"]!) is not { Enabled: true } realm || upstreams.TicketAskers(realm.Name) is not [var way, ..] ways)
        {
            await showFault(context, null, Reasons.NotFound, null);
            return;
        }

        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        string Say(string key, params object[] values) => words.Of(language, key, values);
        var token = Finder.FindNegotiate(context.Request.Headers);
        if (token is null) context.Response.Headers.WWWAuthenticate = "Negotiate";
        var code = token is null ? "none" : "";
        foreach (var one in token is null ? [] : ways)
        {
            (way, code) = (one, await one.Asks.DiagnoseAsync(token!, context.RequestAborted) ?? "good");
            if (code is not ("wrong_service" or "wrong_realm")) break;
        }

        var shown = words.Has(language, "ticket." + code) ? "ticket." + code : "ticket.other";
        var html = new Html().Raw("<h1>").Text(Say("ticket.heading")).Raw("</h1><p role=\"status\">").Text(Say(shown, way.Asks.ServiceName, code)).Raw("</p>");
        if (way.Asks.Asks(context.Connection.RemoteIpAddress)) html.Raw("<p>").Text(Say("ticket.network", context.Connection.RemoteIpAddress?.ToString() ?? "?")).Raw("</p>");
        else html.Raw("<p class=\"alert\">").Text(Say("ticket.othernetwork", context.Connection.RemoteIpAddress?.ToString() ?? "?")).Raw("</p>");
        html.Raw("<h2>").Text(Say("ticket.browsers")).Raw("</h2><ul>");
        foreach (var browser in (string[])["chrome", "firefox", "clock", "klist"]) html.Raw("<li>").Text(Say("ticket.browser." + browser, context.Request.Host.Host, way.Asks.ServiceName)).Raw("</li>");
        html.Raw("</ul><p><a class=\"button\"").Attribute("href", $"/realms/{realm.Name}/sign-in").Raw(">").Text(Say("signin.submit")).Raw("</a></p>");
        await pages.SendAsync(context, language, realm.DisplayName ?? realm.Name, Say("ticket.heading"), html, token is null ? 401 : 200);
    }
}
