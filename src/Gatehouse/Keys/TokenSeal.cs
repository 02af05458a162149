using System.Security.Cryptography;

namespace Gatehouse.Keys;

/// <summary>AES-256-GCM under one derived key, made for tokens: no allocation and no lock, however many threads seal and open at once.</summary>
public sealed class TokenSeal
{
    /// <summary>Bytes of a nonce, chosen at random for each token: a key is in use for a day, far from where random nonces meet (NIST SP 800-38D, 8.3).</summary>
    public const int NonceBytes = 12;

    /// <summary>Bytes of the tag.</summary>
    public const int TagBytes = 16;

    // The cipher keeps state between its calls, so each is in one hand at a time.
    private readonly AesGcm?[] ciphers = new AesGcm?[32];
    private readonly byte[] key;

    internal TokenSeal(byte[] key) => this.key = key;

    /// <summary>Encrypts: <paramref name="sealedBytes"/> takes nonce, cipher text and tag, <see cref="NonceBytes"/> + <see cref="TagBytes"/> longer than the plain text. <paramref name="clear"/> is authenticated with it.</summary>
    public void Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> clear, Span<byte> sealedBytes)
    {
        var nonce = sealedBytes[..NonceBytes];
        RandomNumberGenerator.Fill(nonce);
        var (cipher, slot) = Take();
        cipher.Encrypt(nonce, plain, sealedBytes.Slice(NonceBytes, plain.Length), sealedBytes[(NonceBytes + plain.Length)..], clear);
        Put(cipher, slot);
    }

    /// <summary>Decrypts what <see cref="Seal"/> made; false when anything of it was altered.</summary>
    public bool TryOpen(ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> clear, Span<byte> plain)
    {
        if (sealedBytes.Length != NonceBytes + plain.Length + TagBytes) return false;
        var (cipher, slot) = Take();
        try
        {
            cipher.Decrypt(sealedBytes[..NonceBytes], sealedBytes.Slice(NonceBytes, plain.Length), sealedBytes[(NonceBytes + plain.Length)..], plain, clear);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            Put(cipher, slot);
        }
    }

    private (AesGcm Cipher, int Slot) Take()
    {
        var slot = Environment.CurrentManagedThreadId % ciphers.Length;
        return (Interlocked.Exchange(ref ciphers[slot], null) ?? new AesGcm(key, TagBytes), slot);
    }

    private void Put(AesGcm cipher, int slot) => Interlocked.Exchange(ref ciphers[slot], cipher)?.Dispose();
}
