using Gatehouse.Federation;
using Gatehouse.SignIn.Steps;
using Gatehouse.Terms;

namespace Gatehouse.Portal;

/// <summary>What a test of a provider found: each hop, what it said of the person, and what the mapping would make of it.</summary>
public sealed class ProviderTestPage(Words words, Pages pages)
{
    /// <summary>Shows it.</summary>
    internal Task ShowAsync(HttpContext context, Realm realm, UpstreamOutcome.Tested test)
    {
        var language = Words.Choose(null, context.Request.Headers.AcceptLanguage);
        string Say(string key, params object[] values) => words.Of(language, key, values);
        var html = new Html().Raw("<h1>").Text(Say("test.heading", test.Upstream.Title)).Raw("</h1><p role=\"status\">");
        switch (test.Finding)
        {
            case Finding.Known known: html.Text(Say("test.known", known.Identity.Username ?? known.Identity.Subject)); break;
            case Finding.Refused refused: html.Text(Say("test.refused", refused.Code, refused.Detail)); break;
            case Finding.Unavailable not: html.Text(Say("test.down", not.Detail)); break;
        }

        html.Raw("</p><p>").Text(Say("test.nothing")).Raw("</p><h2>").Text(Say("test.hops")).Raw("</h2><ol>");
        foreach (var hop in test.Hops) html.Raw("<li>").Text(hop).Raw("</li>");
        html.Raw("</ol>");
        if (test.Finding is Finding.Known { Identity: var person } && test.Mapped is { } mapped)
        {
            html.Raw("<h2>").Text(Say("test.claims")).Raw("</h2><dl>");
            Row(html, "id", [person.Subject]);
            foreach (var (name, values) in person.Attributes.OrderBy(one => one.Key, StringComparer.Ordinal)) Row(html, name, values);
            if (!person.Groups.IsEmpty) Row(html, Say("test.groups"), person.Groups);
            html.Raw("</dl><h2>").Text(Say("test.mapped")).Raw("</h2><dl>");
            Row(html, Say("test.username"), [Gatehouse.People.Linking.NameOf(test.Upstream, person)]);
            Row(html, Say("test.roles"), mapped.Roles);
            Row(html, Say("test.groups"), mapped.Groups);
            foreach (var (name, values) in mapped.Attributes.OrderBy(one => one.Key, StringComparer.Ordinal)) Row(html, name, values);
            html.Raw("</dl>");
        }

        return pages.SendAsync(context, language, realm.DisplayName ?? realm.Name, Say("test.heading", test.Upstream.Title), html);
    }

    private static void Row(Html html, string name, IEnumerable<string> values)
    {
        var all = string.Join(", ", values);
        html.Raw("<dt>").Text(name).Raw("</dt><dd>").Text(all.Length == 0 ? "–" : all.Length > 2000 ? all[..2000] + "…" : all).Raw("</dd>");
    }
}
