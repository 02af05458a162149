using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Dialogs;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>A platform's events on their way to a bot: each with a fresh token of its dialog, signed.</summary>
public sealed class EventTests
{
    private const string Id = "11111111-1111-4111-8111-111111111111";

    private const string Access = DialogDesk.Access + """

          bot:
            upstreams: ["{upstream}"]
            events: { project: support, dialog: dialogId, open: [session], close: [terminated], token: authToken }
            rules: [{ allow: { kinds: [service] } }]
          mail:
            upstreams: ["{upstream}"]
            events: { project-from: projectContext.projectToken, dialog: dialogId, open: [session], close: [terminated], token-header: X-Dialog-Token }
            rules: [{ allow: { kinds: [service] } }]
        """;

    [Fact]
    public async Task The_first_event_opens_the_dialog_the_last_one_ends_it_and_each_brings_a_fresh_token()
    {
        await using var desk = await DialogDesk.OpenAsync(null, Access);
        var first = Token(await SendAsync(desk, "bot/session", $$"""{"dialogId":"{{Id}}","callback":"https://gw.example/v1","nested":{"a":[1,2.50,null]},"authToken":"what the platform put there"}"""));
        Assert.Equal((200, "pass"), await desk.CallAsync(first, "POST", "/v1/call/say", $$"""{"dialogId":"{{Id}}"}"""));
        var second = Token(await SendAsync(desk, "bot/message", $$"""{"dialogId":"{{Id}}","text":"hällo"}"""));
        Assert.NotEqual(first, second);
        Assert.Equal((200, "pass"), await desk.CallAsync(second, "POST", "/v1/call/say", $$"""{"dialogId":"{{Id}}"}"""));
        var last = Token(await SendAsync(desk, "bot/terminated", $$"""{"dialogId":"{{Id}}"}"""));
        Assert.Equal((403, "dialog.ended"), await desk.CallAsync(last, "POST", "/v1/call/say", $$"""{"dialogId":"{{Id}}"}"""));
        Assert.Equal((200, "pass"), await desk.CallAsync(last, "GET", $"/v1/recording/{Id}"));
        Assert.Equal("ended", (await desk.AskAsync(HttpMethod.Get, $"dialogs/{Id}")).Body.GetProperty("state").GetString());
        // Sent again, it is ended still, and the bot hears of it again.
        await SendAsync(desk, "bot/terminated", $$"""{"dialogId":"{{Id}}"}""");
    }

    [Fact]
    public async Task Events_are_signed_as_standard_webhooks_and_both_secrets_count_while_one_rotates()
    {
        await using var desk = await DialogDesk.OpenAsync(one => one with { SecretGeneration = 2 }, Access);
        var seen = await SendAsync(desk, "bot/session", $$"""{"dialogId":"{{Id}}","text":"é"}""", ("webhook-signature", "v1,forged"), ("webhook-id", "mine"));
        var projects = desk.Gate.Desk.Part<DialogProjects>();
        var secrets = projects.Secrets(projects.Find(Desk.Realm, "support")!);
        Assert.Equal(2, secrets.Count);
        var signed = Encoding.UTF8.GetBytes($"{seen.Headers["webhook-id"]}.{seen.Headers["webhook-timestamp"]}.{seen.Body}");
        Assert.Equal(secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret[6..]), signed))), seen.Headers["webhook-signature"].Split(' '));
        Assert.StartsWith("evt_", seen.Headers["webhook-id"]);
        Assert.True(Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(seen.Headers["webhook-timestamp"])) < 60);
    }

    [Fact]
    public async Task The_token_may_stand_in_a_header_and_the_project_in_the_event()
    {
        await using var desk = await DialogDesk.OpenAsync(null, Access);
        var seen = await SendAsync(desk, "mail/session", $$$"""{"dialogId":"{{{Id}}}","projectContext":{"projectToken":"support"}}""", ("X-Dialog-Token", "forged"));
        Assert.Equal((200, "pass"), await desk.CallAsync(seen.Headers["X-Dialog-Token"], "GET", $"/v1/recording/{Id}"));
        Assert.Equal($$$"""{"dialogId":"{{{Id}}}","projectContext":{"projectToken":"support"}}""", seen.Body);
        Assert.Equal((422, "dialog.project"), await PostAsync(desk, "mail/session", $$$"""{"dialogId":"{{{Id}}}","projectContext":{"projectToken":"nobodys"}}"""));
        Assert.Equal((422, "dialog.project"), await PostAsync(desk, "mail/session", $$"""{"dialogId":"{{Id}}","projectContext":"support"}"""));
    }

    [Fact]
    public async Task An_event_of_a_dialog_that_nobody_opened_opens_it_and_the_end_of_an_unknown_one_brings_no_token()
    {
        await using var desk = await DialogDesk.OpenAsync(null, Access);
        var token = Token(await SendAsync(desk, "bot/message", """{"dialogId":"late-1"}"""));
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "GET", "/v1/recording/late-1"));
        var seen = await SendAsync(desk, "bot/terminated", """{"dialogId":"never-1","authToken":"x"}""");
        Assert.Equal("""{"dialogId":"never-1"}""", seen.Body);
    }

    [Fact]
    public async Task What_is_no_event_is_refused_and_the_bot_never_sees_it()
    {
        await using var desk = await DialogDesk.OpenAsync(null, Access);
        foreach (var body in (string[])["", "[]", "{}", """{"dialogId":7}""", """{"dialogId":"../x"}""", """{"dialogId":"a","dialogId":"b"}""", """{"dialogId":"a" """])
            Assert.Equal((400, "dialog.unreadable", body), await PostAsync(desk, "bot/session", body) is var (status, code) ? (status, code, body) : default);
        using var bare = new StringContent($$"""{"dialogId":"{{Id}}"}""", Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.Unauthorized, (await desk.Gate.Desk.Http.PostAsync(new Uri(desk.Gate.Desk.Url, "/bot/session"), bare)).StatusCode);
        // A bot's own token opens no dialogs.
        Assert.Equal((401, "credential.kind"), await desk.CallAsync(await desk.StartAsync(Id), "POST", "/bot/session", $$"""{"dialogId":"{{Id}}"}"""));
        await desk.PutAsync(one => one with { Name = "other" });
        await desk.AskAsync(HttpMethod.Post, "dialogs", new { id = "theirs", project = "other" });
        Assert.Equal((409, "dialog.conflict"), await PostAsync(desk, "bot/message", """{"dialogId":"theirs"}"""));
        Assert.Empty(desk.Gate.Upstream.All);
    }

    [Fact]
    public async Task A_bot_that_drops_the_connection_is_sent_the_same_event_again()
    {
        using var bot = new TcpListener(IPAddress.Loopback, 0);
        bot.Start();
        await using var desk = await DialogDesk.OpenAsync(null, Access.Replace("bot:\n    upstreams: [\"{upstream}\"]", $"bot:\n    upstreams: [\"http://127.0.0.1:{((IPEndPoint)bot.LocalEndpoint).Port}\"]", StringComparison.Ordinal));
        using var late = new CancellationTokenSource(GateDesk.Patience);
        var heard = Task.Run(async () =>
        {
            var ids = new List<string>();
            for (var attempt = 0; attempt < 3; attempt++)
            {
                using var client = await bot.AcceptTcpClientAsync(late.Token);
                await using var stream = client.GetStream();
                var (text, buffer) = ("", new byte[64 * 1024]);
                while (!text.Contains("}", StringComparison.Ordinal)) text += Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, late.Token));
                ids.Add(text.Split("\r\n").Single(line => line.StartsWith("webhook-id:", StringComparison.OrdinalIgnoreCase)));
                if (attempt == 2) await stream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), late.Token);
            }

            return ids;
        }, late.Token);
        Assert.Equal(204, (await PostAsync(desk, "bot/session", $$"""{"dialogId":"{{Id}}"}""")).Status);
        Assert.Single((await heard).Distinct());
    }

    [Fact]
    public void A_bot_takes_no_tokens_of_dialogs()
    {
        var (file, findings) = Gatehouse.Gateway.Access.AccessReader.Read("realm: r\nservices:\n  bot: { upstreams: [\"http://127.0.0.1:9\"], accept: [token, dialog], events: { project: p, dialog: id, token: t }, rules: [{ path: \"/bot/{d}\", dialog: { path: d }, allow: {} }] }\n");
        Assert.Null(file);
        Assert.Contains(findings, finding => finding.Code == "service.events");
    }

    private static string Token(RecordingUpstream.Seen seen) => JsonDocument.Parse(seen.Body).RootElement.GetProperty("authToken").GetString()!;

    private static async Task<RecordingUpstream.Seen> SendAsync(DialogDesk desk, string path, string json, params (string Name, string Value)[] headers)
    {
        Assert.Equal((200, "pass"), await PostAsync(desk, path, json, headers));
        return desk.Gate.Upstream.Last;
    }

    private static async Task<(int Status, string Code)> PostAsync(DialogDesk desk, string path, string json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(desk.Gate.Desk.Url, path)) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await desk.Gate.Desk.ServiceTokenAsync());
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await desk.Gate.Desk.Http.SendAsync(request);
        return ((int)answer.StatusCode, await GateDesk.CodeOfAsync(answer));
    }
}
