using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Outbound;

/// <summary>Connects to the first of some addresses that answers: to these very addresses, so that a name which changes between the check and the connection gains nothing.</summary>
internal static class Dial
{
    /// <summary>The connection. Throws what the last address said, or <paramref name="none"/> where there is no address at all.</summary>
    public static async ValueTask<Stream> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, Func<Exception> none, CancellationToken stop)
    {
        for (var i = 0; i < addresses.Count; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i], port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i < addresses.Count - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw none();
    }
}
