using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace Gatehouse.Forwarding;

/// <summary>What a step of a parser found.</summary>
internal enum Parsed
{
    /// <summary>All good so far, more bytes are needed.</summary>
    NeedMore,

    /// <summary>The thing is complete.</summary>
    Done,

    /// <summary>The bytes break the grammar: close the connection.</summary>
    Bad,
}

/// <summary>Where one header line lies in the buffer.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct HeaderAt(int Name, int NameLength, int Value, int ValueLength);

/// <summary>
/// A strict parser of response heads (RFC 9112, 4 and 5), reused for every response of a connection. It keeps offsets only, so it can go on where it stopped when more
/// bytes arrive. Leniency between two parsers is what smuggling lives on; therefore refused: bare LF or CR, obs-fold, space before the colon, control characters, different
/// or listed lengths, a length together with an encoding, any encoding but one "chunked", HTTP/1.0 with an encoding.
/// </summary>
internal sealed class ResponseHead
{
    /// <summary>Bytes that a head may have.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Lines that a head may have.</summary>
    public const int MaxLines = 256;

    private static readonly SearchValues<byte> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> Forbidden = SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 127]);

    private HeaderAt[] _lines = new HeaderAt[32];
    private int _next;
    private bool _statusRead;
    private bool _http10;

    /// <summary>The status code.</summary>
    public int Status { get; private set; }

    /// <summary>Bytes that the head takes, the empty line included.</summary>
    public int Length => _next;

    /// <summary>Content-Length, or -1.</summary>
    public long ContentLength { get; private set; }

    /// <summary>The body comes in chunks.</summary>
    public bool Chunked { get; private set; }

    /// <summary>The upstream closes, or must be taken to close, after this response.</summary>
    public bool Close { get; private set; }

    /// <summary>Seconds of <c>Keep-Alive: timeout</c>, or -1.</summary>
    public int KeepAliveSeconds { get; private set; }

    /// <summary>Connection names further headers that end here.</summary>
    public bool NamesOthers { get; private set; }

    /// <summary>The header lines, framing lines included.</summary>
    public ReadOnlySpan<HeaderAt> Lines => _lines.AsSpan(0, Count);

    /// <summary>How many lines.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets the last head.</summary>
    public void Reset()
    {
        _next = 0;
        _statusRead = false;
        Count = 0;
        Status = 0;
        ContentLength = -1;
        KeepAliveSeconds = -1;
        Chunked = Close = NamesOthers = false;
    }

    /// <summary>Reads on. The span always begins at the head's first byte.</summary>
    public Parsed Read(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var rest = bytes[_next..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 0) return bytes.Length >= MaxLength ? Parsed.Bad : Parsed.NeedMore;
            if (end == 0 || rest[end - 1] != '\r' || _next + end >= MaxLength) return Parsed.Bad;
            var line = rest[..(end - 1)];
            var start = _next;
            _next += end + 1;
            if (!_statusRead)
            {
                if (!StatusLine(line)) return Parsed.Bad;
                _statusRead = true;
            }
            else if (line.IsEmpty)
            {
                return Framed() ? Parsed.Done : Parsed.Bad;
            }
            else if (!HeaderLine(line, start))
            {
                return Parsed.Bad;
            }
        }
    }

    // status-line = "HTTP/1." DIGIT SP 3DIGIT [ SP reason ]; the last SP is left out by some servers.
    private bool StatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ') return false;
        if (!char.IsAsciiDigit((char)line[9]) || !char.IsAsciiDigit((char)line[10]) || !char.IsAsciiDigit((char)line[11])) return false;
        if (line.Length > 12 && (line[12] != ' ' || line[13..].ContainsAny(Forbidden))) return false;
        Status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + (line[11] - '0');
        // HTTP/1.0 keeps a connection only by agreement; one reuse less is the smaller risk.
        Close = _http10 = line[7] == '0';
        return Status is >= 100 and <= 599;
    }

    private bool HeaderLine(ReadOnlySpan<byte> line, int at)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || Count == MaxLines) return false;
        var name = line[..colon];
        if (name.ContainsAnyExcept(Token)) return false; // also obs-fold and space before the colon
        var begun = line[(colon + 1)..].TrimStart(" \t"u8);
        var value = begun.TrimEnd(" \t"u8);
        if (value.ContainsAny(Forbidden)) return false;
        if (Count == _lines.Length) Array.Resize(ref _lines, _lines.Length * 2);
        _lines[Count++] = new HeaderAt(at, colon, at + line.Length - begun.Length, value.Length);
        return name.Length switch
        {
            10 when Is(name, "connection"u8) => ConnectionOptions(value),
            10 when Is(name, "keep-alive"u8) => KeepAlive(value),
            14 when Is(name, "content-length"u8) => LengthOf(value),
            17 when Is(name, "transfer-encoding"u8) => Encoding(value),
            _ => true,
        };
    }

    internal static bool Is(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> lower) => System.Text.Ascii.EqualsIgnoreCase(bytes, lower);

    private bool ConnectionOptions(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)','))
        {
            var option = value[range].Trim(" \t"u8);
            if (Is(option, "close"u8)) Close = true;
            else if (!option.IsEmpty && !Is(option, "keep-alive"u8) && !Is(option, "upgrade"u8)) NamesOthers = true;
        }

        return true;
    }

    private bool KeepAlive(ReadOnlySpan<byte> value)
    {
        var at = value.IndexOf("timeout="u8);
        if (at >= 0 && Utf8Parser.TryParse(value[(at + 8)..], out int seconds, out _) && seconds >= 0) KeepAliveSeconds = seconds;
        return true;
    }

    private bool LengthOf(ReadOnlySpan<byte> value)
    {
        // Digits only: "+5", "5, 5" and "0x5" are read in different ways by different parsers.
        if (value.IsEmpty || value.Length > 18 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        long length = 0;
        foreach (var digit in value) length = (length * 10) + (digit - '0');
        if (ContentLength >= 0 && ContentLength != length) return false;
        ContentLength = length;
        return true;
    }

    private bool Encoding(ReadOnlySpan<byte> value)
    {
        if (Chunked || !Is(value, "chunked"u8)) return false;
        return Chunked = true;
    }

    private bool Framed() => !(Chunked && (ContentLength >= 0 || _http10));
}
