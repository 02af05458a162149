using System.Security.Cryptography;

namespace Gatehouse.Wire.Saml;

/// <summary>A block cipher of XML encryption.</summary>
/// <param name="Uri">Identifier.</param>
/// <param name="KeyBytes">Bytes of the key.</param>
/// <param name="IsGcm">Whether it authenticates what it encrypts (GCM); otherwise CBC, which anybody can change under way.</param>
public sealed record SamlCipher(string Uri, int KeyBytes, bool IsGcm)
{
    private const int Nonce = 12;
    private const int Tag = 16;
    private const int Block = 16;

    /// <summary>AES-256-GCM: what we write unless the partner knows only CBC.</summary>
    public static readonly SamlCipher Aes256Gcm = new(SamlNames.Encryption11 + "aes256-gcm", 32, true);

    /// <summary>AES-128-GCM.</summary>
    public static readonly SamlCipher Aes128Gcm = new(SamlNames.Encryption11 + "aes128-gcm", 16, true);

    /// <summary>AES-256-CBC.</summary>
    public static readonly SamlCipher Aes256Cbc = new(SamlNames.Encryption + "aes256-cbc", 32, false);

    /// <summary>AES-128-CBC.</summary>
    public static readonly SamlCipher Aes128Cbc = new(SamlNames.Encryption + "aes128-cbc", 16, false);

    /// <summary>By identifier; null when it is not supported.</summary>
    public static SamlCipher? Find(string? uri) => uri is null ? null : Array.Find([Aes256Gcm, Aes128Gcm, Aes256Cbc, Aes128Cbc], one => one.Uri == uri);

    internal byte[] Encrypt(byte[] key, byte[] plain)
    {
        if (IsGcm)
        {
            var output = new byte[Nonce + plain.Length + Tag];
            RandomNumberGenerator.Fill(output.AsSpan(0, Nonce));
            using var gcm = new AesGcm(key, Tag);
            gcm.Encrypt(output.AsSpan(0, Nonce), plain, output.AsSpan(Nonce, plain.Length), output.AsSpan(Nonce + plain.Length));
            return output;
        }

        using var aes = Aes.Create();
        aes.Key = key;
        var iv = RandomNumberGenerator.GetBytes(Block);
        return [.. iv, .. aes.EncryptCbc(plain, iv, PaddingMode.ISO10126)];
    }

    internal byte[] Decrypt(byte[] key, byte[] input)
    {
        if (key.Length != KeyBytes) throw new CryptographicException("Wrong length of the key.");
        if (IsGcm)
        {
            if (input.Length < Nonce + Tag) throw new CryptographicException("Too short.");
            var plain = new byte[input.Length - Nonce - Tag];
            using var gcm = new AesGcm(key, Tag);
            gcm.Decrypt(input.AsSpan(0, Nonce), input.AsSpan(Nonce, plain.Length), input.AsSpan(Nonce + plain.Length), plain);
            return plain;
        }

        if (input.Length < 2 * Block || input.Length % Block != 0) throw new CryptographicException("Too short.");
        using var aes = Aes.Create();
        aes.Key = key;

        // Only the last byte of the padding has a meaning (XML Encryption, 5.2).
        var padded = aes.DecryptCbc(input.AsSpan(Block), input.AsSpan(0, Block), PaddingMode.None);
        var padding = padded[^1];
        return padding is > 0 and <= Block ? padded[..^padding] : throw new CryptographicException("Wrong padding.");
    }
}
