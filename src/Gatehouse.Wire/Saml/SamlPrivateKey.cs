using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Wire.Saml;

/// <summary>Our own key with the certificate that carries its public half: it signs and, when it is RSA, decrypts. Thread-safe: each use borrows a handle of its own.</summary>
public sealed class SamlPrivateKey : IDisposable
{
    private readonly ConcurrentBag<AsymmetricAlgorithm> handles = [];
    private readonly byte[] pkcs8;

    /// <summary>Wraps a key. Throws <see cref="ArgumentException"/> when the certificate is not the key's or unfit.</summary>
    public SamlPrivateKey(ReadOnlySpan<byte> pkcs8, ReadOnlySpan<byte> certificate)
    {
        if (!SamlPublicKey.TryRead(certificate, out var read, out _)) throw new ArgumentException("The certificate is unfit.", nameof(certificate));
        this.pkcs8 = pkcs8.ToArray();
        Public = read;
        Algorithm = SamlAlgorithm.Find(read.IsRsa ? SamlAlgorithm.RsaSha256 : SamlAlgorithm.EcdsaSha256, false);
        if (!read.Verifies(Algorithm, [1], Sign([1]))) throw new ArgumentException("The certificate is another key's.", nameof(certificate));
    }

    /// <summary>Public half, and the certificate.</summary>
    public SamlPublicKey Public { get; }

    /// <summary>Algorithm that it signs with: SHA-256 and the key's kind.</summary>
    public SamlAlgorithm Algorithm { get; }

    /// <summary>A key from a certificate that carries its private half. Throws <see cref="ArgumentException"/> when it carries none or is unfit.</summary>
    public static SamlPrivateKey Of(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey();
        return key is null ? throw new ArgumentException("The certificate has no private key.", nameof(certificate)) : new SamlPrivateKey(key.ExportPkcs8PrivateKey(), certificate.RawData);
    }

    /// <summary>A key of ours with a new self-signed certificate, which SAML partners take as its envelope. An EC key fits partners that know ECDSA; RSA fits all.</summary>
    public static SamlPrivateKey SelfSigned(Jwk key, string commonName, DateTimeOffset from, DateTimeOffset until)
    {
        using var handle = key.Open();
        return SelfSigned(handle, commonName, from, until);
    }

    /// <summary>The same for a key that is held elsewhere; it is copied.</summary>
    public static SamlPrivateKey SelfSigned(AsymmetricAlgorithm key, string commonName, DateTimeOffset from, DateTimeOffset until)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        var request = key is RSA rsa ? new CertificateRequest(name.Build(), rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest(name.Build(), (ECDsa)key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(from, until);
        return new SamlPrivateKey(key.ExportPkcs8PrivateKey(), certificate.RawData);
    }

    /// <summary>The key as PKCS#8: a secret.</summary>
    public byte[] ToPkcs8() => [.. pkcs8];

    internal byte[] Sign(ReadOnlySpan<byte> input)
    {
        var handle = Borrow();
        try
        {
            return handle is RSA rsa ? rsa.SignData(input, Algorithm.Hash, RSASignaturePadding.Pkcs1) : ((ECDsa)handle).SignData(input, Algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            handles.Add(handle);
        }
    }

    internal byte[] Decrypt(ReadOnlySpan<byte> wrapped, RSAEncryptionPadding padding)
    {
        if (!Public.IsRsa) throw new CryptographicException("Not an RSA key.");
        var handle = Borrow();
        try
        {
            return ((RSA)handle).Decrypt(wrapped, padding);
        }
        finally
        {
            handles.Add(handle);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Public.Dispose();
        while (handles.TryTake(out var handle)) handle.Dispose();
    }

    private AsymmetricAlgorithm Borrow()
    {
        if (handles.TryTake(out var free)) return free;
        AsymmetricAlgorithm handle = Public.IsRsa ? RSA.Create() : ECDsa.Create();
        handle.ImportPkcs8PrivateKey(pkcs8, out _);
        return handle;
    }
}
