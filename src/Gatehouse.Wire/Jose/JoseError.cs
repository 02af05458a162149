namespace Gatehouse.Wire.Jose;

/// <summary>Every way in which a key or a token can be refused.</summary>
public enum JoseError
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Not of the form that RFC 7515, 7517 or 7519 gives.</summary>
    Malformed,

    /// <summary>Longer or deeper than the limits.</summary>
    TooLarge,

    /// <summary>A JSON member stands twice.</summary>
    DuplicateMember,

    /// <summary>The algorithm is not one of ours, <c>none</c> and the HMAC family included.</summary>
    UnsupportedAlgorithm,

    /// <summary>The algorithm is not the one that the key is for (RFC 8725, 3.1).</summary>
    AlgorithmMismatch,

    /// <summary>The header marks as critical what we do not know (RFC 7515, 4.1.11).</summary>
    UnknownCritical,

    /// <summary>The signature is wrong.</summary>
    BadSignature,

    /// <summary>The key is too short, not on its curve, of a known weak kind, its halves do not match, or it is otherwise unfit.</summary>
    BadKey,

    /// <summary>The key is not for signatures (<c>use</c>, <c>key_ops</c>).</summary>
    WrongUse,

    /// <summary>A set that is meant to be published holds a private part: whoever read it can sign, so no key of it is believed.</summary>
    PrivateMember,
}
