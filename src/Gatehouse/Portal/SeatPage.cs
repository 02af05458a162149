using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;

namespace Gatehouse.Portal;

/// <summary>Asks a person who is signed in for the telephone at which they sit, and says in plain words when somebody else sits there. A step after the sign-in, for whoever asked by <see cref="Interaction.Seat"/>.</summary>
public sealed class SeatPage(Entrance entrance, Interactions interactions, Seats seats, Browser browser, Words words, Pages pages, ShowFault showFault, Gatehouse.Storage.Database database)
{
    private const string Step = "signin/seat";

    private sealed record Open(Realm Realm, Interaction Interaction, Session Session, string Back, string Language);

    /// <summary>GET: asks.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not { } open) return;

        // A place of one's own is taken when somebody presses the button: anybody can link to this page.
        await FormAsync(context, open, null, open.Interaction.Seat is { Length: > 0 } own ? own : open.Session.Extension ?? "", 200);
    }

    /// <summary>POST: takes the seat and goes on.</summary>
    public async Task SubmitAsync(HttpContext context)
    {
        if (await PageForm.ReadAsync(context, PageForm.Typed) is not { } form)
        {
            await showFault(context, null, Reasons.RequestInvalid, null);
            return;
        }

        if (await OpenAsync(context) is not { } open) return;
        var extension = open.Interaction.Seat is { Length: > 0 } own ? own : form["extension"] is { } text ? text.Replace(" ", "", StringComparison.Ordinal) : "";
        if (!browser.IsOwnPost(context, open.Interaction.Id, Step, form["mark"] ?? ""))
        {
            await FormAsync(context, open, words.Of(open.Language, Browser.HasNonce(context) ? "error.stale" : "error.cookies"), extension, 403);
            return;
        }

        switch (await seats.ClaimAsync(open.Session, extension, open.Interaction.ClientId, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted))
        {
            case SeatClaim.Taken:
                await database.WriteAsync(async work =>
                {
                    await interactions.FinishAsync(work, open.Interaction, open.Session.Id);
                    return true;
                }, context.RequestAborted);
                Onward.Go(context, SignInPage.Resume(open.Interaction));
                break;
            case SeatClaim.Busy:
                await FormAsync(context, open, words.Of(open.Language, "seat.busy", extension), extension, 409);
                break;
            case SeatClaim.Invalid:
                await FormAsync(context, open, words.Of(open.Language, "seat.invalid"), extension.Length > 32 ? "" : extension, 400);
                break;
            default:
                Onward.Go(context, Interactions.SignInPath(open.Interaction, open.Back));
                break;
        }
    }

    private async Task<Open?> OpenAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return null;
        var (id, back) = (context.Request.Query["i"].ToString(), context.Request.Query["back"].ToString());
        var interaction = id.Length > 0 ? await interactions.FindAsync(realm.Name, id, context.RequestAborted) : null;
        if (!LocalPath.IsSafe(back) || interaction is { Seat: null })
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return null;
        }

        // Timed out, or finished in the meantime: what it was for starts anew by itself. Nobody signed in: first that.
        if (interaction is null) Onward.Go(context, back);
        else if (await entrance.SessionAsync(context, realm) is not { } session) Onward.Go(context, Interactions.SignInPath(interaction, back));
        else if (session.User != interaction.SeatOf) Onward.Go(context, back);
        else return new Open(realm, interaction, session, back, Words.Choose(interaction.Locales, context.Request.Headers.AcceptLanguage));
        return null;
    }

    private Task FormAsync(HttpContext context, Open open, string? error, string extension, int status)
    {
        string Say(string key, params object[] values) => words.Of(open.Language, key, values);
        var own = open.Interaction.Seat is { Length: > 0 };
        var html = new Html().Raw("<h1>").Text(Say("seat.heading")).Raw("</h1><p>").Text(own ? Say("seat.own", extension) : Say("seat.text")).Raw("</p>");
        if (error is not null) html.Raw("<p class=\"alert\" role=\"alert\" id=\"error\">").Text(error).Raw("</p>");
        html.Raw("<form method=\"post\"").Attribute("action", Interactions.SeatPath(open.Interaction, open.Back)).Raw("><input type=\"hidden\" name=\"mark\"").Attribute("value", browser.Mark(open.Interaction.Id, Step, browser.Nonce(context))).Raw(">");
        if (!own)
        {
            html.Raw("<label for=\"extension\">").Text(Say("seat.extension")).Raw("</label><input id=\"extension\" name=\"extension\" type=\"text\" inputmode=\"tel\" autocomplete=\"off\" required maxlength=\"32\" autofocus");
            if (extension.Length > 0) html.Attribute("value", extension);
            if (error is not null) html.Raw(" aria-invalid=\"true\" aria-describedby=\"error\"");
            html.Raw(">");
        }

        html.Raw("<button type=\"submit\">").Text(Say(own && error is not null ? "seat.retry" : "seat.submit")).Raw("</button></form><a class=\"button quiet\"").Attribute("href", $"/realms/{open.Realm.Name}/sign-out").Raw(">").Text(Say("signout.submit")).Raw("</a>");
        var title = error is null ? Say("seat.title") : $"{Say("error.prefix")}: {Say("seat.title")}";
        return pages.SendAsync(context, open.Language, open.Realm.DisplayName ?? open.Realm.Name, title, html, status);
    }
}
