using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.Forwarding;

/// <summary>A WebSocket or other upgraded connection under way. It ends by itself, or by <see cref="EndAsync"/> when the session behind it ends.</summary>
public sealed class UpgradedConnection
{
    /// <summary>How long the two sides have for the closing handshake.</summary>
    internal static readonly TimeSpan Parting = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _ending = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stream _client;
    private readonly Action _cut;
    private readonly TimeProvider _time;
    private readonly bool _webSocket;
    private FrameTracker _frames;
    private byte[]? _closeFrame;
    private bool _closeSent;

    internal UpgradedConnection(Stream client, bool webSocket, TimeProvider time, Action cut) => (_client, _webSocket, _time, _cut) = (client, webSocket, time, cut);

    /// <summary>Completes when the connection has ended, for whatever reason.</summary>
    public Task Ended => _ended.Task;

    /// <summary>
    /// Ends it. A WebSocket client is told by a close frame, put between two frames of the upstream (RFC 6455, 5.5.1); its answer closes the upstream. What has not ended
    /// two seconds later is cut; what is no WebSocket is cut at once. Completes when it has ended. Calling it again changes nothing.
    /// </summary>
    /// <param name="webSocketCloseCode">1001 going away, 1008 policy, 4000 to 4999 as agreed.</param>
    /// <param name="reason">At most 123 bytes of UTF-8 are sent.</param>
    public async Task EndAsync(ushort webSocketCloseCode, string reason)
    {
        if (_ended.Task.IsCompleted) return;
        if (!_webSocket)
        {
            Cut();
            await _ended.Task;
            return;
        }

        var frame = CloseFrame(webSocketCloseCode, reason);
        if (Interlocked.CompareExchange(ref _closeFrame, frame, null) is null)
        {
            using var late = new CancellationTokenSource(Parting, _time);
            await using var cut = late.Token.UnsafeRegister(static me => ((UpgradedConnection)me!).Cut(), this);
            await ToClientAsync(default);
            await _ended.Task;
        }

        await _ended.Task;
    }

    /// <summary>Writes what the upstream sent; a close frame that waits goes out at the first end of a frame, and nothing after it.</summary>
    internal async ValueTask ToClientAsync(ReadOnlyMemory<byte> bytes)
    {
        await _writing.WaitAsync();
        try
        {
            if (_closeSent) return;
            var closing = Volatile.Read(ref _closeFrame);
            if (_webSocket) bytes = bytes[.._frames.Follow(bytes.Span, stopAtBoundary: closing is not null)];
            if (!bytes.IsEmpty) await WriteAsync(bytes);
            if (closing is null || !_frames.AtBoundary || _frames.CloseSeen) return;
            _closeSent = true;
            await WriteAsync(closing);
        }
        catch (Exception e) when (Failures.IsNetwork(e))
        {
            Cut();
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The connection is over. From here on nothing is cut: what belonged to it may be somebody else's already.</summary>
    internal void End()
    {
        lock (_ending) _ended.TrySetResult();
    }

    // Whoever is late to end it comes at the moment when it ends by itself.
    private void Cut()
    {
        lock (_ending)
        {
            if (!_ended.Task.IsCompleted) _cut();
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _client.WriteAsync(bytes);
        await _client.FlushAsync();
    }

    private static byte[] CloseFrame(ushort code, string reason)
    {
        Span<byte> text = stackalloc byte[123];
        Encoding.UTF8.GetEncoder().Convert(reason, text, flush: false, out _, out var length, out _); // never half a character
        var frame = new byte[4 + length];
        frame[0] = 0x88;
        frame[1] = (byte)(2 + length);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), code);
        text[..length].CopyTo(frame.AsSpan(4));
        return frame;
    }
}
