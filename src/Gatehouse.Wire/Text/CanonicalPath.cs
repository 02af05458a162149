using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Wire.Text;

/// <summary>
/// The one spelling of a request path that matching, policy and forwarding see. There is no second place that decodes a path: confusion between two readings is how gates are walked around
/// (dot segments, <c>//</c>, <c>%2f</c>, <c>;x</c>, <c>%252e</c>, backslashes, overlong UTF-8). What could be read in two ways is refused, never repaired.
/// </summary>
public sealed class CanonicalPath
{
    /// <summary>Longest raw path, in characters.</summary>
    public const int Longest = 8192;

    private CanonicalPath(string value) => Value = value;

    /// <summary>The path as it is matched and sent upstream: starts with a slash; unreserved characters plain, all others as upper-case escapes; no dot segments, no empty segments but a trailing one.</summary>
    public string Value { get; }

    /// <summary>The same of a text, which is used as it is when it is canonical already.</summary>
    public static bool TryParse(string raw, [NotNullWhen(true)] out CanonicalPath? path)
    {
        if (raw.Length == 0 || raw[0] != '/' || raw.Length > Longest || !IsPlain(raw)) return TryParse(raw.AsSpan(), out path);
        path = new CanonicalPath(raw);
        return true;
    }

    /// <summary>Reads the path of a raw request target (RFC 9112, 3.2), without its query. False when it could be read in two ways.</summary>
    public static bool TryParse(ReadOnlySpan<char> raw, [NotNullWhen(true)] out CanonicalPath? path)
    {
        path = null;
        if (raw.IsEmpty || raw[0] != '/' || raw.Length > Longest) return false;
        if (IsPlain(raw))
        {
            path = new CanonicalPath(raw.ToString());
            return true;
        }

        var bytes = new byte[raw.Length];
        var made = new StringBuilder(raw.Length + 16);
        foreach (var range in raw[1..].Split('/'))
        {
            var segment = raw[1..][range];
            if (!TryDecode(segment, bytes, out var length)) return false;
            var decoded = bytes.AsSpan(0, length);
            if (length == 0 && range.End.GetOffset(raw.Length - 1) != raw.Length - 1) return false;
            if (!IsSound(decoded)) return false;
            made.Append('/');
            Append(made, decoded);
        }

        path = new CanonicalPath(made.ToString());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;

    // The fast path: only unreserved characters and single slashes, and no segment that begins or ends with a dot.
    private static bool IsPlain(ReadOnlySpan<char> raw)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            var c = raw[i];
            if (c == '/')
            {
                if (i + 1 < raw.Length && raw[i + 1] is '/' or '.') return false;
                continue;
            }

            if (c == '.' && (i + 1 == raw.Length || raw[i + 1] == '/')) return false;
            if (!IsUnreserved(c)) return false;
        }

        return true;
    }

    private static bool TryDecode(ReadOnlySpan<char> segment, byte[] bytes, out int length)
    {
        length = 0;
        for (var i = 0; i < segment.Length; i++)
        {
            var c = segment[i];
            if (c != '%')
            {
                if (c is <= ' ' or > '~') return false; // must come escaped
                bytes[length++] = (byte)c;
                continue;
            }

            if (i + 2 >= segment.Length || !char.IsAsciiHexDigit(segment[i + 1]) || !char.IsAsciiHexDigit(segment[i + 2])) return false;
            bytes[length++] = (byte)((Hex(segment[i + 1]) << 4) | Hex(segment[i + 2]));
            i += 2;
        }

        return System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length));
    }

    // What a segment may hold once decoded. Slashes, backslashes and semicolons part segments for some servers; a percent sign would be decoded again by others; dots at the ends are eaten by others still.
    private static bool IsSound(ReadOnlySpan<byte> segment)
    {
        if (segment.Length == 0) return true;
        foreach (var b in segment)
            if (b is < (byte)' ' or 0x7F or (byte)'/' or (byte)'\\' or (byte)';' or (byte)'%' or (byte)'?' or (byte)'#') return false;
        for (var i = 1; i < segment.Length; i++)
            if (segment[i - 1] == 0xC2 && segment[i] < 0xA0) return false; // the control characters U+0080 to U+009F
        if (segment[0] == (byte)' ' || segment[^1] is (byte)' ' or (byte)'.') return false;
        return !(segment[0] == (byte)'.' && segment.Length > 1 && segment[1] == (byte)'.');
    }

    private static void Append(StringBuilder made, ReadOnlySpan<byte> segment)
    {
        foreach (var b in segment)
        {
            if (b < 128 && (IsUnreserved((char)b) || (char)b is '!' or '$' or '&' or '\'' or '(' or ')' or '*' or '+' or ',' or '=' or ':' or '@')) made.Append((char)b);
            else made.Append('%').Append(Digit(b >> 4)).Append(Digit(b & 15));
        }
    }

    private static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    private static int Hex(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);
}
