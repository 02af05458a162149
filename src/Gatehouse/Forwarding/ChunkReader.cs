using System.Buffers;

namespace Gatehouse.Forwarding;

/// <summary>
/// A strict reader of chunked bodies (RFC 9112, 7.1): a state machine that takes any split of the bytes. Extensions are skipped but bounded; a bare LF, a size of
/// more than 15 digits and an over-long trailer section are refused.
/// </summary>
internal sealed class ChunkReader
{
    /// <summary>Bytes that one size line with its extension may have.</summary>
    public const int MaxSizeLine = 4 * 1024;

    /// <summary>Bytes that the trailer section may have.</summary>
    public const int MaxTrailers = 16 * 1024;

    private static readonly SearchValues<byte> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private Step _step;
    private long _left;
    private int _digits;
    private int _lineLength;
    private int _trailerLength;
    private List<byte>? _line;
    private List<HeaderLine>? _trailers;

    private enum Step
    {
        Size, Extension, SizeLf, Data, DataCr, DataLf, Trailer, TrailerLf, Done,
    }

    /// <summary>The trailers read, if any.</summary>
    public IReadOnlyList<HeaderLine> Trailers => _trailers ?? (IReadOnlyList<HeaderLine>)[];

    /// <summary>Begins a new body.</summary>
    public void Reset()
    {
        _step = Step.Size;
        _left = 0;
        _digits = _lineLength = _trailerLength = 0;
        _line?.Clear();
        _trailers = null;
    }

    /// <summary>
    /// Reads until some data is found, the input is used up, or the body ends. With <see cref="Parsed.NeedMore"/> and data not empty, call again with the rest.
    /// </summary>
    /// <param name="input">The bytes at hand.</param>
    /// <param name="used">How many of them were taken, data included.</param>
    /// <param name="data">Body bytes among those taken.</param>
    public Parsed Read(ReadOnlySpan<byte> input, out int used, out ReadOnlySpan<byte> data)
    {
        data = default;
        for (used = 0; used < input.Length;)
        {
            if (_step == Step.Data)
            {
                var take = (int)Math.Min(_left, input.Length - used);
                data = input.Slice(used, take);
                used += take;
                _left -= take;
                if (_left == 0) _step = Step.DataCr;
                return Parsed.NeedMore;
            }

            if (!Take(input[used++])) return Parsed.Bad;
            if (_step == Step.Done) return Parsed.Done;
        }

        return Parsed.NeedMore;
    }

    private bool Take(byte b)
    {
        switch (_step)
        {
            case Step.Size:
                var digit = HexDigit(b);
                if (digit >= 0)
                {
                    _left = (_left << 4) | (long)digit;
                    return ++_digits <= 15;
                }

                if (_digits == 0) return false;
                _lineLength = 0;
                if (b == '\r') _step = Step.SizeLf;
                else if (b == ';') _step = Step.Extension;
                else return false;
                return true;
            case Step.Extension:
                if (b == '\r') _step = Step.SizeLf;
                return b is (byte)'\r' or (byte)'\t' or (>= 32 and not 127) && ++_lineLength <= MaxSizeLine;
            case Step.SizeLf:
                _digits = 0;
                _step = _left == 0 ? Step.Trailer : Step.Data;
                return b == '\n';
            case Step.DataCr:
                _step = Step.DataLf;
                return b == '\r';
            case Step.DataLf:
                _step = Step.Size;
                return b == '\n';
            case Step.Trailer:
                if (++_trailerLength > MaxTrailers) return false;
                if (b == '\r')
                {
                    _step = Step.TrailerLf;
                    return true;
                }

                (_line ??= []).Add(b);
                return b is (byte)'\t' or (>= 32 and not 127);
            case Step.TrailerLf:
                if (b != '\n') return false;
                if (_line is not { Count: > 0 })
                {
                    _step = Step.Done;
                    return true;
                }

                _step = Step.Trailer;
                return TrailerLine();
            default:
                return false;
        }
    }

    private static int HexDigit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };

    private bool TrailerLine()
    {
        var line = _line!.ToArray();
        _line.Clear();
        var colon = Array.IndexOf(line, (byte)':');
        if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(Token)) return false;
        (_trailers ??= []).Add(new HeaderLine(
            System.Text.Encoding.ASCII.GetString(line, 0, colon),
            System.Text.Encoding.Latin1.GetString(line.AsSpan(colon + 1).Trim(" \t"u8))));
        return true;
    }
}
