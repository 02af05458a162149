using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Jose;

/// <summary>Verifies JWS with one public key. The key says which algorithms fit, never the token alone (RFC 8725, 3.1). Thread-safe.</summary>
public sealed class JoseVerifier(Jwk key) : IDisposable
{
    private readonly ConcurrentBag<AsymmetricAlgorithm> handles = [];
    private readonly Jwk key = key.ToPublic();

    /// <summary>Key id, if the key has one.</summary>
    public string? KeyId => key.Kid;

    /// <summary>None when the signature is this key's; otherwise why not.</summary>
    public JoseError Verify(Jws jws)
    {
        if (!key.Supports(jws.Algorithm.Name)) return JoseError.AlgorithmMismatch;
        if (!handles.TryTake(out var handle)) handle = key.Open();
        try
        {
            return IsRight(handle, jws) ? JoseError.None : JoseError.BadSignature;
        }
        catch (CryptographicException)
        {
            return JoseError.BadSignature;
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

    private static bool IsRight(AsymmetricAlgorithm handle, Jws jws)
    {
        var algorithm = jws.Algorithm;
        if (handle is ECDsa ec)
        {
            return jws.Signature.Length == algorithm.SignatureBytes
                && ec.VerifyData(jws.SigningInput.Span, jws.Signature.Span, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        var rsa = (RSA)handle;
        return jws.Signature.Length == (rsa.KeySize + 7) / 8 && rsa.VerifyData(jws.SigningInput.Span, jws.Signature.Span, algorithm.Hash, algorithm.Padding!);
    }
}
