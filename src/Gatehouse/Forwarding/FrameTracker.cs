namespace Gatehouse.Forwarding;

/// <summary>Follows WebSocket frames (RFC 6455, 5.2) as bytes pass, only to know where one ends: a frame of ours may be put there.</summary>
internal struct FrameTracker
{
    private ulong _payload;
    private int _header;
    private int _needed;
    private byte _opcode;
    private byte _lengthByte;
    private ulong _length;

    /// <summary>No frame is under way.</summary>
    public readonly bool AtBoundary => _header == 0 && _payload == 0;

    /// <summary>A close frame has begun to pass: none may follow it.</summary>
    public bool CloseSeen { get; private set; }

    /// <summary>Follows the bytes; with <paramref name="stopAtBoundary"/> only up to the end of the frame under way.</summary>
    /// <returns>How many bytes were followed.</returns>
    public int Follow(ReadOnlySpan<byte> bytes, bool stopAtBoundary = false)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            if (stopAtBoundary && AtBoundary) return at;
            if (_payload > 0)
            {
                var skip = (int)Math.Min(_payload, (ulong)(bytes.Length - at));
                _payload -= (ulong)skip;
                at += skip;
            }
            else
            {
                Header(bytes[at++]);
            }
        }

        return at;
    }

    private void Header(byte b)
    {
        switch (_header++)
        {
            case 0:
                _opcode = (byte)(b & 0x0f);
                _needed = 2;
                break;
            case 1:
                _lengthByte = b;
                _length = 0;
                _needed += (b & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 } + ((b & 0x80) != 0 ? 4 : 0);
                break;
            default:
                var lengthBytes = (_lengthByte & 0x7f) switch { 126 => 2, 127 => 8, _ => 0 };
                if (_header - 2 <= lengthBytes) _length = unchecked((_length << 8) | b);
                break;
        }

        if (_header == 1 || _header < _needed) return;
        _payload = (_lengthByte & 0x7f) < 126 ? (ulong)(_lengthByte & 0x7f) : _length;
        _header = 0;
        if (_opcode == 8) CloseSeen = true;
    }
}
