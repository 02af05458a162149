using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Bot;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Bots;

using Dialogs = Gatehouse.Bot.Dialogs; // the kit's, not the room's

/// <summary>The .NET kit's calls, held to the shared vectors: what is repeated, whose token is used, what is forgotten.</summary>
public sealed class DialogVectorsTests
{
    public static TheoryData<string> Retries => Vectors.Names("retries");

    public static TheoryData<string> Tokens => Vectors.Names("tokens");

    [Theory, MemberData(nameof(Retries))]
    public async Task Calls_are_repeated_as_the_vectors_say(string name)
    {
        var vector = Vectors.One("retries", name);
        var answers = new Queue<JsonElement>(vector.Items("answers"));
        var waits = new List<double>();
        var platform = new Platform(async request =>
        {
            Assert.Equal("https://platform.example/v1/call/say", request.RequestUri!.ToString());
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"text":"x","dialogId":"d-1"}"""), await request.Content!.ReadFromJsonAsync<JsonNode>()));
            var answer = answers.Dequeue();
            if (answer.ValueKind == JsonValueKind.String) throw answer.GetString() == "timeout" ? new OperationCanceledException() : new HttpRequestException("refused");
            var given = new HttpResponseMessage((HttpStatusCode)(answer.ValueKind == JsonValueKind.Number ? answer : answer.GetProperty("status")).GetInt32());
            if (answer.ValueKind == JsonValueKind.Object) given.Headers.TryAddWithoutValidation("Retry-After", answer.Text("retryAfter"));
            return given;
        });
        using var dialogs = new Dialogs(vector.Rules() with
        {
            Handler = platform,
            Wait = (time, _) =>
            {
                waits.Add(time.TotalMilliseconds);
                return Task.CompletedTask;
            },
        });
        var dialog = dialogs.Accept(EventReading.Read("session", Vectors.Body("t1")));
        Assert.Equal(vector.GetProperty("result").ToString(), await OutcomeAsync(async () => (await dialog.SayAsync("x")).Status));
        Assert.Equal(vector.Items("waits").Select(wait => wait.GetDouble()), waits);
        Assert.Empty(answers);
    }

    [Theory, MemberData(nameof(Tokens))]
    public async Task Tokens_are_held_as_the_vectors_say(string name)
    {
        var vector = Vectors.One("tokens", name);
        var rules = vector.Rules();
        var (clock, at) = (new SetClock(), 0L);
        var exchanges = new Queue<JsonElement>();
        var platform = new Platform(request =>
        {
            Assert.True(exchanges.TryDequeue(out var exchange), $"nobody expected {request.RequestUri}");
            Assert.Equal(exchange.Text("bearer") is { } bearer ? $"Bearer {bearer}" : null, request.Headers.Authorization?.ToString());
            if (exchange.Text("to") == "callback") Assert.StartsWith("https://platform.example/v1/", request.RequestUri!.ToString(), StringComparison.Ordinal);
            else Assert.Equal($"{rules.Issuer}/dialogs/d-1/token", request.RequestUri!.ToString());
            var answer = new HttpResponseMessage((HttpStatusCode)exchange.GetProperty("status").GetInt32());
            if (answer.StatusCode == HttpStatusCode.OK) answer.Content = JsonContent.Create(exchange.Text("gives") is { } token ? new { token } : (object)new { });
            return Task.FromResult(answer);
        });
        using var dialogs = new Dialogs(rules with { Handler = platform, Time = clock });
        Dialog dialog = null!;
        foreach (var step in vector.Items("steps"))
        {
            if (step.Member("at") is { } time)
            {
                clock.Advance(TimeSpan.FromMilliseconds(time.GetInt64() - at));
                at = time.GetInt64();
            }

            if (step.Member("known") is { } known) Assert.Equal(known.GetBoolean(), dialogs.Find("d-1") is not null);
            if (step.Member("event") is { } heard) dialog = dialogs.Accept(EventReading.Read(heard.Text("kind")!, Vectors.Body(heard.Text("token"), heard.Member("timestamp")), rules));
            if (step.Text("call") is not { } call) continue;
            exchanges = new Queue<JsonElement>(step.Items("exchanges"));
            Assert.Equal(step.GetProperty("result").ToString(), await OutcomeAsync(() => CallAsync(dialog, call, step)));
            Assert.Empty(exchanges);
            Assert.DoesNotContain("t1", dialog.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<int> CallAsync(Dialog dialog, string call, JsonElement step)
    {
        switch (call)
        {
            case "recording":
                using (await dialog.RecordingAsync()) return 200;
            case "data":
                return (await dialog.DataAsync(new Dictionary<string, string> { ["a"] = "b" })).Status;
            case "history":
                return (await dialog.HistoryAsync()).Status;
            case "delete":
                return (await dialog.DeleteAsync()).Status;
            default:
                return (await dialog.CallAsync(call, step.Member("body") is { } body ? JsonNode.Parse(body.GetRawText())!.AsObject() : null)).Status;
        }
    }

    private static async Task<string> OutcomeAsync(Func<Task<int>> call)
    {
        try
        {
            return (await call()).ToString();
        }
        catch (CallException failed)
        {
            return failed.Code == "status" ? $"status {failed.Status}" : failed.Code;
        }
    }
}

/// <summary>Answers a kit's requests in place of the network.</summary>
internal sealed class Platform(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop) => answer(request);
}
