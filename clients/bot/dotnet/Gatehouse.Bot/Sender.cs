using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gatehouse.Bot;

/// <summary>A request that failed after everything that may be tried was tried.</summary>
public sealed class CallException(string code, string message, int status = 0, JsonNode? body = null) : Exception(message)
{
    /// <summary><c>connection</c>, <c>timeout</c>, <c>status</c>, <c>answer</c> (longer than allowed), or why the kit itself refused: <c>dialog.ended</c>, <c>dialog.forgotten</c>, <c>dialog.other</c>.</summary>
    public string Code { get; } = code;

    /// <summary>HTTP status, 0 without an answer.</summary>
    public int Status { get; } = status;

    /// <summary>The platform's answer: JSON, or its text.</summary>
    public JsonNode? Body { get; } = body;

    /// <summary>The platform's reason code (<c>code</c> of a problem+json), where it tells one.</summary>
    public string? Reason => Body is JsonObject told && told["code"] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}

/// <summary>How requests are sent; everything has a default.</summary>
public record SendingRules : EventRules
{
    /// <summary>How often a request is sent again after its connection failed. Default 3, as CVG's own connector.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Wait before the first repetition; each later one is twice as long.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Also repeats after 429 and 503 that name seconds in Retry-After, 30 at most. Default false: CVG's own connector never repeats after an answer.</summary>
    public bool RetryAfter { get; init; }

    /// <summary>How long a request may take, a bridge's ringing included. A time-out is not repeated: the platform may be at it.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Sends the requests; it must not follow redirects. Default: a handler of the kit's own.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>For tests: waits so long.</summary>
    public Func<TimeSpan, CancellationToken, Task>? Wait { get; init; }
}

/// <summary>Sends requests with the retry rule of the kit. Redirects are answers: a token follows nobody to another address.</summary>
internal sealed class Sender(SendingRules rules) : IDisposable
{
    private const int MostBytes = 1024 * 1024;

    // It stays for as long as the bot: names are looked up anew now and then all the same.
    private readonly HttpClient client = new(rules.Handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }, disposeHandler: rules.Handler is null) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };

    /// <summary>The answer, whatever its status, with its body unread; throws <see cref="CallException"/> <c>connection</c> or <c>timeout</c>.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string url, string? token, JsonNode? json, CancellationToken stop)
    {
        for (var sent = 1; ; sent++)
        {
            var pause = rules.Backoff * Math.Pow(2, sent - 1);
            try
            {
                using var request = new HttpRequestMessage(method, url);
                if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                if (json is not null) request.Content = new StringContent(json.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
                using var limit = Limit(stop);
                var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (!rules.RetryAfter || sent > rules.Retries || answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable) || Seconds(answer) is not { } named) return answer;
                answer.Dispose();
                pause = named;
            }
            catch (HttpRequestException)
            {
                if (sent > rules.Retries) throw new CallException("connection", $"{method} {url}: the connection failed {sent} times");
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw new CallException("timeout", $"{method} {url}: no answer within {rules.Timeout}");
            }

            await (rules.Wait?.Invoke(pause, stop) ?? Task.Delay(pause, rules.Time, stop));
        }
    }

    /// <summary>Body of an answer, JSON read where it says so, else as text; null for none.</summary>
    public async Task<JsonNode?> ReadAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        using var limit = Limit(stop);
        var status = (int)answer.StatusCode;
        try
        {
            await answer.Content.LoadIntoBufferAsync(MostBytes, limit.Token);
        }
        catch (HttpRequestException late) when (late.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new CallException("answer", "the answer is longer than 1 MiB", status);
        }
        catch (Exception late) when (late is HttpRequestException or IOException)
        {
            throw new CallException("connection", "the connection failed within the answer", status);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new CallException("timeout", $"the answer did not end within {rules.Timeout}", status);
        }

        var bytes = await answer.Content.ReadAsByteArrayAsync(stop);
        if (bytes.Length == 0) return null;
        try
        {
            if (answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true) return JsonNode.Parse(bytes);
        }
        catch (JsonException)
        {
            // no JSON after all: its text
        }

        return JsonValue.Create(Encoding.UTF8.GetString(bytes));
    }

    public void Dispose() => client.Dispose();

    private CancellationTokenSource Limit(CancellationToken stop)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(rules.Timeout);
        return limit;
    }

    private static TimeSpan? Seconds(HttpResponseMessage answer)
        => answer.Headers.TryGetValues("Retry-After", out var values) && values.SingleOrDefault() is { Length: >= 1 and <= 5 } text && text.All(char.IsAsciiDigit) && int.Parse(text) <= 30 ? TimeSpan.FromSeconds(int.Parse(text)) : null;
}
