using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Saml;

/// <summary>An address of a role with its binding.</summary>
/// <param name="Binding">Binding.</param>
/// <param name="Location">Address: https, or http.</param>
/// <param name="ResponseLocation">Address for answers when it is another one; null otherwise.</param>
/// <param name="Index">Index among its kind; null when absent.</param>
/// <param name="IsDefault">Whether it is marked as the default; null when it is not said.</param>
public sealed record SamlEndpoint(string Binding, string Location, string? ResponseLocation = null, int? Index = null, bool? IsDefault = null);

/// <summary>What identity provider and service provider have in common.</summary>
public abstract record SamlRole
{
    /// <summary>Keys that sign: several during a roll-over. All of them, whatever their certificates' dates.</summary>
    public ImmutableArray<SamlPublicKey> SigningKeys { get; init; } = [];

    /// <summary>Keys to encrypt for, best first.</summary>
    public ImmutableArray<SamlPublicKey> EncryptionKeys { get; init; } = [];

    /// <summary>Ciphers that the encryption keys' owner names; empty when it names none.</summary>
    public ImmutableArray<string> EncryptionMethods { get; init; } = [];

    /// <summary>Certificates that were passed over since their keys are unfit.</summary>
    public int UnfitCertificates { get; init; }

    /// <summary>Name formats, preferred first.</summary>
    public ImmutableArray<string> NameIdFormats { get; init; } = [];

    /// <summary>Addresses for logout.</summary>
    public ImmutableArray<SamlEndpoint> SingleLogout { get; init; } = [];

    /// <summary>The first logout address of a binding; null when there is none.</summary>
    public SamlEndpoint? LogoutBy(string binding) => SingleLogout.FirstOrDefault(one => one.Binding == binding);
}

/// <summary>An identity provider.</summary>
public sealed record IdpRole : SamlRole
{
    /// <summary>Addresses for sign-in.</summary>
    public ImmutableArray<SamlEndpoint> SingleSignOn { get; init; } = [];

    /// <summary>Whether it wants requests signed.</summary>
    public bool WantAuthnRequestsSigned { get; init; }

    /// <summary>The first sign-in address of a binding; null when there is none.</summary>
    public SamlEndpoint? SignOnBy(string binding) => SingleSignOn.FirstOrDefault(one => one.Binding == binding);
}

/// <summary>A service provider.</summary>
public sealed record SpRole : SamlRole
{
    /// <summary>Addresses that take assertions.</summary>
    public ImmutableArray<SamlEndpoint> AssertionConsumers { get; init; } = [];

    /// <summary>Whether its requests are signed.</summary>
    public bool AuthnRequestsSigned { get; init; }

    /// <summary>Whether it wants the assertion itself signed.</summary>
    public bool WantAssertionsSigned { get; init; }

    /// <summary>The default consumer of a binding: the one marked, else the first that is not marked otherwise, else the first (Metadata, 2.2.3); null when there is none.</summary>
    public SamlEndpoint? DefaultConsumer(string binding)
    {
        var fit = AssertionConsumers.Where(one => one.Binding == binding).ToList();
        return fit.Find(one => one.IsDefault == true) ?? fit.Find(one => one.IsDefault is null) ?? fit.FirstOrDefault();
    }
}

/// <summary>The metadata of one entity (Metadata, 2.3.2).</summary>
public sealed record SamlMetadata
{
    /// <summary>Entity ID.</summary>
    public required string EntityId { get; init; }

    /// <summary>End of its validity, the earliest that stands on it or around it; null when none.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>How long it may be kept before it is fetched anew, the shortest; null when it is not said.</summary>
    public TimeSpan? CacheDuration { get; init; }

    /// <summary>Its identity provider's role; null when it has none that speaks SAML 2.0.</summary>
    public IdpRole? Idp { get; init; }

    /// <summary>Its service provider's role; null when it has none that speaks SAML 2.0.</summary>
    public SpRole? Sp { get; init; }

    /// <summary>Reads metadata of one entity or of many; never throws.</summary>
    /// <param name="utf8">The document.</param>
    /// <param name="entityId">The wanted entity; null when the document may have only one.</param>
    /// <param name="trust">Believed keys, when the document must be signed; null when it need not be, since it came by hand or by TLS.</param>
    /// <param name="now">The time.</param>
    /// <param name="metadata">The entity.</param>
    /// <param name="error">Why not.</param>
    public static bool TryRead(ReadOnlySpan<byte> utf8, string? entityId, SamlTrust? trust, DateTimeOffset now, [NotNullWhen(true)] out SamlMetadata? metadata, out SamlError error)
    {
        try
        {
            var root = SamlXml.Read(utf8, SamlLimits.Metadata);
            if (trust is not null) root = SamlSignature.Verify(root, trust, SamlLimits.Metadata);
            (metadata, error) = (MetadataReading.Read(root, entityId, now), SamlError.None);
            return true;
        }
        catch (SamlException refused)
        {
            (metadata, error) = (null, refused.Error);
            return false;
        }
    }

    /// <summary>The document; <see cref="SamlSignature.Sign"/> can sign it. The first signing key is the one in use, the others are staged or retiring.</summary>
    public SamlElement ToXml() => MetadataWriting.Write(this);
}
