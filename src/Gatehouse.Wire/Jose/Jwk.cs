using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Wire.Jose;

/// <summary>A JSON Web Key (RFC 7517) for signatures: RSA of 2048 bits or more, or EC on P-256, P-384, P-521. Immutable; judged when it is made.</summary>
public sealed class Jwk
{
    private readonly RSAParameters rsa;
    private readonly ECParameters ec;

    private Jwk(string kty, RSAParameters rsa, ECParameters ec, string? crv, string? kid, string? alg, string? use)
    {
        (Kty, this.rsa, this.ec, Crv, Alg, Use) = (kty, rsa, ec, crv, alg, use);
        Kid = kid;
    }

    /// <summary>Key type: <c>RSA</c> or <c>EC</c>.</summary>
    public string Kty { get; }

    /// <summary>Curve of an EC key.</summary>
    public string? Crv { get; }

    /// <summary>Key id.</summary>
    public string? Kid { get; }

    /// <summary>The one algorithm that the key is for, when it says so.</summary>
    public string? Alg { get; }

    /// <summary>Use, <c>sig</c> or null.</summary>
    public string? Use { get; }

    /// <summary>Whether the private part is here.</summary>
    public bool HasPrivate => Kty == "RSA" ? rsa.D is not null : ec.D is not null;

    /// <summary>Makes a new key pair for an algorithm; the key id is the thumbprint unless one is given.</summary>
    public static Jwk Generate(string algorithm, string? kid = null, int rsaBits = 2048)
    {
        var alg = JoseAlgorithm.Find(algorithm) ?? throw new ArgumentException($"'{algorithm}' is not a supported algorithm.", nameof(algorithm));
        Jwk made;
        if (alg.KeyType == "RSA")
        {
            using var rsa = RSA.Create(rsaBits);
            made = new Jwk("RSA", rsa.ExportParameters(true), default, null, kid, algorithm, "sig");
        }
        else
        {
            using var ec = ECDsa.Create(JwkReader.CurveOf(alg.Curve!)!.Value);
            made = new Jwk("EC", default, ec.ExportParameters(true), alg.Curve, kid, algorithm, "sig");
        }

        return kid is not null ? made : new Jwk(made.Kty, made.rsa, made.ec, made.Crv, made.Thumbprint(), algorithm, "sig");
    }

    /// <summary>Reads a JWK strictly. Unknown members are ignored (RFC 7517, 4); a key for encryption, a symmetric key or an unfit key is refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8Json, [NotNullWhen(true)] out Jwk? key, out JoseError error)
    {
        key = null;
        if (!StrictJson.TryParse(utf8Json, Limits.Default, JsonValueKind.Object, out var document, out var fault))
        {
            error = JwkReader.Of(fault);
            return false;
        }

        using (document) return TryRead(document.RootElement, out key, out error);
    }

    /// <summary>Whether the key may be used with an algorithm: type, curve, and the key's own <c>alg</c>.</summary>
    public bool Supports(string algorithm)
        => JoseAlgorithm.Find(algorithm) is { } alg && alg.KeyType == Kty && (alg.Curve is null || alg.Curve == Crv) && (Alg is null || Alg == algorithm);

    /// <summary>The key without its private part.</summary>
    public Jwk ToPublic()
        => new(Kty, new RSAParameters { Modulus = rsa.Modulus, Exponent = rsa.Exponent }, new ECParameters { Curve = ec.Curve, Q = ec.Q }, Crv, Kid, Alg, Use);

    /// <summary>The key as JSON; the private part only when asked for, and only for sealing at rest.</summary>
    public string ToJson(bool includePrivate = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) Write(writer, includePrivate);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>RFC 7638 thumbprint, SHA-256, base64url.</summary>
    public string Thumbprint()
    {
        var canonical = Kty == "RSA"
            ? $$"""{"e":"{{Text(rsa.Exponent)}}","kty":"RSA","n":"{{Text(rsa.Modulus)}}"}"""
            : $$"""{"crv":"{{Crv}}","kty":"EC","x":"{{Text(ec.Q.X)}}","y":"{{Text(ec.Q.Y)}}"}""";
        return StrictBase64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
    }

    internal static bool TryRead(JsonElement json, [NotNullWhen(true)] out Jwk? key, out JoseError error)
    {
        key = null;
        error = JwkReader.Read(json, out var kty, out var rsa, out var ec, out var crv);
        if (error != JoseError.None) return false;
        if (!JwkReader.Text(json, "kid", out var kid) || !JwkReader.Text(json, "alg", out var alg) || !JwkReader.Text(json, "use", out var use))
        {
            error = JoseError.Malformed;
            return false;
        }

        error = use is null or "sig" ? JwkReader.Operations(json) : JoseError.WrongUse;
        if (error != JoseError.None) return false;

        var read = new Jwk(kty!, rsa, ec, crv, kid, alg, use);
        if (alg is not null && !read.Supports(alg))
        {
            error = JoseAlgorithm.Find(alg) is null ? JoseError.UnsupportedAlgorithm : JoseError.AlgorithmMismatch;
            return false;
        }

        key = read;
        return true;
    }

    internal void Write(Utf8JsonWriter writer, bool includePrivate)
    {
        writer.WriteStartObject();
        writer.WriteString("kty", Kty);
        if (Use is not null) writer.WriteString("use", Use);
        if (Kid is not null) writer.WriteString("kid", Kid);
        if (Alg is not null) writer.WriteString("alg", Alg);
        if (Kty == "RSA")
        {
            (string, byte[]?)[] parts = [("n", rsa.Modulus), ("e", rsa.Exponent), .. includePrivate ? [("d", rsa.D), ("p", rsa.P), ("q", rsa.Q), ("dp", rsa.DP), ("dq", rsa.DQ), ("qi", rsa.InverseQ)] : Array.Empty<(string, byte[]?)>()];
            foreach (var (name, value) in parts) WriteBytes(writer, name, value);
        }
        else
        {
            writer.WriteString("crv", Crv);
            WriteBytes(writer, "x", ec.Q.X);
            WriteBytes(writer, "y", ec.Q.Y);
            if (includePrivate) WriteBytes(writer, "d", ec.D);
        }

        writer.WriteEndObject();
    }

    internal AsymmetricAlgorithm Open() => Kty == "RSA" ? RSA.Create(rsa) : ECDsa.Create(ec);

    private static void WriteBytes(Utf8JsonWriter writer, string name, byte[]? value)
    {
        if (value is not null) writer.WriteString(name, StrictBase64Url.Encode(value));
    }

    private static string Text(byte[]? value) => StrictBase64Url.Encode(value);
}
