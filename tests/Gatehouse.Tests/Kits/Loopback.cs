using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Tests.Kits;

/// <summary>Ports on loopback for servers that cannot choose one by themselves.</summary>
public static class Loopback
{
    /// <summary>A port that is free at this moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until somebody listens; gives up after <paramref name="patience"/>.</summary>
    public static async Task ListensAsync(int port, TimeSpan patience)
    {
        using var late = new CancellationTokenSource(patience);
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, late.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, late.Token);
            }
        }
    }
}
