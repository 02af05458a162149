using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Bot;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Tests.Bots;

using Dialogs = Gatehouse.Bot.Dialogs; // the kit's, not the room's

/// <summary>The .NET kit over real HTTP, with well-meant and hostile requests.</summary>
public sealed class VoiceBotTests
{
    private static readonly string Secret = "whsec_" + Convert.ToBase64String(Enumerable.Repeat((byte)9, 32).ToArray());

    [Fact]
    public async Task Every_event_reaches_its_handler_and_is_answered_as_CVG_expects()
    {
        var heard = new List<string>();
        Task Hear(Dialog dialog, BotEvent told)
        {
            heard.Add(told.ToString());
            Assert.Equal("d-1", dialog.Id);
            return Task.CompletedTask;
        }

        await using var site = await Site.StartAsync(new BotRules
        {
            BotTokens = ["old", "bot-token"], OnMessage = (d, e, _) => Hear(d, e), OnAnswer = (d, e, _) => Hear(d, e), OnInactivity = (d, e, _) => Hear(d, e), OnRecording = (d, e, _) => Hear(d, e), OnTerminated = (d, e, _) => Hear(d, e),
            OnSession = async (d, e, _) =>
            {
                await Hear(d, e);
                return e.CallType == "OUTBOUND" ? SessionAnswer.Reject : SessionAnswer.Accept;
            },
        });
        Assert.Equal((200, """{"action":"ACCEPT"}"""), await site.PostAsync("session"));
        Assert.Equal((200, """{"action":"REJECT"}"""), await site.PostAsync("session", Event(("callType", "OUTBOUND"))));
        foreach (var kind in (string[])["message", "inactivity", "recording", "terminated"]) Assert.Equal((204, ""), await site.PostAsync(kind));
        Assert.Equal((204, ""), await site.PostAsync("answer", Event(("type", new JsonObject { ["name"] = "Number" }))));
        Assert.Equal(["Session of d-1", "Session of d-1", "Message of d-1", "Inactivity of d-1", "Recording of d-1", "Terminated of d-1", "Answer of d-1"], heard);
        Assert.True(site.Bot.Dialogs.Find("d-1")!.Ended);
    }

    [Fact]
    public async Task What_is_no_event_of_the_platform_is_refused_with_its_words()
    {
        await using var site = await Site.StartAsync(new BotRules { BotTokens = ["bot-token"], OnMessage = (_, _, _) => throw new InvalidOperationException("heard") });
        foreach (var wrong in (string[])["", "Bearer ", "Bearer wrong", "Bearer bot-toke", "Bearer bot-tokenn", "bearer bot-token", "bot-token", "Basic Ym90LXRva2Vu", "Bearer bot-token, Bearer bot-token"])
            Assert.Equal((401, "bot token is invalid!"), await site.PostAsync("session", authorization: wrong));
        foreach (var type in (string[])["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) Assert.Equal(415, (await site.PostAsync("session", type: type)).Status);
        Assert.Equal((400, "body is not valid json."), await site.PostAsync("session", "{"));
        Assert.Equal((400, "dialogId is required"), await site.PostAsync("session", Event(("dialogId", null))));
        Assert.Equal(413, (await site.PostAsync("session", Event(("text", new string('x', 300_000))))).Status);
        Assert.Equal(404, (await site.PostAsync("")).Status);
        Assert.Equal(404, (await site.PostAsync("transfer")).Status);
        Assert.Equal(405, (await site.PostAsync("session", method: "PUT")).Status);
        Assert.Equal(0, site.Bot.Dialogs.Count);
    }

    [Fact]
    public async Task With_secrets_an_event_must_be_signed_and_one_sent_again_is_not_told_again()
    {
        var (heard, fails) = (0, false);
        await using var site = await Site.StartAsync(new BotRules
        {
            BotTokens = ["bot-token"], Secrets = [Secret],
            OnMessage = (_, _, _) =>
            {
                heard++;
                return fails ? Task.FromException(new InvalidOperationException("handler")) : Task.CompletedTask;
            },
        });
        var body = Event();
        Assert.Equal((401, "event signature is invalid: missing"), await site.PostAsync("message", body));
        Assert.Equal((401, "event signature is invalid: wrong"), await site.PostAsync("message", body, signature: ("evt_1", 0, "whsec_" + Convert.ToBase64String(new byte[32]))));
        Assert.Equal((401, "event signature is invalid: too-old"), await site.PostAsync("message", body, signature: ("evt_1", -301, Secret)));
        Assert.Equal((401, "event signature is invalid: too-new"), await site.PostAsync("message", body, signature: ("evt_1", 310, Secret)));
        Assert.Equal(0, heard);
        Assert.Equal(204, (await site.PostAsync("message", body, signature: ("evt_1", 0, Secret))).Status);
        Assert.Equal(204, (await site.PostAsync("message", body, signature: ("evt_1", 0, Secret))).Status);
        Assert.Equal(1, heard);
        fails = true;
        Assert.Equal((500, "the bot failed"), await site.PostAsync("message", body, signature: ("evt_2", 0, Secret)));
        fails = false;
        Assert.Equal(204, (await site.PostAsync("message", body, signature: ("evt_2", 0, Secret))).Status);
        Assert.Equal(3, heard);
    }

    [Fact]
    public void A_bot_that_would_believe_everybody_is_not_made()
    {
        foreach (var rules in (BotRules[])[new(), new() { BotTokens = [""] }, new() { BotTokens = ["a", ""] }, new() { Secrets = ["short"] }, new() { BotTokens = ["a"], Issuer = "http://gateway.example" }, new() { BotTokens = ["a"], Issuer = "nowhere" }])
            Assert.Throws<ArgumentException>(() => new VoiceBot(rules).Dispose());
        Assert.DoesNotContain("very-secret", new BotRules { BotTokens = ["very-secret"] }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dialogs_are_bounded()
    {
        using var dialogs = new Dialogs(new DialogRules { Capacity = 3 });
        void Hear(string kind, string id) => dialogs.Accept(EventReading.Read(kind, Encoding.UTF8.GetBytes(Event(("dialogId", id)))));
        foreach (var id in (string[])["a", "b", "c"]) Hear("session", id);
        Hear("message", "a");
        Hear("terminated", "c");
        Hear("session", "d");
        Assert.Equal(["a", "b", "d"], new[] { "a", "b", "c", "d" }.Where(id => dialogs.Find(id) is not null));
        Hear("session", "e");
        Assert.Equal(["a", "d", "e"], new[] { "a", "b", "d", "e" }.Where(id => dialogs.Find(id) is not null));
        Assert.Equal(3, dialogs.Count);
    }

    [Fact]
    public async Task Renewals_of_one_token_share_one_request()
    {
        var (renewals, gate) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var refused = 0;
        using var dialogs = new Dialogs(new DialogRules
        {
            Issuer = "https://gateway.example/realms/cc",
            Handler = new Platform(async request =>
            {
                if (request.RequestUri!.Host == "platform.example")
                {
                    var right = request.Headers.Authorization!.Parameter == "t2";
                    if (!right && Interlocked.Increment(ref refused) == 20) gate.SetResult();
                    return new HttpResponseMessage(right ? HttpStatusCode.NoContent : HttpStatusCode.Unauthorized);
                }

                Interlocked.Increment(ref renewals);
                await gate.Task.WaitAsync(TimeSpan.FromSeconds(10));
                return new HttpResponseMessage { Content = JsonContent.Create(new { token = "t2" }) };
            }),
        });
        var dialog = dialogs.Accept(EventReading.Read("session", Vectors.Body("t1")));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => dialog.SayAsync("x"))));
        Assert.All(answers, answer => Assert.Equal(204, answer.Status));
        Assert.Equal(1, renewals);
    }

    [Fact]
    public async Task Operations_and_recordings_are_named_not_addressed()
    {
        using var dialogs = new Dialogs(new DialogRules { Handler = new Platform(_ => throw new InvalidOperationException("sent")) });
        var dialog = dialogs.Accept(EventReading.Read("session", Vectors.Body("t1")));
        foreach (var operation in (string[])["", "say", "/call/say", "call/../dialog", "call//say", "call/say?x=1", "call/%2e%2e", "call/a/b/c/d/e", "dialog/x", "call/say\n"]) await Assert.ThrowsAsync<ArgumentException>(() => dialog.CallAsync(operation));
        foreach (var id in (string[])["", "..", "a/b", new string('a', 51), "a?b"]) await Assert.ThrowsAsync<ArgumentException>(() => dialog.RecordingAsync(id));
    }

    [Fact]
    public async Task At_a_real_platform_redirects_are_not_followed_answers_are_bounded_and_recordings_stream()
    {
        var asked = new List<string>();
        await using var platform = await Site.StartAsync(app => app.Run(async context =>
        {
            lock (asked) asked.Add($"{context.Request.Method} {context.Request.Path} {context.Request.Headers.Authorization}");
            switch (context.Request.Path.Value)
            {
                case "/v1/call/say":
                    context.Response.Redirect("/elsewhere");
                    break;
                case "/v1/call/forward":
                    await context.Response.WriteAsJsonAsync(new { status = "Failure", reason = "Busy" });
                    break;
                case "/v1/call/drop":
                    context.Response.StatusCode = 403;
                    await context.Response.WriteAsJsonAsync(new { code = "dialog.ended" }, options: null, contentType: "application/problem+json");
                    break;
                default:
                    context.Response.ContentType = "audio/wav";
                    await context.Response.Body.WriteAsync(new byte[3_000_000]);
                    break;
            }
        }));
        using var dialogs = new Dialogs();
        var dialog = dialogs.Accept(EventReading.Read("session", Vectors.Body("t1", callback: platform.Url + "v1/")));
        Assert.Equal(302, (await Assert.ThrowsAsync<CallException>(() => dialog.SayAsync("x"))).Status);
        Assert.Equal("Busy", (await dialog.CallAsync("call/forward", new JsonObject { ["destinationNumber"] = "+49" })).Body!["reason"]!.GetValue<string>());
        Assert.Equal("dialog.ended", (await Assert.ThrowsAsync<CallException>(() => dialog.EndAsync())).Reason);
        Assert.Equal("answer", (await Assert.ThrowsAsync<CallException>(() => dialog.CallAsync("call/long"))).Code);
        using var recording = await dialog.RecordingAsync("r1");
        using var copy = new MemoryStream();
        await recording.Stream.CopyToAsync(copy);
        Assert.Equal(("audio/wav", 3_000_000), (recording.ContentType, copy.Length));
        Assert.Equal("GET /v1/recording/r-1/d-1/r1 Bearer t1", asked[^1]);
        Assert.DoesNotContain(asked, one => one.Contains("elsewhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_platform_that_is_not_there_is_asked_four_times()
    {
        var waits = 0;
        using var dialogs = new Dialogs(new DialogRules
        {
            Wait = (_, _) =>
            {
                waits++;
                return Task.CompletedTask;
            },
        });
        var dialog = dialogs.Accept(EventReading.Read("session", Vectors.Body("t1", callback: "http://127.0.0.1:1/v1")));
        var failed = await Assert.ThrowsAsync<CallException>(() => dialog.SayAsync("x"));
        Assert.Equal(("connection", 3), (failed.Code, waits));
        Assert.DoesNotContain("t1", failed.ToString().Replace("Test1", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static string Event(params (string Name, JsonNode? Value)[] more)
    {
        var body = JsonNode.Parse(Vectors.Body("gtdialog_t1"))!.AsObject();
        foreach (var (name, value) in more) body[name] = value;
        return body.ToJsonString();
    }

    private sealed class Site(WebApplication app, VoiceBot? bot) : IAsyncDisposable
    {
        private readonly HttpClient client = new();

        public VoiceBot Bot => bot!;

        public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/";

        public static async Task<Site> StartAsync(BotRules rules)
        {
            var bot = new VoiceBot(rules);
            return await StartAsync(app => app.MapVoiceBot(bot, "/hooks"), bot);
        }

        public static async Task<Site> StartAsync(Action<WebApplication> map, VoiceBot? bot = null)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            map(app);
            await app.StartAsync();
            return new Site(app, bot);
        }

        public async Task<(int Status, string Text)> PostAsync(string kind, string? body = null, string authorization = "Bearer bot-token", string type = "application/json", string method = "POST", (string Id, int Seconds, string Secret)? signature = null)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{Url}hooks/{kind}");
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            var bytes = Encoding.UTF8.GetBytes(body ?? Event());
            request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            if (signature is var (id, seconds, secret))
            {
                var at = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + seconds;
                request.Headers.Add("webhook-id", id);
                request.Headers.Add("webhook-timestamp", at.ToString());
                request.Headers.Add("webhook-signature", EventSignature.Sign(secret, id, at, bytes));
            }

            using var answer = await client.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            bot?.Dispose();
            await app.DisposeAsync();
        }
    }
}
