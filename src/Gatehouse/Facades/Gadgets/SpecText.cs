using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace Gatehouse.Facades.Gadgets;

/// <summary>Fills the placeholders of a specification's content (OpenSocial Gadgets 1.0, "Substitution variables"), in one pass: what a value holds is never read as a placeholder.</summary>
internal sealed partial record SpecText(ImmutableDictionary<string, string> Messages, IReadOnlyDictionary<string, string> Prefs, string ModuleId, bool RightToLeft)
{
    /// <summary>The content, with preferences encoded for HTML and strings of scripts, and messages as the specification's author wrote them.</summary>
    public string Fill(string content) => Placeholder().Replace(content, found => Value(found.Groups[1].Value, found.Groups[2].Value, encode: true) ?? found.Value);

    /// <summary>A text that is shown as such: a title, a default.</summary>
    public string Plain(string text) => Placeholder().Replace(text, found => Value(found.Groups[1].Value, found.Groups[2].Value, encode: false) ?? found.Value);

    private string? Value(string kind, string name, bool encode) => (kind, name) switch
    {
        ("MSG", _) => Messages.GetValueOrDefault(name, ""),
        // A backslash would end or stretch a script's string in which the placeholder stands.
        ("UP", _) => Prefs.TryGetValue(name, out var value) ? encode ? HtmlEncoder.Default.Encode(value).Replace("\\", "&#x5C;", StringComparison.Ordinal) : value : "",
        ("MODULE", "ID") => ModuleId,
        ("BIDI", "START_EDGE") => RightToLeft ? "right" : "left",
        ("BIDI", "END_EDGE") => RightToLeft ? "left" : "right",
        ("BIDI", "DIR") => RightToLeft ? "rtl" : "ltr",
        ("BIDI", "REVERSE_DIR") => RightToLeft ? "ltr" : "rtl",
        _ => null,
    };

    [GeneratedRegex("__(MSG|UP|MODULE|BIDI)_([A-Za-z0-9.-]+(?:_[A-Za-z0-9.-]+)*)__", RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();
}
