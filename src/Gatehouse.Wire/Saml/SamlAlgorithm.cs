using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Saml;

/// <summary>A signature algorithm of XML signatures and of the redirect binding: the closed list. HMAC, DSA and MD5 are not on it; SHA-1 is, marked.</summary>
public sealed record SamlAlgorithm
{
    private const string More = "http://www.w3.org/2001/04/xmldsig-more#";

    private static readonly FrozenDictionary<string, SamlAlgorithm> Known = new SamlAlgorithm[]
    {
        new() { Uri = RsaSha256, IsRsa = true, Hash = HashAlgorithmName.SHA256 },
        new() { Uri = More + "rsa-sha384", IsRsa = true, Hash = HashAlgorithmName.SHA384 },
        new() { Uri = More + "rsa-sha512", IsRsa = true, Hash = HashAlgorithmName.SHA512 },
        new() { Uri = EcdsaSha256, Hash = HashAlgorithmName.SHA256 },
        new() { Uri = More + "ecdsa-sha384", Hash = HashAlgorithmName.SHA384 },
        new() { Uri = More + "ecdsa-sha512", Hash = HashAlgorithmName.SHA512 },
        new() { Uri = SamlNames.Signature + "rsa-sha1", IsRsa = true, Hash = HashAlgorithmName.SHA1 },
        new() { Uri = More + "ecdsa-sha1", Hash = HashAlgorithmName.SHA1 },
    }.ToFrozenDictionary(one => one.Uri);

    private static readonly FrozenDictionary<string, HashAlgorithmName> Digests = new Dictionary<string, HashAlgorithmName>
    {
        [Sha256] = HashAlgorithmName.SHA256,
        [More + "sha384"] = HashAlgorithmName.SHA384,
        [SamlNames.Encryption + "sha512"] = HashAlgorithmName.SHA512,
        [Sha1] = HashAlgorithmName.SHA1,
    }.ToFrozenDictionary();

    private SamlAlgorithm()
    {
    }

    /// <summary>RSA PKCS#1 with SHA-256, which everybody knows.</summary>
    public const string RsaSha256 = More + "rsa-sha256";

    /// <summary>ECDSA with SHA-256.</summary>
    public const string EcdsaSha256 = More + "ecdsa-sha256";

    internal const string Sha256 = SamlNames.Encryption + "sha256";
    internal const string Sha1 = SamlNames.Signature + "sha1";

    /// <summary>Identifier.</summary>
    public required string Uri { get; init; }

    /// <summary>Whether it takes an RSA key; otherwise an elliptic curve's.</summary>
    public bool IsRsa { get; init; }

    /// <summary>Hash of what is signed.</summary>
    public required HashAlgorithmName Hash { get; init; }

    /// <summary>By identifier. Throws when it is not on the list, and for SHA-1 unless that is allowed.</summary>
    internal static SamlAlgorithm Find(string? uri, bool allowSha1)
    {
        if (uri is null || !Known.TryGetValue(uri, out var found)) throw new SamlException(SamlError.UnsupportedAlgorithm);
        return found.Hash != HashAlgorithmName.SHA1 || allowSha1 ? found : throw new SamlException(SamlError.Sha1);
    }

    /// <summary>A digest by identifier, under the same rules.</summary>
    internal static HashAlgorithmName FindDigest(string? uri, bool allowSha1)
    {
        if (uri is null || !Digests.TryGetValue(uri, out var found)) throw new SamlException(SamlError.UnsupportedAlgorithm);
        return found != HashAlgorithmName.SHA1 || allowSha1 ? found : throw new SamlException(SamlError.Sha1);
    }
}
