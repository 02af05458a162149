using System.Net;

namespace Gatehouse.Outbound;

/// <summary>How a guarded request ended.</summary>
public enum GuardedEnd
{
    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>The name has no address that may be connected to.</summary>
    Address,

    /// <summary>The answer is larger than allowed.</summary>
    Large,

    /// <summary>It took too long.</summary>
    Late,

    /// <summary>Nobody is there, or what answers is not HTTP.</summary>
    Failed,
}

/// <summary>The end of a guarded request.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Answer">The answer's head; null when there was none.</param>
/// <param name="Body">The answer's body.</param>
public sealed record GuardedAnswer(GuardedEnd End, HttpResponseMessage? Answer, byte[] Body);

/// <summary>
/// A client for addresses that somebody else names within what is configured: as <see cref="OutboundHttp"/>, and to addresses of the internet and of the <paramref name="networks"/> alone. The address is checked on the very connection that is made,
/// so that a name which changes in between gains nothing. A host that is written as an IP address is taken as it stands: whoever calls has compared it with a list.
/// </summary>
public sealed class GuardedHttp(IReadOnlyList<IPNetwork> networks, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseProxy = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(2), MaxConnectionsPerServer = 64, MaxResponseHeadersLength = 32,
        ConnectCallback = (context, stop) => ConnectAsync(context.DnsEndPoint, networks, resolve ?? Dns.GetHostAddressesAsync, stop),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Sends and reads at most <paramref name="most"/> bytes within <paramref name="limit"/>. The answer is the asker's to dispose.</summary>
    public async Task<GuardedAnswer> SendAsync(HttpRequestMessage request, int most, TimeSpan limit, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(limit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        HttpResponseMessage? answer = null;
        try
        {
            answer = await Repeat.SendAsync(client, request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (await ReadAsync(answer, most, either.Token) is { } body) return new GuardedAnswer(GuardedEnd.Answered, answer, body);
            answer.Dispose();
            return new GuardedAnswer(GuardedEnd.Large, null, []);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            answer?.Dispose();
            return new GuardedAnswer(GuardedEnd.Late, null, []);
        }
        catch (Exception wrong) when (wrong is HttpRequestException or IOException)
        {
            answer?.Dispose();
            return new GuardedAnswer(IsRefused(wrong) ? GuardedEnd.Address : GuardedEnd.Failed, null, []);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static bool IsRefused(Exception? wrong) => wrong is AddressRefused || (wrong is not null && IsRefused(wrong.InnerException));

    private static async Task<byte[]?> ReadAsync(HttpResponseMessage answer, int most, CancellationToken stop)
    {
        if (answer.Content.Headers.ContentLength > most) return null;
        using var body = new MemoryStream();
        await using var stream = await answer.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, stop)) > 0;)
        {
            if (body.Length + read > most) return null;
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, IReadOnlyList<IPNetwork> networks, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken stop)
    {
        var literal = IPAddress.TryParse(to.Host, out var written);
        IPAddress[] addresses = literal ? [written!] : await resolve(to.Host, stop);
        var allowed = addresses.Select(Addresses.Plain).Where(address => !Addresses.IsNever(address) && (literal || Addresses.IsPublic(address) || networks.Any(network => network.Contains(address)))).ToArray();
        return await Dial.ConnectAsync(allowed, to.Port, () => new AddressRefused(), stop);
    }

    private sealed class AddressRefused() : IOException("No address that may be connected to.");
}
