using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Wire.Jose;

namespace Gatehouse.Wire.Saml;

/// <summary>
/// The other side's key, as a certificate of its metadata carries it. In SAML a certificate is an envelope: trust comes from the configuration or the metadata, not from a
/// chain, and its dates are shown, not judged. Thread-safe: each use borrows a handle of its own.
/// </summary>
public sealed class SamlPublicKey : IDisposable
{
    private readonly ConcurrentBag<AsymmetricAlgorithm> handles = [];
    private readonly byte[] info;

    private SamlPublicKey(byte[] certificate, byte[] info, bool isRsa, DateTimeOffset from, DateTimeOffset until, string subject)
        => (Certificate, this.info, IsRsa, NotBefore, NotAfter, Subject) = (certificate, info, isRsa, from, until, subject);

    /// <summary>The certificate, DER.</summary>
    public ReadOnlyMemory<byte> Certificate { get; }

    /// <summary>Whether the key is RSA; otherwise on P-256, P-384 or P-521.</summary>
    public bool IsRsa { get; }

    /// <summary>Begin of the certificate's validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>End of the certificate's validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Subject's name, for people.</summary>
    public string Subject { get; }

    /// <summary>SHA-256 of the certificate, lower-case hex: what people compare.</summary>
    public string Thumbprint => Convert.ToHexStringLower(SHA256.HashData(Certificate.Span));

    /// <summary>Reads a certificate: PEM, or Base64 of DER as in <c>ds:X509Certificate</c>. RSA below 2048 bits and other curves are <see cref="SamlError.BadKey"/>.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out SamlPublicKey? key, out SamlError error)
    {
        (key, error) = (null, SamlError.BadBase64);
        var body = PemEncoding.TryFind(text, out var fields) ? text[fields.Base64Data] : text;
        return SamlBase64.TryDecode(body, out var der) && TryRead(der, out key, out error);
    }

    /// <summary>Reads a certificate in DER.</summary>
    public static bool TryRead(ReadOnlySpan<byte> der, [NotNullWhen(true)] out SamlPublicKey? key, out SamlError error)
    {
        (key, error) = (null, SamlError.BadKey);
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            using var rsa = certificate.GetRSAPublicKey();
            using var ec = certificate.GetECDsaPublicKey();
            if (rsa is null ? ec is null || !IsKnownCurve(ec) : rsa.KeySize is < 2048 or > 8192 || RsaWeakness.Has(rsa.ExportParameters(false).Modulus)) return false;
            key = new SamlPublicKey(certificate.RawData, certificate.PublicKey.ExportSubjectPublicKeyInfo(), rsa is not null, Utc(certificate.NotBefore), Utc(certificate.NotAfter), certificate.Subject);
            error = SamlError.None;
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>The certificate as PEM.</summary>
    public string ToPem() => PemEncoding.WriteString("CERTIFICATE", Certificate.Span);

    internal bool Verifies(SamlAlgorithm algorithm, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        if (algorithm.IsRsa != IsRsa) return false;
        var handle = Borrow();
        try
        {
            if (handle is RSA rsa) return signature.Length == (rsa.KeySize + 7) / 8 && rsa.VerifyData(input, signature, algorithm.Hash, RSASignaturePadding.Pkcs1);
            var ec = (ECDsa)handle;
            return signature.Length == (ec.KeySize + 7) / 8 * 2 && ec.VerifyData(input, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            handles.Add(handle);
        }
    }

    internal byte[] Encrypt(ReadOnlySpan<byte> secret, RSAEncryptionPadding padding)
    {
        if (!IsRsa) throw new InvalidOperationException("Keys are wrapped for RSA keys only.");
        var handle = Borrow();
        try
        {
            return ((RSA)handle).Encrypt(secret, padding);
        }
        finally
        {
            handles.Add(handle);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (handles.TryTake(out var handle)) handle.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => new StringBuilder(Subject).Append(" sha256:").Append(Thumbprint).ToString();

    private static DateTimeOffset Utc(DateTime local) => new(local.ToUniversalTime(), TimeSpan.Zero);

    private static bool IsKnownCurve(ECDsa ec) => ec.ExportParameters(false).Curve is { IsNamed: true, Oid.Value: "1.2.840.10045.3.1.7" or "1.3.132.0.34" or "1.3.132.0.35" };

    private AsymmetricAlgorithm Borrow()
    {
        if (handles.TryTake(out var free)) return free;
        AsymmetricAlgorithm handle = IsRsa ? RSA.Create() : ECDsa.Create();
        handle.ImportSubjectPublicKeyInfo(info, out _);
        return handle;
    }
}
