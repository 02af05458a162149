using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Gatehouse.Wire.OAuth;

namespace Gatehouse.Facades.Gadgets;

/// <summary>
/// <c>/gadgets/ifr</c>: a gadget's page, made of its specification, in an origin of its own that nobody shares (CSP sandbox). By GET it holds nothing of anybody's; the desktop posts a security token and the gadget's token, which then stand in the page,
/// so that gadgets which read them while they load go on unchanged. No secret is in an address.
/// </summary>
internal sealed class FrameEndpoint(Ground ground, Specs specs, SecurityTokens tokens, Verify verify, Issuers issuers, Files files, VendorFiles vendor, Refusals refusals)
{
    private const int LongestConfig = 8 * 1024;
    private static readonly string[] RightToLeft = ["ar", "fa", "he", "ur"];

    public Task ShowAsync(HttpContext context)
        => Parameters.TryParse(context.Request.QueryString.Value ?? "", out var fields, out var error) ? AnswerAsync(context, fields, null) : Reply.ProblemAsync(context, Reasons.RequestInvalid, error.Description);

    public async Task FilledAsync(HttpContext context)
    {
        // A page of another site could give a gadget a token of its own choice.
        if (!Ground.IsOwn(context, issuers.PublicUrl))
        {
            refusals.Note(context, Reasons.CredentialCrossSite, null, null, "");
            await Reply.ProblemAsync(context, Reasons.CredentialCrossSite);
            return;
        }

        var (fields, fault) = await Posted.ReadAsync(context);
        if (fields is null) await Reply.ProblemAsync(context, Reasons.RequestInvalid, fault);
        else if (tokens.Open(fields["st"]) is not { } st)
        {
            refusals.Note(context, Reasons.GadgetToken, null, null, "");
            await Reply.ProblemAsync(context, Reasons.GadgetToken);
        }
        else await AnswerAsync(context, fields, st);
    }

    /// <summary>Language and country of a request: two letters each, or nothing.</summary>
    public static (string Language, string Country) LocaleOf(string? language, string? country) => (IsLetters(language) ? language!.ToLowerInvariant() : "en", IsLetters(country) ? country!.ToUpperInvariant() : "");

    private async Task AnswerAsync(HttpContext context, Parameters fields, SecurityToken? st)
    {
        var gadget = ground.Find(st?.Gadget ?? fields["gadget"]) ?? (st is null ? ground.FindBySpec(fields["url"]) : null);
        if (gadget is null)
        {
            await Reply.ProblemAsync(context, Reasons.NotFound, "No such gadget is in the settings (facades:gadgets:list).");
            return;
        }

        var token = fields["token"];
        if (st is not null && (token is null || !IsIts(token, st, gadget)))
        {
            refusals.Note(context, Reasons.GadgetCredential, "The page was to be given a token that is not the gadget's.", st, "");
            await Reply.ProblemAsync(context, Reasons.GadgetCredential);
            return;
        }

        var (spec, fault) = await specs.FindAsync(gadget, context.RequestAborted);
        if (spec is null)
        {
            await Reply.ProblemAsync(context, Reasons.GadgetUpstream, $"The gadget's specification cannot be used: {fault}");
            return;
        }

        if (spec.Page is { } page)
        {
            context.Response.StatusCode = 303;
            context.Response.Headers.Location = GadgetTarget.OriginOf(page) + page.PathAndQuery + page.Fragment;
            context.Response.Headers.CacheControl = "no-store";
            return;
        }

        var (language, country) = LocaleOf(fields["lang"], fields["country"]);
        var words = await specs.WordsAsync(spec, language, country, context.RequestAborted);
        var text = new SpecText(words, new Dictionary<string, string>(), gadget.Id, RightToLeft.Contains(language));
        // Finesse hands what it tells of the agent over as preferences too, declared or not (__UP_host__). Its secrets are for Config alone.
        var told = st is null ? [] : ConfigOf(fields["config"], "");
        told.Remove("authToken");
        var prefs = spec.Prefs.DistinctBy(pref => pref.Name).ToDictionary(pref => pref.Name, pref => fields["up_" + pref.Name] is { Length: <= 2048 } given ? given : told.GetValueOrDefault(pref.Name) is { Length: > 0 } known ? known : text.Plain(pref.DefaultValue));
        foreach (var (name, value) in prefs) told[name] = value;
        text = text with { Prefs = told };
        var content = spec.Views.GetValueOrDefault(fields["view"] ?? "default") ?? spec.Views.GetValueOrDefault("default") ?? spec.Views.Values.First();
        var boot = Boot(gadget, st, token, fields["config"], prefs, words, language, country);
        var html = new StringBuilder("<!doctype html><html lang=\"").Append(language).Append("\" dir=\"").Append(text.RightToLeft ? "rtl" : "ltr").Append(content.Contains("prefers-color-scheme", StringComparison.Ordinal) ? "\" class=\"schemes\">" : "\">").Append("<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
            .Append(HtmlEncoder.Default.Encode(gadget.Title.Length > 0 ? gadget.Title : text.Plain(spec.Title))).Append("</title><base href=\"").Append(HtmlEncoder.Default.Encode(spec.Url.AbsoluteUri)).Append("\"><link rel=\"stylesheet\" href=\"").Append(issuers.PublicUrl).Append(files.AddressOf("gadget-frame.css"))
            .Append("\"><script type=\"application/json\" id=\"gatehouse-gadget\">").Append(boot).Append("</script><script src=\"").Append(issuers.PublicUrl).Append(files.AddressOf("gadget-frame.js")).Append("\"></script></head><body>").Append(text.Fill(vendor.Lead(content))).Append("</body></html>");
        context.Response.Headers.ContentSecurityPolicy = Policy(gadget, spec);
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        await Reply.SendAsync(context, 200, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(html.ToString()));
    }

    // A page is given no token but what its own security token is for.
    private bool IsIts(string token, SecurityToken st, GadgetEntry gadget)
        => verify.Check(token, null, out var principal) is null && principal!.Realm == st.Realm && principal.Session == st.Session && (principal.Gadget == gadget.Id || (gadget.IsFull && principal.Gadget is null));

    // In the page as data: the writer's encoder leaves no bracket that could end the element.
    private string Boot(GadgetEntry gadget, SecurityToken? st, string? token, string? config, IReadOnlyDictionary<string, string> prefs, IReadOnlyDictionary<string, string> words, string language, string country)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("gadget", gadget.Id);
            writer.WriteString("desktop", OriginOf(issuers.PublicUrl));
            writer.WriteString("proxy", issuers.PublicUrl + "/gadgets/makeRequest");
            writer.WriteString("language", language);
            writer.WriteString("country", country);
            WriteAll(writer, "prefs", prefs);
            WriteAll(writer, "words", words);
            if (st is not null) writer.WriteString("st", tokens.Make(st));
            if (st is not null) WriteAll(writer, "config", ConfigOf(config, token!));
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // What the desktop knows of the agent, as texts; the members that carry authentication are ours to set.
    private static Dictionary<string, string> ConfigOf(string? config, string token)
    {
        var all = new Dictionary<string, string>();
        if (config is { Length: <= LongestConfig } && Wire.Text.StrictJson.TryParse(Encoding.UTF8.GetBytes(config), Wire.Text.Limits.Default, JsonValueKind.Object, out var document, out _))
            using (document)
                foreach (var member in document.RootElement.EnumerateObject())
                    if (member.Value.ValueKind == JsonValueKind.String) all[member.Name] = member.Value.GetString()!;
        foreach (var secret in (string[])["authorization", "password"]) all.Remove(secret);
        all["authToken"] = token;
        // The token is a bearer token, however the agent signed in: "Basic" would need their password.
        all["systemAuthMode"] = "SSO";
        return all;
    }

    private static void WriteAll(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> all)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in all) writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private string Policy(GadgetEntry gadget, GadgetSpec spec)
    {
        var (own, home) = (issuers.PublicUrl, GadgetTarget.OriginOf(spec.Url));
        var targets = string.Join(' ', ground.TargetsOf(gadget).Select(target => target.Origin).Distinct());
        return $"sandbox allow-scripts allow-forms allow-popups; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' {own}/gadgets/js/ {home}{vendor.Source}; style-src 'unsafe-inline' {own}/gadgets/js/ {home}{vendor.Source}; img-src data: {home}{vendor.Source} {targets}; font-src data: {home}{vendor.Source}; "
            + $"media-src {home}; connect-src {own}/gadgets/makeRequest {targets}; form-action 'none'; base-uri {home}; frame-ancestors 'self'";
    }

    private static string OriginOf(string url) => new Uri(url).GetLeftPart(UriPartial.Authority);

    private static bool IsLetters(string? text) => text is { Length: 2 } && text.All(char.IsAsciiLetter);
}
