namespace Gatehouse.Wire.Saml;

/// <summary>Bounds of an XML document from outside.</summary>
public sealed record SamlLimits
{
    /// <summary>Bounds of a message, which may hold no comment.</summary>
    public static readonly SamlLimits Message = new();

    /// <summary>Bounds of a metadata document, which a person wrote perhaps: comments are dropped.</summary>
    public static readonly SamlLimits Metadata = new() { Bytes = 16 * 1024 * 1024, Elements = 500_000, AllowComments = true };

    /// <summary>Bytes of the document.</summary>
    public int Bytes { get; init; } = 512 * 1024;

    /// <summary>Nesting of elements.</summary>
    public int Depth { get; init; } = 32;

    /// <summary>Attributes of one element, namespace declarations included.</summary>
    public int Attributes { get; init; } = 64;

    /// <summary>Elements of the document.</summary>
    public int Elements { get; init; } = 20_000;

    /// <summary>Whether comments are dropped; otherwise they are refused. Either way the text around them is one text.</summary>
    public bool AllowComments { get; init; }
}
