using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Wire.OAuth;

/// <summary>Proof Key for Code Exchange (RFC 7636), method S256 only.</summary>
public static class Pkce
{
    private static readonly SearchValues<char> Unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>A challenge is the base64url SHA-256 of a verifier: 43 characters.</summary>
    public static bool IsChallenge(string challenge) => challenge.Length == 43 && Text.StrictBase64Url.TryDecode(challenge, out var bytes) && bytes.Length == 32;

    /// <summary>Whether a verifier (43 to 128 unreserved characters) belongs to a challenge; constant time.</summary>
    public static bool Matches(string verifier, string challenge)
    {
        if (verifier.Length is < 43 or > 128 || verifier.AsSpan().ContainsAnyExcept(Unreserved)) return false;
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.ASCII.GetBytes(verifier), hash);
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(hash)), Encoding.ASCII.GetBytes(challenge));
    }
}
