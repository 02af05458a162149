namespace Gatehouse.Keys;

/// <summary>Envelope encryption and keyed hashes under the one root key. Purposes keep uses apart: what was sealed for one cannot be opened for another.</summary>
public sealed class Sealer
{
    /// <summary>Encrypts with AES-256-GCM under a key derived for <paramref name="purpose"/>.</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain) => throw new NotImplementedException();

    /// <summary>Opens what <see cref="Seal"/> made; false when it was altered, or sealed under another purpose or root key.</summary>
    public bool TryOpen(string purpose, ReadOnlySpan<byte> sealedBytes, out byte[] plain) => throw new NotImplementedException();

    /// <summary>HMAC-SHA-256 under a key derived for <paramref name="purpose"/>: recognises a high-entropy secret without keeping it.</summary>
    public byte[] Hash(string purpose, ReadOnlySpan<byte> value) => throw new NotImplementedException();
}
