using System.Net.Sockets;
using System.Security.Authentication;

namespace Gatehouse.Forwarding;

/// <summary>An expected failure on its way up to the forwarder.</summary>
internal sealed class ForwardException(ForwardError error, Exception? inner = null) : Exception(error.ToString(), inner)
{
    /// <summary>What went wrong.</summary>
    public ForwardError Error { get; } = error;
}

/// <summary>Which exceptions mean that a network peer failed, as opposed to a mistake of ours.</summary>
internal static class Failures
{
    /// <summary>True for what a socket, a TLS stream or a cut connection throws.</summary>
    public static bool IsNetwork(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException or AuthenticationException or InvalidOperationException;
}
