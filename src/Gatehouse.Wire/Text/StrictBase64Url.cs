using System.Buffers;
using System.Buffers.Text;

namespace Gatehouse.Wire.Text;

/// <summary>Base64url as RFC 7515, 2 wants it: no padding, no white space, and one spelling only (unused trailing bits are zero), so that two texts never mean the same bytes.</summary>
public static class StrictBase64Url
{
    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Encodes without padding.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>Decodes; false for anything but the canonical spelling.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length % 4 == 1 || text.ContainsAnyExcept(Alphabet)) return false;
        var decoded = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (Base64Url.DecodeFromChars(text, decoded, out _, out var written) != OperationStatus.Done) return false;
        Span<char> again = stackalloc char[4];
        var tail = text.Length % 4;
        if (tail != 0)
        {
            var rest = tail == 2 ? 1 : 2;
            Base64Url.TryEncodeToChars(decoded.AsSpan(written - rest, rest), again, out _);
            if (again[tail - 1] != text[^1]) return false;
        }

        bytes = written == decoded.Length ? decoded : decoded[..written];
        return true;
    }
}
