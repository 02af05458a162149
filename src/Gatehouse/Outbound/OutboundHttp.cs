using System.Net;

namespace Gatehouse.Outbound;

/// <summary>The one client for addresses that come from configuration: no redirects, no proxy, no cookies, bounded time and size, and no link-local address (cloud metadata) whatever the name resolves to.</summary>
public sealed class OutboundHttp : IDisposable
{
    private const int MostBytes = 1024 * 1024;
    private readonly HttpClient client;

    /// <summary>Makes the client.</summary>
    public OutboundHttp()
    {
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(5), MaxConnectionsPerServer = 16, ConnectCallback = ConnectAsync,
        })
        {
            Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MostBytes,
        };
    }

    /// <summary>Sends a request and reads the whole answer, at most 1 MiB.</summary>
    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        using var answer = await Repeat.SendAsync(client, request, HttpCompletionOption.ResponseContentRead, stop);
        return (answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(stop));
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // Checked after the name is resolved, on the very address that is connected to: a name that changes in between gains nothing.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, stop);
        return await Dial.ConnectAsync([.. addresses.Where(address => !Addresses.IsNever(address))], context.DnsEndPoint.Port, () => new HttpRequestException($"'{context.DnsEndPoint.Host}' has no address that may be connected to."), stop);
    }
}
