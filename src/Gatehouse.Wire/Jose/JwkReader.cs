using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Wire.Jose;

/// <summary>Reads and judges the key material of a JWK (RFC 7518, 6).</summary>
internal static class JwkReader
{
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth"];

    public static JoseError Of(JsonFault fault) => fault switch
    {
        JsonFault.None => JoseError.None,
        JsonFault.TooLarge => JoseError.TooLarge,
        JsonFault.DuplicateMember => JoseError.DuplicateMember,
        _ => JoseError.Malformed,
    };

    /// <summary>Whether any member that only a private key has is there, whatever the key's type and form.</summary>
    public static bool HasPrivateMember(JsonElement json)
    {
        foreach (var name in PrivateMembers)
            if (json.TryGetProperty(name, out _)) return true;
        return false;
    }

    public static ECCurve? CurveOf(string name) => name switch
    {
        "P-256" => ECCurve.NamedCurves.nistP256,
        "P-384" => ECCurve.NamedCurves.nistP384,
        "P-521" => ECCurve.NamedCurves.nistP521,
        _ => null,
    };

    public static JoseError Read(JsonElement json, out string? kty, out RSAParameters rsa, out ECParameters ec, out string? crv)
    {
        (rsa, ec, crv) = (default, default, null);
        if (json.ValueKind != JsonValueKind.Object || !Text(json, "kty", out kty) || kty is null)
        {
            kty = null;
            return JoseError.Malformed;
        }

        return kty switch
        {
            "RSA" => ReadRsa(json, out rsa),
            "EC" => ReadEc(json, out ec, out crv),
            _ => JoseError.UnsupportedAlgorithm,
        };
    }

    /// <summary>A text member: false when it is there and not a text; null when it is not there.</summary>
    public static bool Text(JsonElement json, string name, out string? value)
    {
        value = null;
        if (!json.TryGetProperty(name, out var member)) return true;
        if (member.ValueKind != JsonValueKind.String) return false;
        value = member.GetString();
        return true;
    }

    /// <summary><c>key_ops</c>, when there, must speak of signatures and say nothing twice (RFC 7517, 4.3).</summary>
    public static JoseError Operations(JsonElement json)
    {
        if (!json.TryGetProperty("key_ops", out var ops)) return JoseError.None;
        if (ops.ValueKind != JsonValueKind.Array) return JoseError.Malformed;
        var seen = new HashSet<string>();
        foreach (var op in ops.EnumerateArray())
            if (op.ValueKind != JsonValueKind.String || !seen.Add(op.GetString()!)) return JoseError.Malformed;
        return seen.Contains("verify") || seen.Contains("sign") ? JoseError.None : JoseError.WrongUse;
    }

    private static JoseError ReadRsa(JsonElement json, out RSAParameters rsa)
    {
        rsa = default;
        if (!Bytes(json, "n", out var n) || !Bytes(json, "e", out var e) || n is null || e is null) return JoseError.Malformed;
        if (n[0] == 0 || e[0] == 0) return JoseError.Malformed; // RFC 7518, 2: Base64urlUInt has no leading zero octets
        var bits = n.Length * 8 - BitOperations.LeadingZeroCount((uint)n[0] << 24);
        if (bits is < LeastRsaBits or > MostRsaBits || !IsSoundExponent(e) || (n[^1] & 1) == 0 || RsaWeakness.Has(n)) return JoseError.BadKey;
        rsa = new RSAParameters { Modulus = n, Exponent = e };
        if (!Bytes(json, "d", out var d)) return JoseError.Malformed;
        if (d is null) return HasPrivateMember(json) ? JoseError.Malformed : JoseError.None;
        if (json.TryGetProperty("oth", out _)) return JoseError.BadKey; // RFC 7518, 6.3.2.7: more than two primes, which we do not offer
        if (!Bytes(json, "p", out var p) || !Bytes(json, "q", out var q) || !Bytes(json, "dp", out var dp) || !Bytes(json, "dq", out var dq) || !Bytes(json, "qi", out var qi)) return JoseError.Malformed;
        if (p is null || q is null || dp is null || dq is null || qi is null) return JoseError.BadKey;
        var half = (n.Length + 1) / 2;
        rsa = rsa with { D = Left(d, n.Length), P = Left(p, half), Q = Left(q, half), DP = Left(dp, half), DQ = Left(dq, half), InverseQ = Left(qi, half) };
        return TryRsa(rsa);
    }

    private static JoseError TryRsa(RSAParameters rsa)
    {
        try
        {
            using var opened = RSA.Create(rsa);
            return JoseError.None;
        }
        catch (CryptographicException)
        {
            return JoseError.BadKey;
        }
    }

    // FIPS 186-5, 5.1: odd and above 2^16. Exponent 1 makes any text its own signature, and 3 has turned each slip of a padding check into forgery. OpenSSL reads no more than 8 bytes.
    private static bool IsSoundExponent(byte[] e) => e.Length is >= 3 and <= 8 && (e[^1] & 1) == 1;

    private static JoseError ReadEc(JsonElement json, out ECParameters ec, out string? crv)
    {
        ec = default;
        if (!Text(json, "crv", out crv) || crv is null) return JoseError.Malformed;
        if (CurveOf(crv) is not { } curve) return JoseError.UnsupportedAlgorithm;
        var size = crv switch { "P-256" => 32, "P-384" => 48, _ => 66 };
        if (!Bytes(json, "x", out var x) || !Bytes(json, "y", out var y) || !Bytes(json, "d", out var d)) return JoseError.Malformed;
        // RFC 7518, 6.2.1.2: exactly the field's length, leading zeros kept.
        if (x?.Length != size || y?.Length != size || (d is not null && d.Length != size)) return JoseError.Malformed;
        ec = new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y }, D = d };
        try
        {
            using var opened = ECDsa.Create(ec); // refuses a point that is not on the curve
            return JoseError.None;
        }
        catch (CryptographicException)
        {
            return JoseError.BadKey;
        }
    }

    private static bool Bytes(JsonElement json, string name, out byte[]? value)
    {
        value = null;
        if (!Text(json, name, out var text)) return false;
        if (text is null) return true;
        if (!StrictBase64Url.TryDecode(text, out var bytes) || bytes.Length == 0) return false;
        value = bytes;
        return true;
    }

    private static byte[] Left(byte[] value, int length)
    {
        if (value.Length >= length) return value;
        var padded = new byte[length];
        value.CopyTo(padded, length - value.Length);
        return padded;
    }
}
