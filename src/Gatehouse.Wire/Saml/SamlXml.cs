using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using System.Xml;

namespace Gatehouse.Wire.Saml;

/// <summary>
/// Reads XML of strangers and writes ours. No document type, so no entity beyond the five of XML and nothing that is fetched; UTF-8 only; bounded; no ID twice.
/// </summary>
public static class SamlXml
{
    private static readonly SearchValues<char> TextEscapes = SearchValues.Create("&<>\r");
    private static readonly SearchValues<char> ValueEscapes = SearchValues.Create("&<\"\t\n\r");

    /// <summary>Reads a document; never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, SamlLimits limits, [NotNullWhen(true)] out SamlElement? root, out SamlError error)
    {
        try
        {
            (root, error) = (Read(utf8, limits), SamlError.None);
            return true;
        }
        catch (SamlException refused)
        {
            (root, error) = (null, refused.Error);
            return false;
        }
    }

    /// <summary>Reads a document; <paramref name="place"/> lends its prefixes to a document that was cut out of another one.</summary>
    internal static SamlElement Read(ReadOnlySpan<byte> utf8, SamlLimits limits, SamlElement? place = null)
    {
        if (utf8.Length > limits.Bytes) throw new SamlException(SamlError.TooLarge);
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        if (!Utf8.IsValid(utf8)) throw new SamlException(SamlError.NotUtf8);
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersFromEntities = 1,
            MaxCharactersInDocument = limits.Bytes,
            ConformanceLevel = ConformanceLevel.Document,
        };
        try
        {
            using var reader = XmlReader.Create(new StringReader(Encoding.UTF8.GetString(utf8)), settings, place is null ? null : Context(place));
            var root = Tree(reader, limits);
            if (place is not null) root.StandIn(place);
            return root;
        }
        catch (XmlException)
        {
            // The reader says in prose only that it met a document type; the difference matters to whoever looks for the cause.
            throw new SamlException(utf8.IndexOf("<!DOCTYPE"u8) >= 0 ? SamlError.Doctype : SamlError.Malformed);
        }
    }

    private static XmlParserContext Context(SamlElement place)
    {
        var names = new XmlNamespaceManager(new NameTable());
        var chain = new Stack<SamlElement>();
        for (var at = place; at is not null; at = at.Parent) chain.Push(at);
        foreach (var element in chain)
            foreach (var (prefix, uri) in element.Declarations) names.AddNamespace(prefix, uri);
        return new XmlParserContext(null, names, null, XmlSpace.None);
    }

    private static SamlElement Tree(XmlReader reader, SamlLimits limits)
    {
        SamlElement? root = null;
        SamlElement? at = null;
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var text = new StringBuilder();
        var (depth, count) = (0, 0);
        while (reader.Read())
        {
            if (text.Length > 0 && reader.NodeType is (XmlNodeType.Element or XmlNodeType.EndElement))
            {
                at!.Add(text.ToString());
                text.Clear();
            }

            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    if (++count > limits.Elements || depth + 1 > limits.Depth || reader.AttributeCount > limits.Attributes) throw new SamlException(SamlError.TooLarge);
                    var empty = reader.IsEmptyElement;
                    var element = Element(reader, ids);
                    root ??= element;
                    at?.Add(element);
                    if (!empty) (at, depth) = (element, depth + 1);
                    break;
                case XmlNodeType.EndElement:
                    (at, depth) = (at!.Parent, depth - 1);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    if (at is not null) text.Append(reader.Value);
                    break;
                case XmlNodeType.XmlDeclaration:
                    if (reader.GetAttribute("encoding") is { } encoding && !encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase)) throw new SamlException(SamlError.NotUtf8);
                    break;
                case XmlNodeType.Comment when limits.AllowComments:
                    break;
                case XmlNodeType.Comment:
                    throw new SamlException(SamlError.Comment);
                case XmlNodeType.ProcessingInstruction:
                    throw new SamlException(SamlError.ProcessingInstruction);
                case XmlNodeType.DocumentType:
                    throw new SamlException(SamlError.Doctype);
                default:
                    throw new SamlException(SamlError.Malformed);
            }
        }

        return root ?? throw new SamlException(SamlError.Malformed);
    }

    private static SamlElement Element(XmlReader reader, HashSet<string> ids)
    {
        var element = new SamlElement(reader.Prefix, reader.LocalName, reader.NamespaceURI);
        for (var more = reader.MoveToFirstAttribute(); more; more = reader.MoveToNextAttribute())
        {
            if (reader.Prefix == "xmlns") element.Declare(reader.LocalName, reader.Value);
            else if (reader.Prefix.Length == 0 && reader.LocalName == "xmlns") element.Declare("", reader.Value);
            else element.With(new SamlAttribute(reader.Prefix, reader.LocalName, reader.NamespaceURI, reader.Value));

            // ID of SAML, Id of XML signatures, xml:id: to be safe they share one name space, whatever the spelling.
            if (reader.LocalName.Equals("id", StringComparison.OrdinalIgnoreCase) && reader.Prefix != "xmlns" && !ids.Add(reader.Value)) throw new SamlException(SamlError.DuplicateId);
        }

        return element;
    }

    /// <summary>Writes a document with exactly the declarations that its elements have.</summary>
    internal static string Write(SamlElement root)
    {
        var text = new StringBuilder(1024);
        Write(text, root);
        return text.ToString();
    }

    private static void Write(StringBuilder text, SamlElement element)
    {
        text.Append('<');
        Name(text, element.Prefix, element.Name);
        foreach (var (prefix, uri) in element.Declarations) Declaration(text, prefix, uri);
        foreach (var attribute in element.Attributes) Attribute(text, attribute);
        text.Append('>');
        foreach (var child in element.Children)
        {
            if (child.Element is { } inner) Write(text, inner);
            else Escape(text, child.Text, TextEscapes);
        }

        text.Append("</");
        Name(text, element.Prefix, element.Name);
        text.Append('>');
    }

    internal static void Name(StringBuilder text, string prefix, string name)
    {
        if (prefix.Length > 0) text.Append(prefix).Append(':');
        text.Append(name);
    }

    internal static void Declaration(StringBuilder text, string prefix, string uri)
    {
        text.Append(prefix.Length == 0 ? " xmlns" : " xmlns:").Append(prefix).Append("=\"");
        Escape(text, uri, ValueEscapes);
        text.Append('"');
    }

    internal static void Attribute(StringBuilder text, SamlAttribute attribute)
    {
        text.Append(' ');
        Name(text, attribute.Prefix, attribute.Name);
        text.Append("=\"");
        Escape(text, attribute.Value, ValueEscapes);
        text.Append('"');
    }

    internal static void Content(StringBuilder text, string content) => Escape(text, content, TextEscapes);

    // Canonical XML 1.0, 2.3: exactly these characters are escaped, and so.
    private static void Escape(StringBuilder text, ReadOnlySpan<char> value, SearchValues<char> escapes)
    {
        for (var at = value.IndexOfAny(escapes); at >= 0; at = value.IndexOfAny(escapes))
        {
            text.Append(value[..at]).Append(value[at] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\t' => "&#x9;",
                '\n' => "&#xA;",
                _ => "&#xD;",
            });
            value = value[(at + 1)..];
        }

        text.Append(value);
    }
}
