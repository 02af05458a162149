using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Reads specifications and message bundles: strict XML, no document types, no entities of their own, bounded.</summary>
internal static class SpecReader
{
    /// <summary>Most bytes of a specification or bundle.</summary>
    public const int Most = 512 * 1024;

    private const int MostItems = 500;

    /// <summary>A specification; false with what is wrong, in words that name no content.</summary>
    public static bool TryRead(byte[] bytes, Uri url, [NotNullWhen(true)] out GadgetSpec? spec, [NotNullWhen(false)] out string? fault)
    {
        spec = null;
        if (!TryRoot(bytes, "Module", out var module, out fault)) return false;
        if (module.Elements("ModulePrefs").ToList() is not [var prefs])
        {
            fault = "it needs exactly one ModulePrefs.";
            return false;
        }

        var (userPrefs, locales) = (module.Elements("UserPref").ToList(), prefs.Elements("Locale").ToList());
        if (userPrefs.Count > MostItems || locales.Count > MostItems) fault = "it declares too much.";
        else if (userPrefs.Any(pref => !IsName(Text(pref, "name")))) fault = "a UserPref has no name of letters, digits, dots, hyphens and underscores.";
        else if (Contents(module, url, out var views, out var page) is { } wrong) fault = wrong;
        else
        {
            spec = new GadgetSpec
            {
                Url = url, Title = Text(prefs, "title"), Height = int.TryParse(Text(prefs, "height"), NumberStyles.None, CultureInfo.InvariantCulture, out var height) ? Math.Clamp(height, 40, 4000) : 200, Views = views, Page = page,
                Prefs = [.. userPrefs.Select(pref => new UserPref(Text(pref, "name"), Text(pref, "display_name"), Text(pref, "datatype"), Text(pref, "default_value")))],
                Locales = [.. locales.Select(locale => new SpecLocale(Text(locale, "lang").ToLowerInvariant() is var lang and not "all" ? lang : "", Text(locale, "country").ToUpperInvariant() is var country and not "ALL" ? country : "", Bundle(locale, url), Messages(locale)))],
            };
            return true;
        }

        return false;
    }

    /// <summary>A message bundle; null when it cannot be read.</summary>
    public static ImmutableDictionary<string, string>? ReadBundle(byte[] bytes) => TryRoot(bytes, "messagebundle", out var root, out _) ? Messages(root) : null;

    private static string? Contents(XElement module, Uri url, out ImmutableDictionary<string, string> views, out Uri? page)
    {
        (views, page) = (ImmutableDictionary<string, string>.Empty, null);
        var contents = module.Elements("Content").ToList();
        if (contents.Count is 0 or > 20) return "it needs one to twenty Content elements.";
        foreach (var content in contents)
        {
            var named = Text(content, "view").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            switch (Text(content, "type").ToLowerInvariant())
            {
                case "" or "html":
                    // Several of one view are one page, in their order.
                    foreach (var view in named.Length == 0 ? ["default"] : named) views = views.SetItem(view, views.GetValueOrDefault(view, "") + content.Value);
                    break;
                case "url":
                    if (!Uri.TryCreate(url, Text(content, "href"), out var at) || !GadgetTarget.TryUrl(at.AbsoluteUri, out page, out _)) return "a Content of type url has no http or https address in 'href'.";
                    break;
                default:
                    return "a Content is of another type than html and url.";
            }
        }

        return page is not null && !views.IsEmpty ? "it mixes Content of the types html and url." : null;
    }

    private static ImmutableDictionary<string, string> Messages(XElement parent)
    {
        var messages = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var message in parent.Elements("msg").Take(5000))
            if (IsName(Text(message, "name"))) messages[Text(message, "name")] = message.Value.Trim();
        return messages.ToImmutable();
    }

    // Only where the specification itself is: it may not make us fetch from elsewhere.
    private static Uri? Bundle(XElement locale, Uri url)
        => Text(locale, "messages") is { Length: > 0 } text && Uri.TryCreate(url, text, out var at) && GadgetTarget.OriginOf(at) == GadgetTarget.OriginOf(url) ? at : null;

    private static string Text(XElement element, string name) => element.Attribute(name)?.Value.Trim() ?? "";

    private static bool IsName(string text) => text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static bool TryRoot(byte[] bytes, string name, [NotNullWhen(true)] out XElement? root, [NotNullWhen(false)] out string? fault)
    {
        (root, fault) = (null, null);
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(bytes), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = Most, IgnoreComments = true, IgnoreProcessingInstructions = true });
            root = XDocument.Load(reader).Root;
        }
        catch (Exception wrong) when (wrong is XmlException or ArgumentException or InvalidOperationException)
        {
            fault = wrong is XmlException { LineNumber: > 0 } at ? $"it is no strict XML (line {at.LineNumber})." : "it is no strict XML.";
            return false;
        }

        if (root?.Name == name) return true;
        fault = $"its root is not {name}.";
        return false;
    }
}
