namespace Gatehouse.Wire.Saml;

/// <summary>Which part of a response must be signed. Whatever is signed must be signed well.</summary>
public enum SamlSigned
{
    /// <summary>The response or the assertion: either vouches for who signed in.</summary>
    Either,

    /// <summary>The response.</summary>
    Response,

    /// <summary>The assertion.</summary>
    Assertion,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>What a service provider expects of a response: all facts are ours, none of the message.</summary>
public sealed record SamlExpectation
{
    /// <summary>Entity ID of the identity provider that was asked.</summary>
    public required string Issuer { get; init; }

    /// <summary>Our entity ID.</summary>
    public required string Audience { get; init; }

    /// <summary>Our assertion consumer's address, where the response arrived.</summary>
    public required string Recipient { get; init; }

    /// <summary>The identity provider's keys.</summary>
    public required SamlTrust Trust { get; init; }

    /// <summary>ID of the request that this browser was sent with; null when there was none.</summary>
    public string? RequestId { get; init; }

    /// <summary>Whether an answer is taken that nobody asked for (started at the identity provider). Anybody's link can then sign somebody in as somebody else, so off unless somebody turned it on.</summary>
    public bool AllowUnsolicited { get; init; }

    /// <summary>What must be signed.</summary>
    public SamlSigned Signed { get; init; } = SamlSigned.Either;

    /// <summary>Whether the assertion must be encrypted.</summary>
    public bool RequireEncrypted { get; init; }

    /// <summary>With what encrypted assertions are opened; null when we have no key for it.</summary>
    public SamlDecryption? Decryption { get; init; }

    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>How far the partner's clock may be off.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long ago the response may have been issued.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long ago the person may have proven who they are; null for no limit. Zero with <c>ForceAuthn</c> is stricter than clocks are: leave a minute.</summary>
    public TimeSpan? MaxAuthnAge { get; init; }
}

/// <summary>Why a response was refused.</summary>
/// <param name="Step">Number of the check in <see cref="SamlResponse.TryAccept"/> that failed.</param>
/// <param name="Error">What failed.</param>
/// <param name="Status">Status of a response that tells of a failure itself; null otherwise. Nobody vouches for it unless the response is signed.</param>
public sealed record SamlRefusal(int Step, SamlError Error, SamlStatus? Status = null);
