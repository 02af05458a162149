namespace Gatehouse.Wire.Text;

/// <summary>Bounds that every parser of hostile input is given. Defaults fit contact-centre traffic with room to spare.</summary>
public sealed record Limits
{
    /// <summary>The bounds used unless a place says otherwise.</summary>
    public static readonly Limits Default = new();

    /// <summary>Characters of a compact token.</summary>
    public int TokenChars { get; init; } = 16 * 1024;

    /// <summary>Bytes of a JSON document.</summary>
    public int JsonBytes { get; init; } = 256 * 1024;

    /// <summary>Nesting of a JSON document.</summary>
    public int JsonDepth { get; init; } = 16;

    /// <summary>Keys in a JWK set.</summary>
    public int Keys { get; init; } = 64;
}
