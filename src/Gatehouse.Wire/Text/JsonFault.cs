namespace Gatehouse.Wire.Text;

/// <summary>Why <see cref="StrictJson"/> refused a text.</summary>
public enum JsonFault
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Not JSON (RFC 8259), not UTF-8, or with a half surrogate in a text.</summary>
    Malformed,

    /// <summary>More bytes or deeper nesting than the limits allow.</summary>
    TooLarge,

    /// <summary>A member stands twice in one object.</summary>
    DuplicateMember,

    /// <summary>Good JSON of another kind, such as a list where an object is wanted.</summary>
    WrongKind,
}
