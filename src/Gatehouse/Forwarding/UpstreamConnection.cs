using System.Net.Security;
using System.Net.Sockets;

namespace Gatehouse.Forwarding;

/// <summary>Why a connection was cut from our side.</summary>
internal enum CutCause
{
    None, ReadTimeout, WriteTimeout, ClientGone, Stopped,
}

/// <summary>
/// One connection to an upstream, plain or TLS, used by one exchange at a time. While it rests in the pool a read is pending on it: the read notices when the upstream
/// closes, and becomes the first read of the next response, so it costs no system call.
/// </summary>
internal sealed class UpstreamConnection(Socket socket, SslStream? tls, long bornAt) : IDisposable
{
    private const int FirstBuffer = 8 * 1024;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(FirstBuffer);
    private int _start;
    private int _end;
    private ValueTask<int> _ahead;
    private bool _reading;
    private int _cut;
    private Deadline _readBy;
    private Deadline _writeBy;
    private (string Name, string Value)[] _lastHeaders = [];

    /// <summary>The head of the current response.</summary>
    public ResponseHead Head { get; } = new();

    /// <summary>The chunks of the current response.</summary>
    public ChunkReader Chunks { get; } = new();

    /// <summary>When it was opened.</summary>
    public long BornAt { get; } = bornAt;

    /// <summary>When it came to rest, and until when it may be taken again.</summary>
    public long IdleUntil { get; set; }

    /// <summary>It has served a request before.</summary>
    public bool Reused { get; private set; }

    /// <summary>Why it was cut, if it was.</summary>
    public CutCause Cut => (CutCause)Volatile.Read(ref _cut);

    /// <summary>Bytes read and not yet taken.</summary>
    public ReadOnlyMemory<byte> Unread => _buffer.AsMemory(_start, _end - _start);

    /// <summary>How many bytes are read and not yet taken.</summary>
    public int UnreadLength => _end - _start;

    /// <summary>Alive as far as can be told without a system call: the pending read has not come back.</summary>
    public bool LooksAlive => Cut == CutCause.None && !(_reading && _ahead.IsCompleted);

    /// <summary>Limits the wait for the upstream's next bytes; false when the last limit has passed.</summary>
    public bool ReadBy(long timestamp) => _readBy.Set(timestamp);

    /// <summary>Limits the wait for the upstream to take bytes; false when the last limit has passed.</summary>
    public bool WriteBy(long timestamp) => _writeBy.Set(timestamp);

    /// <summary>Sends all of it.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (tls is not null) return tls.WriteAsync(bytes);
        var sending = socket.SendAsync(bytes, SocketFlags.None);
        // A non-blocking send takes all in nearly every case: no state machine then.
        if (sending.IsCompletedSuccessfully)
        {
            var sent = sending.Result;
            return sent == bytes.Length ? ValueTask.CompletedTask : SendRestAsync(bytes[sent..]);
        }

        return SendSlowlyAsync(sending, bytes);
    }

    private async ValueTask SendSlowlyAsync(ValueTask<int> sending, ReadOnlyMemory<byte> bytes) => await SendRestAsync(bytes[await sending..]);

    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }

    /// <summary>Reads into the connection's own buffer; hand the count to <see cref="Filled"/>. 0 is the end of the stream.</summary>
    public ValueTask<int> FillAsync()
    {
        if (_reading)
        {
            _reading = false;
            return _ahead;
        }

        if (_start == _end) _start = _end = 0;
        if (_end == _buffer.Length)
        {
            if (_start > 0) Compact();
            else Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        return ReceiveAsync(_buffer.AsMemory(_end));
    }

    /// <summary>Reads past the connection's own buffer, which must be empty.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> into) => tls is null ? socket.ReceiveAsync(into, SocketFlags.None) : tls.ReadAsync(into);

    /// <summary>Takes note of what <see cref="FillAsync"/> brought.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>Takes bytes away from <see cref="Unread"/>.</summary>
    public void Take(int count) => _start += count;

    /// <summary>Moves what is unread to the front: a head is parsed from offset 0.</summary>
    public void Compact()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
    }

    /// <summary>Texts of a header line. Upstreams repeat themselves: the strings of the last response's line at the same place are used again when they are the same.</summary>
    public (string Name, string Value) HeaderText(int index)
    {
        var at = Head.Lines[index];
        var name = _buffer.AsSpan(_start + at.Name, at.NameLength);
        var value = _buffer.AsSpan(_start + at.Value, at.ValueLength);
        if (index >= _lastHeaders.Length) Array.Resize(ref _lastHeaders, Math.Max(16, index * 2));
        ref var last = ref _lastHeaders[index];
        if (last.Name is null || !Same(last.Name, name)) last.Name = System.Text.Encoding.Latin1.GetString(name);
        if (last.Value is null || !Same(last.Value, value)) last.Value = System.Text.Encoding.Latin1.GetString(value);
        return last;
    }

    private static bool Same(string text, ReadOnlySpan<byte> bytes) => text.Length == bytes.Length && System.Text.Ascii.Equals(bytes, text);

    /// <summary>Ends an exchange; false when the connection cannot be used again.</summary>
    public bool Settle()
    {
        var inTime = _readBy.Clear() & _writeBy.Clear();
        Head.Reset();
        if (!inTime || Cut != CutCause.None || _start != _end) return false; // bytes nobody asked for: an attempt at smuggling
        _start = _end = 0;
        if (_buffer.Length > FirstBuffer) _buffer = GC.AllocateUninitializedArray<byte>(FirstBuffer);
        Reused = true;
        try
        {
            _ahead = ReceiveAsync(_buffer);
            _reading = true;
            return !_ahead.IsCompleted;
        }
        catch (Exception e) when (Failures.IsNetwork(e))
        {
            return false;
        }
    }

    /// <summary>Ends our sending side.</summary>
    public async ValueTask FinishSendingAsync()
    {
        if (tls is not null) await tls.ShutdownAsync();
        else socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Cuts the connection: whatever waits on it fails at once.</summary>
    public void Abort(CutCause cause)
    {
        Interlocked.CompareExchange(ref _cut, (int)cause, (int)CutCause.None);
        socket.Dispose();
    }

    /// <summary>Cuts the connection when one of its limits has passed.</summary>
    public void Sweep(long now)
    {
        if (_readBy.TryFire(now)) Abort(CutCause.ReadTimeout);
        else if (_writeBy.TryFire(now)) Abort(CutCause.WriteTimeout);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        socket.Dispose();
        tls?.Dispose();
    }
}
