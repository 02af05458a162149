using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Wire.Saml;

/// <summary>Base64 (RFC 4648, 4) in one spelling only: padded, unused trailing bits zero. Line breaks and white space are passed over, since encoders of XML wrap lines.</summary>
public static class SamlBase64
{
    private static readonly SearchValues<char> White = SearchValues.Create(" \t\r\n");
    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /// <summary>Decodes; false for anything else, and for nothing.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.ContainsAny(White))
        {
            var kept = new char[text.Length];
            var length = 0;
            foreach (var c in text)
                if (!White.Contains(c)) kept[length++] = c;
            text = kept.AsSpan(0, length);
        }

        if (text.IsEmpty || text.Length % 4 != 0) return false;
        var digits = text.TrimEnd('=');
        if (text.Length - digits.Length > 2 || digits.ContainsAnyExcept(Alphabet)) return false;
        var decoded = Convert.FromBase64String(text.ToString());
        var tail = decoded.Length % 3;
        if (tail != 0 && !Convert.ToBase64String(decoded.AsSpan(decoded.Length - tail)).AsSpan().SequenceEqual(text[^4..])) return false;
        bytes = decoded;
        return true;
    }

    internal static byte[] Decode(string text) => TryDecode(text, out var bytes) ? bytes : throw new SamlException(SamlError.BadBase64);
}
