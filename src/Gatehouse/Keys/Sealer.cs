using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>Envelope encryption and keyed hashes under the one root key. Purposes keep uses apart: what was sealed for one cannot be opened for another.</summary>
public sealed class Sealer(RootKey root)
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly ConcurrentDictionary<string, byte[]> keys = new();

    /// <summary>Encrypts with AES-256-GCM under a key derived for <paramref name="purpose"/>: version, nonce, tag, cipher text.</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var made = new byte[1 + NonceBytes + TagBytes + plain.Length];
        made[0] = Version;
        var nonce = made.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Key("seal/" + purpose), TagBytes);
        aes.Encrypt(nonce, plain, made.AsSpan(1 + NonceBytes + TagBytes), made.AsSpan(1 + NonceBytes, TagBytes), made.AsSpan(0, 1));
        return made;
    }

    /// <summary>Opens what <see cref="Seal"/> made; false when it was altered, or sealed under another purpose or root key.</summary>
    public bool TryOpen(string purpose, ReadOnlySpan<byte> sealedBytes, out byte[] plain)
    {
        plain = [];
        if (sealedBytes.Length < 1 + NonceBytes + TagBytes || sealedBytes[0] != Version) return false;
        var opened = new byte[sealedBytes.Length - 1 - NonceBytes - TagBytes];
        try
        {
            using var aes = new AesGcm(Key("seal/" + purpose), TagBytes);
            aes.Decrypt(sealedBytes.Slice(1, NonceBytes), sealedBytes[(1 + NonceBytes + TagBytes)..], sealedBytes.Slice(1 + NonceBytes, TagBytes), opened, sealedBytes[..1]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        plain = opened;
        return true;
    }

    /// <summary>HMAC-SHA-256 under a key derived for <paramref name="purpose"/>: recognises a high-entropy secret without keeping it.</summary>
    public byte[] Hash(string purpose, ReadOnlySpan<byte> value) => HMACSHA256.HashData(Key("hash/" + purpose), value);

    /// <summary>A seal for tokens of one purpose, to be kept: making it costs more than using it.</summary>
    public TokenSeal SealOf(string purpose) => new(root.Derive("token/" + purpose));

    private byte[] Key(string purpose) => keys.GetOrAdd(purpose, root.Derive);
}
