using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Jose;

/// <summary>A signature algorithm of RFC 7518, 3: the closed list that is accepted and produced. HMAC and <c>none</c> are not on it.</summary>
public sealed record JoseAlgorithm
{
    private static readonly FrozenDictionary<string, JoseAlgorithm> Known = new JoseAlgorithm[]
    {
        new() { Name = "RS256", KeyType = "RSA", Hash = HashAlgorithmName.SHA256, Padding = RSASignaturePadding.Pkcs1 },
        new() { Name = "RS384", KeyType = "RSA", Hash = HashAlgorithmName.SHA384, Padding = RSASignaturePadding.Pkcs1 },
        new() { Name = "RS512", KeyType = "RSA", Hash = HashAlgorithmName.SHA512, Padding = RSASignaturePadding.Pkcs1 },
        new() { Name = "PS256", KeyType = "RSA", Hash = HashAlgorithmName.SHA256, Padding = RSASignaturePadding.Pss },
        new() { Name = "PS384", KeyType = "RSA", Hash = HashAlgorithmName.SHA384, Padding = RSASignaturePadding.Pss },
        new() { Name = "PS512", KeyType = "RSA", Hash = HashAlgorithmName.SHA512, Padding = RSASignaturePadding.Pss },
        new() { Name = "ES256", KeyType = "EC", Hash = HashAlgorithmName.SHA256, Curve = "P-256", SignatureBytes = 64 },
        new() { Name = "ES384", KeyType = "EC", Hash = HashAlgorithmName.SHA384, Curve = "P-384", SignatureBytes = 96 },
        new() { Name = "ES512", KeyType = "EC", Hash = HashAlgorithmName.SHA512, Curve = "P-521", SignatureBytes = 132 },
    }.ToFrozenDictionary(one => one.Name);

    private JoseAlgorithm()
    {
    }

    /// <summary>Name as in the <c>alg</c> header.</summary>
    public required string Name { get; init; }

    /// <summary><c>RSA</c> or <c>EC</c>.</summary>
    public required string KeyType { get; init; }

    /// <summary>Hash of the signing input.</summary>
    public required HashAlgorithmName Hash { get; init; }

    /// <summary>RSA padding; null for EC.</summary>
    public RSASignaturePadding? Padding { get; init; }

    /// <summary>Curve; null for RSA.</summary>
    public string? Curve { get; init; }

    /// <summary>Length of an EC signature in bytes; 0 for RSA, where it is the modulus'.</summary>
    public int SignatureBytes { get; init; }

    /// <summary>Names of all supported algorithms.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys.Order()];

    /// <summary>By name; null when it is not supported. Names are case-sensitive (RFC 7515, 4.1.1).</summary>
    public static JoseAlgorithm? Find(string? name) => name is not null && Known.TryGetValue(name, out var found) ? found : null;
}
