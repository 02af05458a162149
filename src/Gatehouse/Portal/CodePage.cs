using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Portal;

/// <summary>Asks for the code of the second factor, after the password. Each tab carries its own interaction, as at the sign-in page.</summary>
public sealed class CodePage(Entrance entrance, Interactions interactions, Dispatcher dispatcher, CodeStep codes, Browser browser, Words words, Pages pages, Issuers issuers, ShowFault showFault)
{
    private const string Step = "signin/code";

    private sealed record Open(Realm Realm, Interaction Interaction, Session? Session, string Back, string Language, Origin Origin, HalfIn Half, People.User User, Factor Factor);

    /// <summary>GET: asks.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (await OpenAsync(context) is { } open) await FormAsync(context, open, UnsentOf(open, open.Half.Unsent), open.Half.Unsent is null ? 200 : 503, blames: false);
    }

    /// <summary>POST: tries the code, sends another, or goes back to the password.</summary>
    public async Task SubmitAsync(HttpContext context)
    {
        if (await PageForm.ReadAsync(context, PageForm.Typed) is not { } form)
        {
            await showFault(context, null, Reasons.RequestInvalid, null);
            return;
        }

        if (await OpenAsync(context) is not { } open) return;
        if (!browser.IsOwnPost(context, open.Interaction.Id, Step, form["mark"] ?? ""))
        {
            await FormAsync(context, open, words.Of(open.Language, Browser.HasNonce(context) ? "error.stale" : "error.cookies"), 403, blames: false);
            return;
        }

        switch (form["do"])
        {
            case "again":
                await codes.ForgetAsync(open.Interaction, context.RequestAborted);
                Onward.Go(context, Interactions.SignInPath(open.Interaction, open.Back));
                break;
            case "send" when open.Factor.Channel == Channel.Sms:
                var unsent = await codes.SendAgainAsync(open.Interaction, open.User, open.Origin, context.RequestAborted);
                if (unsent is null) Onward.Go(context, Interactions.CodePath(open.Interaction, open.Back));
                else await FormAsync(context, open, UnsentOf(open, unsent), unsent == OneTimeFault.Flood ? 429 : 503, blames: false);
                break;
            default:
                await TryAsync(context, open, form["code"] is { } code ? code.Replace(" ", "", StringComparison.Ordinal) : "");
                break;
        }
    }

    private async Task TryAsync(HttpContext context, Open open, string code)
    {
        switch (code.Length == 0 ? new CodeOutcome.Wrong() : await codes.TryAsync(open.Realm, open.Interaction, code, open.Origin, open.Session, context.RequestAborted))
        {
            case CodeOutcome.In arrived:
                Cookie.Write(context.Response, open.Realm.Name, arrived.Cookie, issuers.IsTls);
                browser.Remember(context, open.Realm.Name, arrived.Name);
                Onward.Go(context, SignInPage.Resume(open.Interaction));
                break;
            case CodeOutcome.Wait:
                await FormAsync(context, open, words.Of(open.Language, "code.wait"), 429, blames: true);
                break;
            case CodeOutcome.Over:
                Onward.Go(context, Interactions.SignInPath(open.Interaction, open.Back));
                break;
            default:
                await FormAsync(context, open, words.Of(open.Language, "code.wrong"), 401, blames: true);
                break;
        }
    }

    // What is missing before a code can be asked for is asked for first, by its own page.
    private async Task<Open?> OpenAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return null;
        var (id, back) = (context.Request.Query["i"].ToString(), context.Request.Query["back"].ToString());
        if (back.Length > 0 && !LocalPath.IsSafe(back))
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return null;
        }

        if (id.Length == 0 || await interactions.FindAsync(realm.Name, id, context.RequestAborted) is not { } interaction)
        {
            Onward.Go(context, back.Length > 0 ? back : $"/realms/{realm.Name}/sign-in");
            return null;
        }

        var session = await entrance.SessionAsync(context, realm);
        var origin = browser.OriginOf(context, realm.Name, "");
        if (dispatcher.NextOf(interaction, session) is Next.Show { Step: "code" } && await codes.FindAsync(interaction, origin, context.RequestAborted) is var (half, user, factor))
            return new Open(realm, interaction, session, back, Words.Choose(interaction.Locales, context.Request.Headers.AcceptLanguage), origin, half, user, factor);

        // Over: the password is asked for again. Another browser's half stays as it is.
        if (interaction.Half?.IsOf(origin) == true) await codes.ForgetAsync(interaction, context.RequestAborted);
        Onward.Go(context, Interactions.SignInPath(interaction, back));
        return null;
    }

    private string? UnsentOf(Open open, string? fault) => fault is null ? null : words.Of(open.Language, fault == OneTimeFault.Flood ? "code.flood" : "code.unsent");

    private Task FormAsync(HttpContext context, Open open, string? error, int status, bool blames)
    {
        string Say(string key, params object[] values) => words.Of(open.Language, key, values);
        var bySms = open.Factor.Channel == Channel.Sms;
        var html = new Html().Raw("<h1>").Text(Say("code.heading")).Raw("</h1><p id=\"hint\">").Text(bySms ? Say("code.sms", open.Factor.Phone[^2..]) : Say("code.app")).Raw("</p>");
        if (error is not null) html.Raw("<p class=\"alert\" role=\"alert\" id=\"error\">").Text(error).Raw("</p>");
        html.Raw("<form method=\"post\"").Attribute("action", Interactions.CodePath(open.Interaction, open.Back)).Raw("><input type=\"hidden\" name=\"mark\"").Attribute("value", browser.Mark(open.Interaction.Id, Step, browser.Nonce(context))).Raw(">");
        html.Raw("<label for=\"code\">").Text(Say("code.label")).Raw("</label><input id=\"code\" name=\"code\" type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" required maxlength=\"12\" autofocus");
        html.Raw(blames && error is not null ? " aria-invalid=\"true\" aria-describedby=\"error\">" : " aria-describedby=\"hint\">");
        html.Raw("<button type=\"submit\">").Text(Say("code.submit")).Raw("</button>");

        // The first button is what Enter presses.
        if (bySms) html.Raw("<button type=\"submit\" class=\"button quiet\" name=\"do\" value=\"send\" formnovalidate>").Text(Say("code.send")).Raw("</button>");
        html.Raw("<button type=\"submit\" class=\"button quiet\" name=\"do\" value=\"again\" formnovalidate>").Text(Say("code.again")).Raw("</button></form>");
        var title = error is null ? Say("code.title") : $"{Say("error.prefix")}: {Say("code.title")}";
        return pages.SendAsync(context, open.Language, open.Realm.DisplayName ?? open.Realm.Name, title, html, status);
    }
}
