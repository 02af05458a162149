using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;

namespace Gatehouse.Wire.Text;

/// <summary>
/// Text form of opaque tokens and secrets: <c>prefix_bodyCCCCCC</c>, the body in base64url, then six base62 digits of the CRC-32C of all that stands before.
/// A secret scanner recognises it without a key and without false alarms, a slip of the pen is refused without a look-up, and the text never ends in '-' or '_', which mail programs cut off.
/// The check is no secret and proves nothing: who may use the token is decided elsewhere.
/// </summary>
public static class TokenText
{
    /// <summary>Fewest bytes of a body: 128 bits.</summary>
    public const int LeastBytes = 16;

    /// <summary>Most bytes of a body.</summary>
    public const int MostBytes = 256;

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int CheckChars = 6; // 62^6 > 2^32
    private const int LongestPrefix = 12;

    /// <summary>Spells a body. The prefix says what kind of token it is: 2 to 12 of a–z and 0–9, a letter first. Throws <see cref="ArgumentException"/> for another prefix or a body outside the bounds.</summary>
    public static string Create(string prefix, ReadOnlySpan<byte> body)
    {
        if (!IsPrefix(prefix)) throw new ArgumentException("A prefix is 2 to 12 of a-z and 0-9, a letter first.", nameof(prefix));
        if (body.Length is < LeastBytes or > MostBytes) throw new ArgumentException($"A body has {LeastBytes} to {MostBytes} bytes.", nameof(body));
        Span<char> text = stackalloc char[LongestPrefix + 1 + (MostBytes + 2) / 3 * 4 + CheckChars];
        prefix.CopyTo(text);
        text[prefix.Length] = '_';
        var length = prefix.Length + 1 + Base64Url.EncodeToChars(body, text[(prefix.Length + 1)..]);
        WriteCheck(text[..length], text.Slice(length, CheckChars));
        return text[..(length + CheckChars)].ToString();
    }

    /// <summary>Reads a text of the given kind; false for another prefix, another check, or any spelling that <see cref="Create"/> does not give.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, string prefix, [NotNullWhen(true)] out byte[]? body)
    {
        body = null;
        if (!text.StartsWith(prefix, StringComparison.Ordinal) || text.Length <= prefix.Length || text[prefix.Length] != '_') return false;
        var spelt = text[(prefix.Length + 1)..];
        if (spelt.Length < CheckChars || spelt.Length > Base64Url.GetEncodedLength(MostBytes) + CheckChars) return false;
        // Decode first: the alphabet is then known to be ASCII, over which the check is taken.
        if (!StrictBase64Url.TryDecode(spelt[..^CheckChars], out var decoded) || decoded.Length is < LeastBytes or > MostBytes) return false;
        Span<char> check = stackalloc char[CheckChars];
        WriteCheck(text[..^CheckChars], check);
        if (!text[^CheckChars..].SequenceEqual(check)) return false;
        body = decoded;
        return true;
    }

    private static bool IsPrefix(string prefix)
        => prefix.Length is >= 2 and <= LongestPrefix && char.IsAsciiLetterLower(prefix[0]) && prefix.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c));

    private static void WriteCheck(ReadOnlySpan<char> text, Span<char> check)
    {
        Span<byte> ascii = stackalloc byte[text.Length];
        Encoding.ASCII.GetBytes(text, ascii);
        var crc = uint.MaxValue;
        foreach (var one in ascii) crc = BitOperations.Crc32C(crc, one);
        crc = ~crc;
        for (var at = CheckChars - 1; at >= 0; at--, crc /= 62) check[at] = Digits[(int)(crc % 62)];
    }
}
