using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Gatehouse.Wire.Text;

namespace Gatehouse.Wire.Jose;

/// <summary>A compact JWS (RFC 7515, 7.1), read and not yet believed. Header members that offer a key (<c>jwk</c>, <c>jku</c>, <c>x5c</c>, <c>x5u</c>) are never followed.</summary>
public sealed class Jws
{
    private Jws(JoseAlgorithm algorithm, string? keyId, string? type, byte[] payload, byte[] input, byte[] signature)
        => (Algorithm, KeyId, Type, Payload, SigningInput, Signature) = (algorithm, keyId, type, payload, input, signature);

    /// <summary>Algorithm as the header claims it; one of ours.</summary>
    public JoseAlgorithm Algorithm { get; }

    /// <summary>Key id, if the header names one.</summary>
    public string? KeyId { get; }

    /// <summary>Type (<c>typ</c>) without <c>application/</c>, in lower case; null when absent.</summary>
    public string? Type { get; }

    /// <summary>The payload's bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>What is signed: header, dot, payload, as sent.</summary>
    public ReadOnlyMemory<byte> SigningInput { get; }

    /// <summary>The signature's bytes.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Reads a token strictly; never throws.</summary>
    public static bool TryParse(ReadOnlySpan<char> token, Limits limits, [NotNullWhen(true)] out Jws? jws, out JoseError error)
    {
        jws = null;
        error = JoseError.TooLarge;
        if (token.Length > limits.TokenChars) return false;
        error = JoseError.Malformed;
        var first = token.IndexOf('.');
        if (first <= 0) return false;
        var second = token[(first + 1)..].IndexOf('.');
        if (second < 0) return false;
        second += first + 1;
        if (!StrictBase64Url.TryDecode(token[..first], out var header)
            || !StrictBase64Url.TryDecode(token[(first + 1)..second], out var payload)
            || !StrictBase64Url.TryDecode(token[(second + 1)..], out var signature)) return false;
        if (!StrictJson.TryParse(header, limits, JsonValueKind.Object, out var document, out var fault))
        {
            error = JwkReader.Of(fault);
            return false;
        }

        using (document)
        {
            var json = document.RootElement;
            if (!JwkReader.Text(json, "alg", out var alg) || !JwkReader.Text(json, "kid", out var kid) || !JwkReader.Text(json, "typ", out var type) || alg is null) return false;
            if (JoseAlgorithm.Find(alg) is not { } algorithm)
            {
                error = JoseError.UnsupportedAlgorithm;
                return false;
            }

            // We understand no extension, so whatever is marked critical is refused; b64 (RFC 7797) changes what is signed even unmarked.
            if (json.TryGetProperty("crit", out _) || json.TryGetProperty("b64", out _))
            {
                error = JoseError.UnknownCritical;
                return false;
            }

            if (signature.Length == 0) return false;
            var input = new byte[second];
            Encoding.ASCII.GetBytes(token[..second], input);
            error = JoseError.None;
            jws = new Jws(algorithm, kid, Plain(type), payload, input, signature);
            return true;
        }
    }

    private static string? Plain(string? type)
    {
        if (type is null) return null;
        var lower = type.ToLowerInvariant();
        return lower.StartsWith("application/", StringComparison.Ordinal) ? lower["application/".Length..] : lower;
    }
}
