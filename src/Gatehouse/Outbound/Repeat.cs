using System.Net.Sockets;

namespace Gatehouse.Outbound;

/// <summary>
/// Sends a request, and a safe one once more when its connection was closed before any answer (RFC 9110, 9.2.2; RFC 9112, 9.3.1). A server that speaks HTTP/1.0 closes after each answer, as one that rests does in the end:
/// whoever asks again at once may be given that connection, whose end has not come yet.
/// </summary>
internal static class Repeat
{
    /// <summary>The answer. Throws as the client does when the second try fails too, and at once for a request that is not safe to repeat.</summary>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, HttpCompletionOption option, CancellationToken stop)
    {
        using var again = request.Content is null && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head) ? Copy(request) : null;
        try
        {
            return await client.SendAsync(request, option, stop);
        }
        catch (HttpRequestException broken) when (again is not null && IsReset(broken))
        {
            return await client.SendAsync(again, option, stop);
        }
    }

    private static bool IsReset(HttpRequestException broken)
        => broken.HttpRequestError == HttpRequestError.ResponseEnded || broken.InnerException is IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown } };

    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var header in request.Headers.NonValidated) copy.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string>)header.Value);
        return copy;
    }
}
