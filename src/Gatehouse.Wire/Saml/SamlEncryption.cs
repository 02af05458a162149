using System.Collections.Immutable;
using System.Security.Cryptography;

namespace Gatehouse.Wire.Saml;

/// <summary>With what we open what was encrypted for us.</summary>
/// <param name="Keys">Our RSA keys: several during a roll-over.</param>
/// <param name="AllowRsa15">Whether keys wrapped by RSA PKCS#1 1.5 are opened; Bleichenbacher's attack is on these. Off unless somebody turned it on.</param>
/// <param name="AllowUnsignedCbc">Whether CBC is opened in a response that is not signed itself (the assertion inside then must be). Some identity providers know nothing else; what they send can be changed under way and sent to us to see what we say.</param>
public sealed record SamlDecryption(ImmutableArray<SamlPrivateKey> Keys, bool AllowRsa15 = false, bool AllowUnsignedCbc = false)
{
    /// <summary>Opens with one key.</summary>
    public static SamlDecryption With(SamlPrivateKey key) => new([key]);
}

/// <summary>XML encryption of a SAML element (Core, 6): a fresh AES key, wrapped by RSA-OAEP. Every failure is the same <see cref="SamlError.DecryptionFailed"/>.</summary>
public static class SamlEncryption
{
    private const string Oaep = SamlNames.Encryption + "rsa-oaep-mgf1p";
    private const string Oaep11 = SamlNames.Encryption11 + "rsa-oaep";
    private const string Rsa15 = SamlNames.Encryption + "rsa-1_5";
    private const string Mgf = SamlNames.Encryption11 + "mgf1";
    private const int MostKeys = 4;

    /// <summary>Encrypts an assertion for its receiver: an <c>EncryptedAssertion</c> that stands in for it.</summary>
    /// <param name="assertion">A complete, perhaps signed assertion.</param>
    /// <param name="receiver">RSA key of the receiver.</param>
    /// <param name="cipher">Cipher; null for AES-256-GCM.</param>
    /// <param name="sha256">Whether OAEP takes SHA-256; SHA-1, which is sound there, is what everybody knows.</param>
    public static SamlElement Encrypt(SamlElement assertion, SamlPublicKey receiver, SamlCipher? cipher = null, bool sha256 = false)
    {
        cipher ??= SamlCipher.Aes256Gcm;
        var key = RandomNumberGenerator.GetBytes(cipher.KeyBytes);
        try
        {
            // The canonical form carries its own namespaces, so that it can be read wherever it is put.
            var content = cipher.Encrypt(key, ExclusiveC14n.Write(assertion));
            var method = New("EncryptionMethod").With("Algorithm", sha256 ? Oaep11 : Oaep).Add(SamlSignature.Algorithm("DigestMethod", sha256 ? SamlAlgorithm.Sha256 : SamlAlgorithm.Sha1));
            if (sha256) method.Add(new SamlElement("xenc11", "MGF", SamlNames.Encryption11).Declare("xenc11", SamlNames.Encryption11).With("Algorithm", Mgf + "sha256"));
            var wrapped = New("EncryptedKey").Add(method).Add(Cipher(receiver.Encrypt(key, sha256 ? RSAEncryptionPadding.OaepSHA256 : RSAEncryptionPadding.OaepSHA1)));
            var data = New("EncryptedData").Declare("xenc", SamlNames.Encryption).Declare("ds", SamlNames.Signature).With("Type", SamlNames.Encryption + "Element")
                .Add(New("EncryptionMethod").With("Algorithm", cipher.Uri)).Add(SamlSignature.New("KeyInfo").Add(wrapped)).Add(Cipher(content));
            return SamlWriting.A("EncryptedAssertion").Declare("saml", SamlNames.Assertion).Add(data);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Opens an <c>EncryptedAssertion</c>. CBC is opened only where <paramref name="vouched"/>: where a signature over the cipher text is verified already.</summary>
    internal static SamlElement Decrypt(SamlElement encrypted, SamlDecryption with, bool vouched)
    {
        try
        {
            var data = Only(encrypted, SamlNames.Encryption, "EncryptedData");
            if (SamlCipher.Find(Only(data, SamlNames.Encryption, "EncryptionMethod")["Algorithm"]) is not { } cipher || (!cipher.IsGcm && !vouched && !with.AllowUnsignedCbc)) throw Failed();
            var wrapped = (data.Only(SamlNames.Signature, "KeyInfo")?.Elements(SamlNames.Encryption, "EncryptedKey") ?? []).Concat(encrypted.Elements(SamlNames.Encryption, "EncryptedKey")).Take(MostKeys + 1).ToList();
            if (wrapped.Count is 0 or > MostKeys) throw Failed();
            var content = Value(data);
            foreach (var candidate in wrapped)
                foreach (var key in with.Keys)
                    if (key.Public.IsRsa && Open(content, candidate, cipher, key, with.AllowRsa15) is { } plain) return SamlXml.Read(plain, SamlLimits.Message, place: encrypted);
            throw Failed();
        }
        catch (SamlException)
        {
            throw Failed();
        }
    }

    private static byte[]? Open(byte[] content, SamlElement wrapped, SamlCipher cipher, SamlPrivateKey key, bool allowRsa15)
    {
        var padding = Padding(Only(wrapped, SamlNames.Encryption, "EncryptionMethod"));
        if (padding is null || (padding == RSAEncryptionPadding.Pkcs1 && !allowRsa15)) return null;
        var wanted = Value(wrapped);

        // A key that cannot be opened is replaced by a random one, so that the way from here on is the same one (Bleichenbacher).
        var secret = RandomNumberGenerator.GetBytes(cipher.KeyBytes);
        try
        {
            var opened = key.Decrypt(wanted, padding);
            if (opened.Length == secret.Length) secret = opened;
        }
        catch (CryptographicException)
        {
            // The random key it is.
        }

        try
        {
            return cipher.Decrypt(secret, content);
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    // .NET has OAEP with one hash for both of its uses; the mixed forms are not supported.
    private static RSAEncryptionPadding? Padding(SamlElement method)
    {
        var uri = method["Algorithm"];
        if (uri == Rsa15) return RSAEncryptionPadding.Pkcs1;
        if (uri is not (Oaep or Oaep11) || method.Only(SamlNames.Encryption, "OAEPparams") is not null) return null;
        var digest = method.Only(SamlNames.Signature, "DigestMethod")?["Algorithm"] ?? SamlAlgorithm.Sha1;
        var mask = uri == Oaep ? Mgf + "sha1" : method.Only(SamlNames.Encryption11, "MGF")?["Algorithm"] ?? Mgf + "sha1";
        return (digest, mask) switch
        {
            (SamlAlgorithm.Sha1, Mgf + "sha1") => RSAEncryptionPadding.OaepSHA1,
            (SamlAlgorithm.Sha256, Mgf + "sha256") => RSAEncryptionPadding.OaepSHA256,
            _ => null,
        };
    }

    private static byte[] Value(SamlElement element) => SamlBase64.Decode(Only(Only(element, SamlNames.Encryption, "CipherData"), SamlNames.Encryption, "CipherValue").Text());

    private static SamlElement Cipher(byte[] bytes) => New("CipherData").Add(New("CipherValue").Add(Convert.ToBase64String(bytes)));

    private static SamlElement Only(SamlElement element, string @namespace, string name) => element.Only(@namespace, name) ?? throw Failed();

    private static SamlElement New(string name) => new("xenc", name, SamlNames.Encryption);

    private static SamlException Failed() => new(SamlError.DecryptionFailed);
}
