using System.Text;

namespace Gatehouse.Wire.Saml;

/// <summary>
/// Exclusive XML canonicalisation 1.0 without comments of an element and all below it. Our trees hold neither comments, processing instructions nor entities, so what
/// remains of the standard is: escapes, order, and which namespaces are written where.
/// </summary>
public static class ExclusiveC14n
{
    /// <summary>The canonical bytes.</summary>
    /// <param name="element">Apex of what is written.</param>
    /// <param name="inclusive">Prefixes whose declarations are written though no name uses them (<c>InclusiveNamespaces</c>); <c>#default</c> is the empty one.</param>
    /// <param name="without">An element that is left out: the enveloped signature.</param>
    /// <param name="most">Most characters: a long namespace that many leaves use is written out at each of them, so a small document can have a huge canonical form.</param>
    public static byte[] Write(SamlElement element, IReadOnlyCollection<string>? inclusive = null, SamlElement? without = null, int most = 4 * 1024 * 1024)
    {
        var text = new StringBuilder(4096, most);
        try
        {
            Write(text, element, inclusive is { Count: > 0 } ? [.. inclusive.Select(prefix => prefix == "#default" ? "" : prefix)] : [], without, []);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new SamlException(SamlError.TooLarge);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, SamlElement element, string[] inclusive, SamlElement? without, List<(string Prefix, string Uri)> rendered)
    {
        var before = rendered.Count;
        Use(rendered, element.Prefix, element.Namespace);
        foreach (var attribute in element.Attributes)
            if (attribute.Prefix.Length > 0) Use(rendered, attribute.Prefix, attribute.Namespace);
        foreach (var prefix in inclusive)
            if (element.InScope(prefix) is { } uri) Use(rendered, prefix, uri);
        var mine = rendered.Count - before;
        if (mine > 1) rendered.Sort(before, mine, ByPrefix.Order);

        text.Append('<');
        SamlXml.Name(text, element.Prefix, element.Name);
        for (var i = before; i < rendered.Count; i++) SamlXml.Declaration(text, rendered[i].Prefix, rendered[i].Uri);
        if (element.Attributes.Count > 1)
            foreach (var attribute in element.Attributes.OrderBy(one => one.Namespace, StringComparer.Ordinal).ThenBy(one => one.Name, StringComparer.Ordinal)) SamlXml.Attribute(text, attribute);
        else if (element.Attributes.Count == 1) SamlXml.Attribute(text, element.Attributes[0]);
        text.Append('>');
        foreach (var child in element.Children)
        {
            if (child.Text is { } content) SamlXml.Content(text, content);
            else if (child.Element != without) Write(text, child.Element!, inclusive, without, rendered);
        }

        text.Append("</");
        SamlXml.Name(text, element.Prefix, element.Name);
        text.Append('>');
        rendered.RemoveRange(before, mine);
    }

    // A declaration is written where a name first uses it, and again only where the prefix has come to mean another namespace.
    private static void Use(List<(string Prefix, string Uri)> rendered, string prefix, string uri)
    {
        if (prefix == "xml") return;
        for (var i = rendered.Count - 1; i >= 0; i--)
        {
            if (rendered[i].Prefix != prefix) continue;
            if (rendered[i].Uri != uri) break;
            return;
        }

        // No default namespace needs no words where none was declared before.
        if (prefix.Length == 0 && uri.Length == 0 && !rendered.Exists(one => one.Prefix.Length == 0)) return;
        rendered.Add((prefix, uri));
    }

    private sealed class ByPrefix : IComparer<(string Prefix, string Uri)>
    {
        public static readonly ByPrefix Order = new();

        public int Compare((string Prefix, string Uri) x, (string Prefix, string Uri) y) => string.CompareOrdinal(x.Prefix, y.Prefix);
    }
}
