using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Jose;

/// <summary>Verifies JWS with one public key. The key says which algorithms fit, never the token alone (RFC 8725, 3.1). Thread-safe.</summary>
public sealed class JoseVerifier : IDisposable
{
    private readonly ConcurrentBag<AsymmetricAlgorithm> handles = [];
    private readonly Jwk key;
    private readonly IReadOnlyCollection<string>? only;

    /// <summary>Wraps a key, of which only the public part is kept; <paramref name="only"/> narrows the algorithms that the key leaves open.</summary>
    public JoseVerifier(Jwk key, IReadOnlyCollection<string>? only = null) => (this.key, this.only) = (key.ToPublic(), only);

    /// <summary>Key id, if the key has one.</summary>
    public string? KeyId => key.Kid;

    /// <summary>None when the signature is this key's; otherwise why not.</summary>
    public JoseError Verify(Jws jws) => Verify(jws.Algorithm, jws.SigningInput.Span, jws.Signature.Span);

    /// <summary>The same for a signature over bytes that are no compact token.</summary>
    public JoseError Verify(JoseAlgorithm algorithm, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        if (!key.Supports(algorithm.Name) || (only is not null && !only.Contains(algorithm.Name))) return JoseError.AlgorithmMismatch;
        if (!handles.TryTake(out var handle)) handle = key.Open();
        try
        {
            return IsRight(handle, algorithm, input, signature) ? JoseError.None : JoseError.BadSignature;
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

    private static bool IsRight(AsymmetricAlgorithm handle, JoseAlgorithm algorithm, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        if (handle is ECDsa ec)
            return signature.Length == algorithm.SignatureBytes && ec.VerifyData(input, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var rsa = (RSA)handle;
        return signature.Length == (rsa.KeySize + 7) / 8 && rsa.VerifyData(input, signature, algorithm.Hash, algorithm.Padding!);
    }
}
