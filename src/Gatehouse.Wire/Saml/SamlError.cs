namespace Gatehouse.Wire.Saml;

/// <summary>Every way in which a SAML message, a metadata document or a key can be refused.</summary>
public enum SamlError
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>Not well-formed XML, or not of the form that the SAML schemas give.</summary>
    Malformed,

    /// <summary>Longer, deeper or with more attributes than the limits, inflated or not.</summary>
    TooLarge,

    /// <summary>Not UTF-8.</summary>
    NotUtf8,

    /// <summary>A document type declaration: entities and default attributes come through it.</summary>
    Doctype,

    /// <summary>A processing instruction.</summary>
    ProcessingInstruction,

    /// <summary>A comment in a message: readers that stop at it read another name than the one that was signed.</summary>
    Comment,

    /// <summary>Two elements have the same ID, so a reference to it has two meanings.</summary>
    DuplicateId,

    /// <summary>Not Base64, or not its one canonical spelling.</summary>
    BadBase64,

    /// <summary>Not DEFLATE (RFC 1951).</summary>
    BadDeflate,

    /// <summary>A parameter of the binding is missing, stands twice or is not form-encoded.</summary>
    BadParameter,

    /// <summary>Not a message of the wanted kind.</summary>
    WrongMessage,

    /// <summary>Not SAML 2.0.</summary>
    WrongVersion,

    /// <summary>What must be signed is not.</summary>
    NotSigned,

    /// <summary>The signature is not of the one form that is accepted: one direct child, one reference, no object.</summary>
    SignatureForm,

    /// <summary>The signature's reference is not the ID of the very element that it stands in.</summary>
    SignatureReference,

    /// <summary>The transforms are not exactly enveloped-signature and exclusive canonicalisation without comments.</summary>
    SignatureTransform,

    /// <summary>The algorithm is not on the list, HMAC included.</summary>
    UnsupportedAlgorithm,

    /// <summary>SHA-1, which collides, where no setting allows it.</summary>
    Sha1,

    /// <summary>The digest or the signature is wrong, or of a key that is not configured.</summary>
    BadSignature,

    /// <summary>The certificate or key is too short, of a weak kind or otherwise unfit.</summary>
    BadKey,

    /// <summary>The other side tells of a failure; see the status codes.</summary>
    StatusNotSuccess,

    /// <summary>Sent to another address than ours.</summary>
    WrongDestination,

    /// <summary>Of another issuer than the one asked.</summary>
    WrongIssuer,

    /// <summary>An answer to another request.</summary>
    WrongInResponseTo,

    /// <summary>An answer that nobody asked for, where no setting allows it.</summary>
    Unsolicited,

    /// <summary>Issued too long ago or in the future.</summary>
    WrongIssueInstant,

    /// <summary>No assertion in the response.</summary>
    NoAssertion,

    /// <summary>More than one assertion, or one in a place where none belongs.</summary>
    ManyAssertions,

    /// <summary>The assertion came in the clear, where it must be encrypted.</summary>
    NotEncrypted,

    /// <summary>The encrypted part could not be read: one error for every cause, so that nobody can ask us about padding.</summary>
    DecryptionFailed,

    /// <summary>Not meant for us: no audience restriction names us.</summary>
    WrongAudience,

    /// <summary>No bearer confirmation.</summary>
    NoBearer,

    /// <summary>The bearer confirmation is for another address than ours, or names none.</summary>
    WrongRecipient,

    /// <summary>The bearer confirmation has no end or it is over, or it has a beginning, which the profile forbids.</summary>
    ConfirmationExpired,

    /// <summary>The conditions are not met yet.</summary>
    NotYetValid,

    /// <summary>The conditions are not met any more.</summary>
    Expired,

    /// <summary>A condition that we do not know, and therefore cannot say that it is met.</summary>
    UnknownCondition,

    /// <summary>No authentication statement, or its session is over.</summary>
    SessionExpired,

    /// <summary>No name identifier, or an empty one.</summary>
    NoSubject,

    /// <summary>The metadata is no longer valid.</summary>
    MetadataExpired,

    /// <summary>The metadata does not describe the wanted entity or role.</summary>
    NoSuchEntity,
}
