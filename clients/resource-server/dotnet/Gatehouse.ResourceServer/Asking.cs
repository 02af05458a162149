using System.Net.Http.Headers;

namespace Gatehouse.ResourceServer;

/// <summary>Asks the issuer: no redirects, five seconds, and no more bytes than an answer needs. Null for whatever is no answer.</summary>
internal sealed class Asking : IDisposable
{
    private readonly HttpClient http;

    public Asking(HttpMessageHandler? handler) => http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }, handler is null)
    {
        Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 256 * 1024,
    };

    public async Task<byte[]?> GetAsync(Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await SendAsync(request);
    }

    public async Task<byte[]?> PostAsync(Uri address, AuthenticationHeaderValue? authorization, IEnumerable<KeyValuePair<string, string>> form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Authorization = authorization;
        return await SendAsync(request);
    }

    public void Dispose() => http.Dispose();

    private async Task<byte[]?> SendAsync(HttpRequestMessage request)
    {
        request.Headers.Accept.ParseAdd("application/json");
        try
        {
            using var answer = await http.SendAsync(request);
            return (int)answer.StatusCode == 200 ? await answer.Content.ReadAsByteArrayAsync() : null;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }
}
