using System.Net.WebSockets;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.Dialogs;
using Gatehouse.Gateway;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>A dialog's token at the gate: for that dialog alone, as long as it lives.</summary>
public sealed class DialogGateTests
{
    private const string Mine = "11111111-1111-4111-8111-111111111111";
    private const string Other = "22222222-2222-4222-8222-222222222222";

    [Fact]
    public async Task The_token_is_good_for_its_own_dialog_in_path_query_and_body()
    {
        await using var desk = await DialogDesk.OpenAsync(one => one with { FreezeOnMisuse = false });
        var token = await desk.StartAsync(Mine);
        await desk.StartAsync(Other);
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "POST", "/v1/call/say", $$"""{"dialogId":"{{Mine}}","text":"hello"}"""));
        var seen = desk.Gate.Upstream.Last;
        Assert.Contains("Bearer ey", seen.Headers["Authorization"]);
        Assert.DoesNotContain(token, string.Join('\n', seen.Headers.Values));
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "POST", $"/v1/dialog/r1/{Mine}/data", "{}"));
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "GET", $"/v1/media/stream?dialog={Mine}"));
        foreach (var (method, path, json) in new (string, string, string?)[]
        {
            ("POST", "/v1/call/say", $$"""{"dialogId":"{{Other}}","text":"hello"}"""), ("POST", $"/v1/dialog/r1/{Other}/data", "{}"), ("POST", $"/v1/dialog/{Mine}/{Other}/data", "{}"), ("GET", $"/v1/media/stream?dialog={Other}", null), ("GET", $"/v1/recording/{Other}", null),
        })
            Assert.Equal((403, "dialog.other"), await desk.CallAsync(token, method, path, json));
    }

    [Fact]
    public async Task A_body_that_can_be_read_in_two_ways_is_refused_and_never_sent_on()
    {
        string[] bodies =
        [
            "{\"dialogId\":\"$\",\"dialogId\":\"#\"}",
            "{\"dialogId\":\"$\",\"dialogid\":\"#\"}",
            "{\"DialogId\":\"$\"}",
            "{\"dialogId\":[\"$\"]}",
            "{\"dialogId\":null}",
            "{}",
            "[]",
            "",
            "{\"dialogId\":\"$\"",
            "{\"dialogId\":\"$\"} {\"dialogId\":\"#\"}",
            "\uFEFF{\"dialogId\":\"$\"}",
        ];
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        foreach (var body in bodies)
        {
            var (status, code) = await desk.CallAsync(token, "POST", "/v1/call/say", body.Replace("$", Mine, StringComparison.Ordinal).Replace("#", Other, StringComparison.Ordinal));
            Assert.Equal((400, "dialog.unreadable", body), (status, code, body));
        }

        Assert.Empty(desk.Gate.Upstream.All);
    }

    [Fact]
    public async Task A_form_an_encoded_body_a_huge_one_and_doubled_parameters_are_refused()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        Assert.Equal((400, "dialog.unreadable"), await desk.CallAsync(token, "POST", "/v1/call/say", $"dialogId={Mine}", "application/x-www-form-urlencoded"));
        Assert.Equal((400, "dialog.unreadable"), await desk.CallAsync(token, "POST", "/v1/call/say", $$"""{"dialogId":"{{Mine}}","text":"{{new string('x', 300_000)}}"}"""));
        foreach (var query in (string[])[$"?dialog={Mine}&dialog={Other}", $"?dialog={Mine}&Dialog={Other}", $"?dialog={Mine}&%64ialog={Other}", "", "?dialog", "?other=1"])
            Assert.Equal((400, "dialog.unreadable"), await desk.CallAsync(token, "GET", "/v1/media/stream" + query));
        // Some servers part by semicolons, some take other letters for the same name.
        foreach (var query in (string[])[$"?dialog={Mine}&x=1;dialog={Other}", $"?dialog={Mine}&+dialog={Other}", $"?dialog={Mine}&dialog_={Other}", $"?dialog={Mine}&dialog.={Other}"])
            Assert.Equal((400, "dialog.unreadable"), await desk.CallAsync(token, "GET", "/v1/media/stream" + query));
        // Bytes that another charset reads otherwise.
        foreach (var type in (string[])["application/json; charset=unicode_escape", "application/json; charset=utf-7", "application/json; charset=utf-16", "application/json; charset=utf-8; charset=utf-7", "text/json"])
        {
            using var other = new HttpRequestMessage(HttpMethod.Post, "/v1/call/say") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes($$"""{"dialogId":"{{Mine}}","x":"","dialogId":"{{Other}}"}""")) };
            other.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
            other.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            using var refused = await desk.Gate.Desk.Http.SendAsync(other);
            Assert.Equal((type, "dialog.unreadable"), (type, await GateDesk.CodeOfAsync(refused)));
        }

        using var encoded = new HttpRequestMessage(HttpMethod.Post, "/v1/call/say") { Content = new StringContent($$"""{"dialogId":"{{Mine}}"}""", Encoding.UTF8, "application/json") };
        encoded.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        encoded.Content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal("dialog.unreadable", await GateDesk.CodeOfAsync(await desk.Gate.Desk.Http.SendAsync(encoded)));
        Assert.Empty(desk.Gate.Upstream.All);
    }

    [Fact]
    public async Task A_large_body_and_one_in_chunks_arrive_whole()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "POST", "/v1/call/say", $$"""{"text":"{{new string('x', 200_000)}}","dialogId":"{{Mine}}"}"""));
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1/call/say") { Content = new StringContent($$"""{"dialogId":"{{Mine}}","text":"{{new string('y', 50_000)}}"}""", Encoding.UTF8, "application/json") };
        chunked.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        chunked.Headers.TransferEncodingChunked = true;
        Assert.Equal("pass", await GateDesk.CodeOfAsync(await desk.Gate.Desk.Http.SendAsync(chunked)));
    }

    [Fact]
    public async Task Where_the_route_does_not_say_where_the_dialog_stands_the_token_is_worth_nothing_and_other_tokens_are_not_bound()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        Assert.Equal((403, "dialog.unbound"), await desk.CallAsync(token, "GET", "/v1/admin/everything"));
        Assert.Equal((200, "pass"), await desk.CallAsync(await desk.Gate.Desk.ServiceTokenAsync(), "GET", $"/v1/dialog/r1/{Other}/history"));
        Assert.Equal((403, "rule.denied"), await desk.CallAsync(await desk.Gate.Desk.ServiceTokenAsync(), "GET", $"/v1/recording/{Other}"));
        // Nor is it a token for our own doors.
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await desk.AskAsync(HttpMethod.Get, "protocol/openid-connect/userinfo", null, token)).Status);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await desk.AskAsync(HttpMethod.Post, "dialogs", new { id = Other, project = "support" }, token)).Status);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await desk.AskAsync(HttpMethod.Post, $"dialogs/{Other}/token", null, token)).Status);
    }

    [Fact]
    public async Task After_the_end_only_what_the_project_allows_and_after_the_headroom_nothing()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        await desk.DoAsync(Mine, "end");
        Assert.Equal((403, "dialog.ended"), await desk.CallAsync(token, "POST", "/v1/call/say", $$"""{"dialogId":"{{Mine}}"}"""));
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "GET", $"/v1/recording/{Mine}"));
        await desk.PutAsync(one => one with { After = [] });
        Assert.Equal((403, "dialog.ended"), await desk.CallAsync(token, "GET", $"/v1/recording/{Mine}"));

        await desk.PutAsync(one => one with { Headroom = TimeSpan.Zero });
        var brief = await desk.StartAsync("brief");
        var end = await desk.DoAsync("brief", "end");
        Assert.False(end.TryGetProperty("token", out _));
        Assert.Equal((401, "dialog.over"), await desk.CallAsync(brief, "GET", "/v1/recording/brief"));
    }

    [Fact]
    public async Task A_silent_source_lets_it_decay_and_a_sign_of_life_keeps_it()
    {
        await using var desk = await DialogDesk.OpenAsync(one => one with { Silence = TimeSpan.FromSeconds(1), Headroom = TimeSpan.FromSeconds(1) });
        var token = await desk.StartAsync(Mine);
        await desk.BecomesAsync("dialog.ended", token, "GET", $"/v1/media/stream?dialog={Mine}");
        await desk.DoAsync(Mine, "extend");
        Assert.Equal((200, "pass"), await desk.CallAsync(token, "GET", $"/v1/media/stream?dialog={Mine}"));
        await desk.BecomesAsync("dialog.over", token, "GET", $"/v1/media/stream?dialog={Mine}");
    }

    [Fact]
    public async Task Misuse_freezes_the_token_wherever_it_comes_from_and_the_next_events_works()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var stolen = await desk.StartAsync(Mine);
        Assert.Equal((403, "dialog.other"), await desk.CallAsync(stolen, "GET", $"/v1/recording/{Other}"));
        await desk.BecomesAsync("dialog.frozen", stolen, "GET", $"/v1/recording/{Mine}");
        Assert.Equal((401, "dialog.frozen"), await desk.CallAsync(stolen, "GET", $"/v1/media/stream?dialog={Mine}"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await desk.AskAsync(HttpMethod.Post, $"dialogs/{Mine}/token", null, stolen)).Status);
        var fresh = (await desk.DoAsync(Mine, "extend")).GetProperty("token").GetString()!;
        Assert.Equal((200, "pass"), await desk.CallAsync(fresh, "GET", $"/v1/recording/{Mine}"));
        // Nor does one that was asked for with the stolen one before it froze: it is as old as that.
        var thief = await desk.StartAsync("second-call");
        var (_, renewed) = await desk.AskAsync(HttpMethod.Post, "dialogs/second-call/token", null, thief);
        Assert.Equal((403, "dialog.other"), await desk.CallAsync(thief, "GET", $"/v1/recording/{Other}"));
        await desk.BecomesAsync("dialog.frozen", renewed.GetProperty("token").GetString()!, "GET", "/v1/recording/second-call");

        // The frozen one cannot be used to freeze what came after it.
        Assert.Equal((401, "dialog.frozen"), await desk.CallAsync(stolen, "GET", $"/v1/recording/{Other}"));
        Assert.Equal((200, "pass"), await desk.CallAsync(fresh, "GET", $"/v1/recording/{Mine}"));
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        AuditPage events;
        while ((events = await desk.Gate.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, AuditTypes.DialogFrozen), default)).Events.Count == 0) await tick.WaitForNextTickAsync(late.Token);
        Assert.Contains(events.Events, one => one.Event.Resource == $"dialogs/{Mine}");
    }

    [Fact]
    public async Task What_streams_is_cut_when_the_dialog_ends()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/media/endless?dialog={Mine}");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await desk.Gate.Desk.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, late.Token);
        await using var stream = await answer.Content.ReadAsStreamAsync(late.Token);
        var buffer = new byte[64];
        Assert.True(await stream.ReadAsync(buffer, late.Token) > 0);

        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(new UriBuilder(desk.Gate.Desk.Url) { Scheme = "ws", Path = "/v1/media/live", Query = $"dialog={Mine}" }.Uri, late.Token);
        await desk.DoAsync(Mine, "end");
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (await stream.ReadAsync(buffer, late.Token) > 0)
            {
                // What was on its way.
            }
        });
        Assert.False(late.IsCancellationRequested);
        var got = await socket.ReceiveAsync(buffer, late.Token);
        Assert.Equal((WebSocketMessageType.Close, (WebSocketCloseStatus)LiveConnections.Unauthorized), (got.MessageType, got.CloseStatus!.Value));
    }

    [Fact]
    public async Task Half_a_body_is_waited_for_no_longer_than_the_dialog_lives()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var token = await desk.StartAsync(Mine);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(desk.Gate.Desk.Url.Host, desk.Gate.Desk.Url.Port, late.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/call/say HTTP/1.1\r\nHost: {desk.Gate.Desk.Url.Authority}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"dialogId\":"), late.Token);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (desk.Gate.Desk.Part<DialogStreams>().Count == 0) await tick.WaitForNextTickAsync(late.Token);
        await desk.DoAsync(Mine, "end");
        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 403", await reader.ReadLineAsync(late.Token));
        Assert.Empty(desk.Gate.Upstream.All);
    }

    [Fact]
    public async Task What_is_allowed_after_the_end_streams_on()
    {
        await using var desk = await DialogDesk.OpenAsync(null, DialogDesk.Access.Replace("/v1/recording/{dialog}\"", "/v1/recording/{dialog}/**\"", StringComparison.Ordinal));
        var token = await desk.StartAsync(Mine);
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/recording/{Mine}/endless");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await desk.Gate.Desk.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, late.Token);
        await using var stream = await answer.Content.ReadAsStreamAsync(late.Token);
        await desk.DoAsync(Mine, "end");
        var buffer = new byte[64];
        for (var more = 0; more < 20; more++) Assert.True(await stream.ReadAsync(buffer, late.Token) > 0);
    }

    [Fact]
    public async Task A_visitor_is_not_a_bot_and_holds_one_conversation()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var visitor = await desk.StartAsync(Mine, "visitor");
        Assert.Equal((403, "rule.denied"), await desk.CallAsync(visitor, "POST", "/v1/call/say", $$"""{"dialogId":"{{Mine}}"}"""));
        Assert.Equal((200, "pass"), await desk.CallAsync(visitor, "GET", $"/v1/media/chat?dialog={Mine}"));
        var (_, renewed) = await desk.AskAsync(HttpMethod.Post, $"dialogs/{Mine}/token", new { party = "bot" }, visitor);
        Assert.Equal((403, "rule.denied"), await desk.CallAsync(renewed.GetProperty("token").GetString()!, "POST", "/v1/call/say", $$"""{"dialogId":"{{Mine}}"}"""));
    }

    [Fact]
    public async Task Where_tokens_of_dialogs_are_not_accepted_none_passes_and_damaged_ones_never_do()
    {
        await using var desk = await DialogDesk.OpenAsync(null, DialogDesk.Access + "\n  shut: { upstreams: [\"{upstream}\"], rules: [{ allow: {} }] }\n");
        var token = await desk.StartAsync(Mine);
        Assert.Equal((401, "credential.kind"), await desk.CallAsync(token, "GET", "/shut/x"));
        Assert.Equal((401, "token.malformed"), await desk.CallAsync(token[..^1] + (token[^1] == 'a' ? 'b' : 'a'), "GET", $"/v1/recording/{Mine}"));
        Assert.Equal((401, "token.malformed"), await desk.CallAsync("gtdialog_", "GET", $"/v1/recording/{Mine}"));
    }
}
