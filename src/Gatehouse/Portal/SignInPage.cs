using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;
using Gatehouse.Tokens;

namespace Gatehouse.Portal;

/// <summary>The sign-in page. Each tab carries its own interaction in its address and ends where it started.</summary>
public sealed class SignInPage(Realms realms, Entrance entrance, Interactions interactions, Dispatcher dispatcher, PasswordStep password, Browser browser, Words words, Pages pages, Issuers issuers, ShowFault showFault, Gatehouse.Storage.Database database, Upstreams upstreams, TicketDoor tickets)
{
    private const string Step = "signin/password";

    /// <summary>GET: shows the form, or goes on at once when a session is good enough.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (await OpenAsync(context) is not { } open) return;
        if (await FinishedAsync(context, open)) return;
        if (dispatcher.NextOf(open.Interaction, open.Session) is Next.Show { Step: "code" } && open.Interaction.Half!.IsOf(browser.OriginOf(context, open.Realm.Name, "")))
        {
            Onward.Go(context, Interactions.CodePath(open.Interaction, open.Back));
            return;
        }

        if (open.Interaction.Pending is { } half && !half.IsOf(browser.OriginOf(context, open.Realm.Name, "")))
        {
            await LostAsync(context, open.Realm, half.Upstream);
            return;
        }

        if (open.Interaction is { UpstreamHint: { } hint, Pending: null } && upstreams.Find(open.Realm.Name, hint) is { Enabled: true } wanted && upstreams.Open(wanted).Upstream is IRedirects)
        {
            Onward.Go(context, BrokerPath(open, wanted, null));
            return;
        }

        var door = await tickets.PassAsync(context, open.Realm, open.Interaction, open.Session, open.Back);
        if (!door.Done) await FormAsync(context, open, door.Title is null ? null : words.Of(open.Language, "error.ticket", door.Title), open.Interaction.LoginHint ?? "", door.Status, blames: false);
    }

    /// <summary>POST: checks and goes on, or shows the form again.</summary>
    public async Task SubmitAsync(HttpContext context)
    {
        if (await PageForm.ReadAsync(context, PageForm.Typed) is not { } form)
        {
            await showFault(context, null, Reasons.RequestInvalid, null);
            return;
        }

        if (await OpenAsync(context) is not { } open) return;
        var (username, secret) = (Only(form["username"]), Only(form["password"]));
        if (!browser.IsOwnPost(context, open.Interaction.Id, Step, Only(form["mark"])))
        {
            await FormAsync(context, open, words.Of(open.Language, Browser.HasNonce(context) ? "error.stale" : "error.cookies"), username, 403);
            return;
        }

        // A password that belongs elsewhere is not looked at here.
        if (open.Interaction.Pending is null && upstreams.HomeOf(open.Realm.Name, username) is { } home && upstreams.Open(home).Upstream is IRedirects)
        {
            Onward.Go(context, BrokerPath(open, home, username.Trim()));
            return;
        }

        if (username.Trim().Length == 0 || secret.Length == 0)
        {
            await FormAsync(context, open, words.Of(open.Language, "error.missing"), username, 400);
            return;
        }

        var folded = Names.Fold(username);
        var origin = browser.OriginOf(context, open.Realm.Name, folded);
        switch (await password.TryAsync(open.Realm, open.Interaction, username, secret, origin, open.Session, context.RequestAborted))
        {
            case PasswordOutcome.In arrived:
                Cookie.Write(context.Response, open.Realm.Name, arrived.Cookie, issuers.IsTls);
                browser.Remember(context, open.Realm.Name, folded);
                Onward.Go(context, Resume(open.Interaction));
                break;
            case PasswordOutcome.SecondHalf half:
                Onward.Go(context, Interactions.CodePath(half.Interaction, open.Back));
                break;
            case PasswordOutcome.Wait wait:
                context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.For.TotalSeconds)).ToString();
                await FormAsync(context, open, words.Of(open.Language, "error.wait", (int)Math.Ceiling(wait.For.TotalSeconds)), username, 429);
                break;
            case PasswordOutcome.Prove prove:
                Onward.Go(context, Interactions.SignInPath(prove.Interaction, open.Back));
                break;
            case PasswordOutcome.Down down:
                context.Response.Headers.RetryAfter = "10";
                await FormAsync(context, open, words.Of(open.Language, "error.upstream.down", down.Title), username, 503, blames: false);
                break;
            case PasswordOutcome.Busy:
                context.Response.Headers.RetryAfter = "2";
                await FormAsync(context, open, words.Of(open.Language, "error.busy"), username, 503);
                break;
            default:
                await FormAsync(context, open, words.Of(open.Language, "error.wrong"), username, 401);
                break;
        }
    }

    /// <summary>The form again, with word of what did not work at an upstream.</summary>
    public async Task TellAsync(HttpContext context, Realm realm, Interaction interaction, string key, string title)
    {
        var open = new Open(realm, interaction with { UpstreamHint = null }, "", Words.Choose(interaction.Locales, context.Request.Headers.AcceptLanguage), null);
        await FormAsync(context, open, words.Of(open.Language, key, title), "", key == "error.upstream.down" ? 503 : 403, blames: false);
    }

    /// <summary>A page for a browser whose way back is not known any more.</summary>
    public Task LostAsync(HttpContext context, Realm realm, string title)
    {
        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        var body = new Html().Raw("<h1>").Text(words.Of(language, "signin.heading")).Raw("</h1><p class=\"alert\" role=\"alert\">").Text(words.Of(language, "error.upstream.lost", title)).Raw("</p><p><a class=\"button\"").Attribute("href", $"/realms/{realm.Name}/sign-in").Raw(">")
            .Text(words.Of(language, "signin.submit")).Raw("</a></p>");
        return pages.SendAsync(context, language, realm.DisplayName ?? realm.Name, words.Of(language, "signin.title"), body, 400);
    }

    /// <summary>Where a sign-in without an application ends.</summary>
    public Task DoneAsync(HttpContext context)
    {
        var realm = realms.Find((string)context.Request.RouteValues["realm"]!);
        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        var body = new Html().Raw("<h1>").Text(words.Of(language, "signedin.heading")).Raw("</h1><p>").Text(words.Of(language, "signedin.text")).Raw("</p>");
        return pages.SendAsync(context, language, realm?.DisplayName ?? realm?.Name ?? "", words.Of(language, "signedin.title"), body);
    }

    private sealed record Open(Realm Realm, Interaction Interaction, string Back, string Language, Session? Session);

    // Realm, interaction, session; false after the browser was sent to start anew, or shown a fault.
    private async Task<Open?> OpenAsync(HttpContext context)
    {
        if (await entrance.RealmAsync(context) is not { } realm) return null;
        var name = realm.Name;
        var query = context.Request.Query;
        var (id, back) = (query["i"].ToString(), query["back"].ToString());
        if (back.Length > 0 && !LocalPath.IsSafe(back))
        {
            await showFault(context, name, Reasons.RequestInvalid, null);
            return null;
        }

        var interaction = id.Length > 0 ? await interactions.FindAsync(name, id, context.RequestAborted) : null;
        if (interaction is null && id.Length > 0)
        {
            // Timed out, or finished in the meantime: what it was for starts anew by itself.
            Onward.Go(context, back.Length > 0 ? back : $"/realms/{name}/sign-in");
            return null;
        }

        interaction ??= await interactions.BeginAsync(new Interaction { Id = "", Realm = name, ResumePath = back.Length > 0 ? back : $"/realms/{name}/signed-in" }, realm.InteractionLife, context);
        var session = await entrance.SessionAsync(context, realm);
        return new Open(realm, interaction, back, Words.Choose(interaction.Locales, context.Request.Headers.AcceptLanguage), session);
    }

    // Another tab signed in meanwhile: this one goes on without asking, unless its application wants a fresh proof.
    private async Task<bool> FinishedAsync(HttpContext context, Open open)
    {
        if (dispatcher.NextOf(open.Interaction, open.Session) is not Next.Finished finished) return false;
        if (open.Interaction.Session is null)
        {
            await database.WriteAsync(async work =>
            {
                await interactions.FinishAsync(work, open.Interaction, finished.Session);
                return true;
            }, context.RequestAborted);
        }

        Onward.Go(context, Resume(open.Interaction));
        return true;
    }

    private string BrokerPath(Open open, Upstream upstream, string? hint) => $"/realms/{open.Realm.Name}/broker/{upstream.Alias}/login?i={open.Interaction.Id}&back={Uri.EscapeDataString(open.Back)}{(hint is null ? "" : "&hint=" + Uri.EscapeDataString(hint))}";

    internal static string Resume(Interaction interaction) => interaction.ResumePath.EndsWith("?i=", StringComparison.Ordinal) ? interaction.ResumePath + interaction.Id : interaction.ResumePath;

    private Task FormAsync(HttpContext context, Open open, string? error, string username, int status, bool blames = true)
    {
        string Say(string key, params object[] values) => words.Of(open.Language, key, values);
        var nonce = browser.Nonce(context);
        var action = $"/realms/{open.Realm.Name}/sign-in?i={open.Interaction.Id}&back={Uri.EscapeDataString(open.Back)}";
        var html = new Html().Raw("<h1>").Text(Say("signin.heading")).Raw("</h1>");
        if ((open.Interaction.ClientName ?? open.Interaction.ClientId) is { } client) html.Raw("<p>").Text(Say("signin.to", client)).Raw("</p>");
        if (error is not null) html.Raw("<p class=\"alert\" role=\"alert\" id=\"error\">").Text(error).Raw("</p>");
        if (open.Interaction.Pending is { } pending) html.Raw("<p>").Text(Say("signin.link", upstreams.Find(open.Realm.Name, pending.Upstream)?.Title ?? pending.Upstream, open.Interaction.LoginHint ?? "")).Raw("</p>");
        else if (error is null && open.Interaction.Fresh && open.Session is not null) html.Raw("<p>").Text(Say("signin.again")).Raw("</p>");
        html.Raw("<form method=\"post\"").Attribute("action", action).Raw("><input type=\"hidden\" name=\"mark\"").Attribute("value", browser.Mark(open.Interaction.Id, Step, nonce)).Raw(">");
        Field(html, "username", "text", Say("signin.username"), "username", username, error is not null && blames, focus: username.Length == 0);
        Field(html, "password", "password", Say("signin.password"), "current-password", "", error is not null && blames, focus: username.Length > 0, required: open.Interaction.Pending is not null || !HasHomes(open.Realm.Name));
        html.Raw("<button type=\"submit\">").Text(Say("signin.submit")).Raw("</button></form>");
        if (open.Interaction.Pending is null) Ways(html, open, Say("signin.or"));
        if (tickets.IsOpen(context, open.Realm)) html.Raw("<p><a").Attribute("href", $"/realms/{open.Realm.Name}/sign-in/why-no-ticket").Raw(">").Text(Say("signin.whynoticket")).Raw("</a></p>");
        var title = error is null ? Say("signin.title") : $"{Say("error.prefix")}: {Say("signin.title")}";
        return pages.SendAsync(context, open.Language, open.Realm.DisplayName ?? open.Realm.Name, title, html, status);
    }

    // Whoever is led elsewhere by the domain of their login name has no password to give here.
    private bool HasHomes(string realm) => upstreams.Of(realm).Any(one => one.Enabled && (!one.Domains.IsEmpty || !one.LoginNames.IsEmpty) && upstreams.Open(one).Upstream is IRedirects);

    // The other ways in: links, since they lead to other pages.
    private void Ways(Html html, Open open, string or)
    {
        var ways = upstreams.Of(open.Realm.Name).Where(one => one is { Enabled: true, Hidden: false } && upstreams.Open(one).Upstream is IRedirects).ToList();
        if (ways.Count == 0) return;
        html.Raw("<nav class=\"ways\"").Attribute("aria-label", or).Raw("><p aria-hidden=\"true\">").Text(or).Raw("</p><ul>");
        foreach (var way in ways) html.Raw("<li><a class=\"button\"").Attribute("href", BrokerPath(open, way, null)).Raw(">").Text(way.Title).Raw("</a></li>");
        html.Raw("</ul></nav>");
    }

    private static void Field(Html html, string name, string type, string label, string autocomplete, string value, bool invalid, bool focus, bool required = true)
    {
        html.Raw("<label").Attribute("for", name).Raw(">").Text(label).Raw("</label><input").Attribute("id", name).Attribute("name", name).Attribute("type", type).Attribute("autocomplete", autocomplete)
            .Raw(required ? " required" : "").Raw(" maxlength=\"256\" autocapitalize=\"none\" spellcheck=\"false\"");
        if (value.Length > 0) html.Attribute("value", value);
        if (invalid) html.Raw(" aria-invalid=\"true\" aria-describedby=\"error\"");
        if (focus) html.Raw(" autofocus");
        html.Raw(">");
    }

    private static string Only(string? value) => value ?? "";
}
