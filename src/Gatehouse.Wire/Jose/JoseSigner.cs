using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gatehouse.Wire.Jose;

/// <summary>Signs compact JWS with one private key and one algorithm. Thread-safe: each signature borrows a key handle of its own, since a handle serves one thread at a time.</summary>
public sealed class JoseSigner : IDisposable
{
    private readonly ConcurrentBag<AsymmetricAlgorithm> handles = [];
    private readonly ConcurrentDictionary<string, byte[]> headers = new();
    private readonly Jwk key;
    private readonly JoseAlgorithm algorithm;
    private readonly int signatureBytes;

    /// <summary>Wraps a private key. Throws <see cref="ArgumentException"/> when it has no private part or is not for the algorithm.</summary>
    public JoseSigner(Jwk key, string algorithm)
    {
        if (!key.HasPrivate) throw new ArgumentException("The key has no private part.", nameof(key));
        if (!key.Supports(algorithm)) throw new ArgumentException($"The key is not for {algorithm}.", nameof(algorithm));
        this.key = key;
        this.algorithm = JoseAlgorithm.Find(algorithm)!;
        KeyId = key.Kid ?? key.Thumbprint();
        var handle = key.Open();
        signatureBytes = this.algorithm.SignatureBytes != 0 ? this.algorithm.SignatureBytes : (handle.KeySize + 7) / 8;
        handles.Add(handle);
    }

    /// <summary>Key id that goes into each header.</summary>
    public string KeyId { get; }

    /// <summary>Algorithm name.</summary>
    public string Algorithm => algorithm.Name;

    /// <summary>Whether a signature takes a millisecond or so (RSA), not a few hundredths of one.</summary>
    public bool IsSlow => algorithm.Padding is not null;

    /// <summary>Signs a payload; <paramref name="type"/> is the <c>typ</c> header.</summary>
    public string Sign(ReadOnlySpan<byte> payload, string type)
    {
        if (!headers.TryGetValue(type, out var header)) header = headers.GetOrAdd(type, Header);
        var inputLength = header.Length + Base64Url.GetEncodedLength(payload.Length);
        var total = inputLength + 1 + Base64Url.GetEncodedLength(signatureBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(total);
        Span<byte> signature = stackalloc byte[1024];
        try
        {
            header.CopyTo(buffer, 0);
            Base64Url.EncodeToUtf8(payload, buffer.AsSpan(header.Length), out _, out var written);
            var length = SignInput(buffer.AsSpan(0, header.Length + written), signature);
            buffer[inputLength] = (byte)'.';
            Base64Url.EncodeToUtf8(signature[..length], buffer.AsSpan(inputLength + 1), out _, out var tail);
            return Encoding.ASCII.GetString(buffer, 0, inputLength + 1 + tail);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (handles.TryTake(out var handle)) handle.Dispose();
    }

    private int SignInput(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        if (!handles.TryTake(out var handle)) handle = key.Open();
        try
        {
            return handle is ECDsa ec
                ? ec.SignData(input, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                : ((RSA)handle).SignData(input, signature, algorithm.Hash, algorithm.Padding!);
        }
        finally
        {
            handles.Add(handle);
        }
    }

    // The dot that follows is part of it: the header is the same for every token of a type.
    private byte[] Header(string type)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("alg", algorithm.Name);
            writer.WriteString("typ", type);
            writer.WriteString("kid", KeyId);
            writer.WriteEndObject();
        }

        return Encoding.ASCII.GetBytes(Base64Url.EncodeToString(json.WrittenSpan) + ".");
    }
}
