namespace Gatehouse.Forwarding;

/// <summary>A WebSocket or other upgraded connection under way. It ends by itself, or by <see cref="EndAsync"/> when the session behind it ends.</summary>
public sealed class UpgradedConnection
{
    /// <summary>Ends it. A WebSocket client is told by a close frame, put between two frames of the upstream (RFC 6455, 5.5.1).</summary>
    /// <param name="webSocketCloseCode">1001 going away, 1008 policy, 4000 to 4999 as agreed.</param>
    /// <param name="reason">At most 123 bytes of UTF-8 are sent.</param>
    public Task EndAsync(ushort webSocketCloseCode, string reason) => throw new NotImplementedException($"{webSocketCloseCode} {reason}");
}
