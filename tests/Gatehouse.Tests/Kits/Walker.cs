using System.Net;
using System.Net.Sockets;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A browser in miniature over several sites: cookies per host, redirects, links and forms as a person uses them. Forms that a page would send by a script are sent with <see cref="GoOnAsync"/>.</summary>
public sealed class Walker : IDisposable
{
    private readonly HttpClient http;

    /// <summary>A walker; with a certificate it shows that to whoever asks, and it believes any server's.</summary>
    public Walker(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (certificate is not null) handler.SslOptions.ClientCertificates = [certificate];
        http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
    }

    public Jar Jar { get; } = new();

    /// <summary>Headers that go along with every request.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; set; }

    public Uri At { get; private set; } = new("about:blank");

    public HttpStatusCode Status { get; private set; }

    public string Text { get; private set; } = "";

    /// <summary>Every address that was asked for, in order.</summary>
    public List<Uri> Trail { get; } = [];

    public void Dispose() => http.Dispose();

    public Task OpenAsync(string address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(address)));

    public Task FollowAsync(string linkText) => OpenAsync(new Uri(At, Page().QuerySelectorAll("a").First(link => link.TextContent.Trim() == linkText).GetAttribute("href")!).AbsoluteUri);

    /// <summary>Fills in the first form and sends it.</summary>
    public Task SubmitAsync(params (string Name, string Value)[] values)
    {
        var form = Page().QuerySelector("form") ?? throw new InvalidOperationException($"no form at {At}: {Text}");
        var fields = form.QuerySelectorAll("input[name]").Where(field => field.GetAttribute("type") is not ("submit" or "checkbox")).ToDictionary(field => field.GetAttribute("name")!, field => field.GetAttribute("value") ?? "");
        foreach (var (name, value) in values) fields[name] = value;
        var action = new Uri(At, form.GetAttribute("action") is { Length: > 0 } given ? given : At.AbsoluteUri);
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, action) { Content = new FormUrlEncodedContent(fields) });
    }

    /// <summary>Sends forms that carry SAML messages on, until a page has none.</summary>
    public async Task GoOnAsync()
    {
        for (var i = 0; i < 6 && Page().QuerySelector("form input[name=SAMLResponse], form input[name=SAMLRequest]") is not null; i++) await SubmitAsync();
    }

    // The small single-minded servers of the tests reset a connection now and then, mostly just after their start; a person presses the button again.
    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request)
    {
        try
        {
            return await http.SendAsync(request);
        }
        catch (HttpRequestException wrong) when (wrong.InnerException is IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } })
        {
            using var again = new HttpRequestMessage(request.Method, request.RequestUri);
            foreach (var (name, values) in request.Headers) again.Headers.TryAddWithoutValidation(name, values);
            if (request.Content is { } content)
            {
                again.Content = new ByteArrayContent(await content.ReadAsByteArrayAsync());
                again.Content.Headers.ContentType = content.Headers.ContentType;
            }

            return await http.SendAsync(again);
        }
    }

    private async Task SendAsync(HttpRequestMessage request)
    {
        for (var hop = 0; hop < 16; hop++)
        {
            At = request.RequestUri!;
            Trail.Add(At);
            Jar.Send(request);

            // The small servers of the tests end resting connections when they like, and a POST is not sent twice.
            request.Headers.ConnectionClose = true;
            foreach (var (name, value) in Headers ?? new Dictionary<string, string>()) request.Headers.TryAddWithoutValidation(name, value);
            using var answer = await AskAsync(request);
            Jar.Take(At, answer.Headers);
            request.Dispose();
            Status = answer.StatusCode;
            Text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode is < 300 or >= 400) return;
            request = new HttpRequestMessage(HttpMethod.Get, new Uri(At, answer.Headers.Location!));
        }

        Assert.Fail("too many redirects: " + string.Join("\n", Trail));
    }

    private IDocument Page() => new HtmlParser().ParseDocument(Text);
}
