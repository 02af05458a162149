using System.Text;

namespace Gatehouse.Wire.Saml;

/// <summary>An attribute that is no namespace declaration.</summary>
/// <param name="Prefix">Prefix; empty for none.</param>
/// <param name="Name">Local name.</param>
/// <param name="Namespace">Namespace; empty for none.</param>
/// <param name="Value">Value, normalised as XML 1.0 wants.</param>
public readonly record struct SamlAttribute(string Prefix, string Name, string Namespace, string Value);

/// <summary>One child: an element, or else text.</summary>
/// <param name="Element">The element; null for text.</param>
/// <param name="Text">The text; null for an element.</param>
public readonly record struct SamlChild(SamlElement? Element, string? Text);

/// <summary>
/// An element of a document. The tree has elements and text only: it cannot hold comments, processing instructions or entities, and neighbouring texts are always one,
/// so no reader of it can stop half-way through a value. Prefixes are kept, since signatures cover them.
/// </summary>
public sealed class SamlElement
{
    private readonly List<SamlAttribute> attributes = [];
    private readonly List<(string Prefix, string Uri)> declarations = [];
    private readonly List<SamlChild> children = [];

    /// <summary>An element without content.</summary>
    public SamlElement(string prefix, string name, string @namespace) => (Prefix, Name, Namespace) = (prefix, name, @namespace);

    /// <summary>Prefix; empty for none.</summary>
    public string Prefix { get; }

    /// <summary>Local name.</summary>
    public string Name { get; }

    /// <summary>Namespace; empty for none.</summary>
    public string Namespace { get; }

    /// <summary>Element around this one; null for the root.</summary>
    public SamlElement? Parent { get; private set; }

    /// <summary>Attributes in document order.</summary>
    public IReadOnlyList<SamlAttribute> Attributes => attributes;

    /// <summary>Namespaces declared here, by prefix; the empty prefix is the default.</summary>
    public IReadOnlyList<(string Prefix, string Uri)> Declarations => declarations;

    /// <summary>Content in document order.</summary>
    public IReadOnlyList<SamlChild> Children => children;

    /// <summary>Whether this is the named element.</summary>
    public bool Is(string @namespace, string name) => Name == name && Namespace == @namespace;

    /// <summary>Child elements in document order.</summary>
    public IEnumerable<SamlElement> Elements()
    {
        foreach (var child in children)
            if (child.Element is { } element) yield return element;
    }

    /// <summary>Child elements of one name.</summary>
    public IEnumerable<SamlElement> Elements(string @namespace, string name) => Elements().Where(element => element.Is(@namespace, name));

    /// <summary>This element and all below it, in document order.</summary>
    public IEnumerable<SamlElement> Everything()
    {
        yield return this;
        foreach (var child in Elements())
            foreach (var below in child.Everything()) yield return below;
    }

    /// <summary>Value of an attribute without namespace; null when absent.</summary>
    public string? this[string attribute]
    {
        get
        {
            foreach (var one in attributes)
                if (one.Name == attribute && one.Namespace.Length == 0) return one.Value;
            return null;
        }
    }

    /// <summary>Adds an attribute without namespace, unless the value is null.</summary>
    public SamlElement With(string name, string? value) => value is null ? this : With(new SamlAttribute("", name, "", value));

    /// <summary>Adds an attribute.</summary>
    public SamlElement With(SamlAttribute attribute)
    {
        attributes.Add(attribute);
        return this;
    }

    /// <summary>Declares a namespace.</summary>
    public SamlElement Declare(string prefix, string uri)
    {
        declarations.Add((prefix, uri));
        return this;
    }

    /// <summary>Appends an element, unless it is null.</summary>
    public SamlElement Add(SamlElement? child)
    {
        if (child is not null) Insert(children.Count, child);
        return this;
    }

    /// <summary>Inserts an element before the child at an index.</summary>
    public SamlElement Insert(int index, SamlElement child)
    {
        if (child.Parent is not null) throw new InvalidOperationException("The element stands in a document already.");
        child.Parent = this;
        children.Insert(index, new SamlChild(child, null));
        return this;
    }

    /// <summary>Appends text; after text it becomes one with it.</summary>
    public SamlElement Add(string text)
    {
        if (text.Length == 0) return this;
        if (children.Count > 0 && children[^1].Text is { } before) children[^1] = new SamlChild(null, before + text);
        else children.Add(new SamlChild(null, text));
        return this;
    }

    /// <summary>The namespace that a prefix has here; null when none.</summary>
    internal string? InScope(string prefix)
    {
        if (prefix == "xml") return SamlNames.Xml;
        for (var at = this; at is not null; at = at.Parent)
            foreach (var (declared, uri) in at.declarations)
                if (declared == prefix) return uri;
        return null;
    }

    /// <summary>Lends this root the prefixes of a place in another document, which does not come to hold it.</summary>
    internal void StandIn(SamlElement place) => Parent = place;

    /// <summary>The text. Throws when there is an element inside: a value is text and nothing else.</summary>
    internal string Text() => children.Count switch
    {
        0 => "",
        1 when children[0].Text is { } text => text,
        _ => throw new SamlException(SamlError.Malformed),
    };

    /// <summary>The text without white space around it.</summary>
    internal string Value() => Text().Trim(' ', '\t', '\r', '\n');

    /// <summary>The only child of that name; null when there is none. Throws when there are two.</summary>
    internal SamlElement? Only(string @namespace, string name)
    {
        SamlElement? found = null;
        foreach (var child in children)
        {
            if (child.Element is not { } element || !element.Is(@namespace, name)) continue;
            if (found is not null) throw new SamlException(SamlError.Malformed);
            found = element;
        }

        return found;
    }

    /// <summary>Child elements; throws when there is text between them that is not white space.</summary>
    internal List<SamlElement> Parts()
    {
        var parts = new List<SamlElement>(children.Count);
        foreach (var child in children)
        {
            if (child.Element is { } element) parts.Add(element);
            else if (!child.Text.AsSpan().Trim(" \t\r\n").IsEmpty) throw new SamlException(SamlError.Malformed);
        }

        return parts;
    }

    /// <summary>The document as UTF-8; no XML declaration.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <summary>The document as text.</summary>
    public override string ToString() => SamlXml.Write(this);
}
