using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Portal;

/// <summary>Asks before signing out, since anybody can link to the sign-out address.</summary>
public sealed class SignOutPage(Entrance entrance, Users users, Interactions interactions, SignOut signOut, SignOutWays elsewhere, Browser browser, Words words, Pages pages, Issuers issuers, ShowFault showFault)
{
    private const string Step = "signout/confirm";

    /// <summary>GET: asks.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var session = await entrance.SessionAsync(context, realm);
        if (session is null)
        {
            Onward.Go(context, $"/realms/{realm.Name}/signed-out");
            return;
        }

        var id = context.Request.Query["i"].ToString();
        var interaction = id.Length > 0 ? await interactions.FindAsync(realm.Name, id, context.RequestAborted) : null;
        var user = await users.FindAsync(realm.Name, session.User, context.RequestAborted);
        var language = Words.Choose(interaction?.Locales, context.Request.Headers.AcceptLanguage);
        var nonce = browser.Nonce(context);
        var shown = realm.DisplayName ?? realm.Name;
        var html = new Html().Raw("<h1>").Text(words.Of(language, "signout.heading")).Raw("</h1><p>").Text(words.Of(language, "signout.text", user?.Username ?? "?", shown)).Raw("</p><form method=\"post\"")
            .Attribute("action", $"/realms/{realm.Name}/sign-out?i={Uri.EscapeDataString(interaction?.Id ?? "")}").Raw("><input type=\"hidden\" name=\"mark\"").Attribute("value", browser.Mark(interaction?.Id ?? "", Step, nonce))
            .Raw("><button type=\"submit\">").Text(words.Of(language, "signout.submit")).Raw("</button></form><a class=\"button quiet\"").Attribute("href", $"/realms/{realm.Name}/signed-in").Raw(">").Text(words.Of(language, "signout.cancel")).Raw("</a>");
        await pages.SendAsync(context, language, shown, words.Of(language, "signout.title"), html);
    }

    /// <summary>POST: ends the session.</summary>
    public async Task SubmitAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        if (await PageForm.ReadAsync(context, PageForm.Typed) is not { } form)
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return;
        }

        var id = context.Request.Query["i"].ToString();
        if (!browser.IsOwnPost(context, id, Step, form["mark"] ?? ""))
        {
            await showFault(context, realm.Name, Reasons.RequestInvalid, null);
            return;
        }

        var interaction = id.Length > 0 ? await interactions.FindAsync(realm.Name, id, context.RequestAborted) : null;
        var after = interaction is null ? $"/realms/{realm.Name}/signed-out" : interaction.ResumePath + interaction.Id;
        if (await entrance.SessionAsync(context, realm) is { } session)
        {
            await signOut.EndAsync(session, interaction?.ClientId, context.Connection.RemoteIpAddress?.ToString(), context.RequestAborted);
            after = await elsewhere.ThenAsync(session, after, interaction?.ClientId, context.RequestAborted);
        }

        Cookie.Clear(context.Response, realm.Name, issuers.IsTls);
        Onward.Go(context, after);
    }

    /// <summary>Says that it is done.</summary>
    public async Task DoneAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return;
        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        var html = new Html().Raw("<h1>").Text(words.Of(language, "signedout.heading")).Raw("</h1><p>").Text(words.Of(language, "signedout.text")).Raw("</p>");
        await pages.SendAsync(context, language, realm.DisplayName ?? realm.Name, words.Of(language, "signedout.title"), html);
    }
}
