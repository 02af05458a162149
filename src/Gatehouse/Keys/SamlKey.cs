using Gatehouse.Wire.Saml;

namespace Gatehouse.Keys;

/// <summary>Where a SAML key stands in its life.</summary>
public enum SamlKeyState
{
    /// <summary>Signs, and opens what was encrypted for it.</summary>
    Active,

    /// <summary>Published ahead: partners may take it in before it signs.</summary>
    Staged,

    /// <summary>Signs no more; partners that have not heard yet may still encrypt for it.</summary>
    Retiring,
}

/// <summary>A realm's key for SAML with its certificate.</summary>
/// <param name="Id">First digits of the certificate's thumbprint.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Key">The key.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record SamlKey(string Id, SamlKeyState State, SamlPrivateKey Key, DateTimeOffset CreatedAt);
