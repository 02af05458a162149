using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Bot;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Bots;

using Dialogs = Gatehouse.Bot.Dialogs; // the kit's, not the room's

/// <summary>The .NET kit at the real gate: real tokens, real renewals, real refusals.</summary>
public sealed class RealGateTests
{
    private const string Access = """
        realm: contact-centre
        services:
          v1:
            upstreams: ["{upstream}"]
            accept: [dialog]
            rules:
              - { methods: [POST], path: "/v1/call/**", dialog: { body: dialogId }, allow: { kinds: [bot] } }
              - { methods: [POST], path: "/v1/dialog/{reseller}/{dialog}/data", dialog: { path: dialog }, allow: { kinds: [bot] } }
              - { methods: [GET], path: "/v1/recording/{reseller}/{dialog}/{recording}", dialog: { path: dialog, after: recording }, allow: { roles: [bot] } }
        """;

    [Fact]
    public async Task Calls_renews_and_is_refused_as_the_gate_says()
    {
        await using var desk = await DialogDesk.OpenAsync(access: Access);
        using var dialogs = new Dialogs(new DialogRules { Issuer = desk.Gate.Desk.RealmUrl.ToString().TrimEnd('/'), After = ["call", "recording"] });
        var dialog = dialogs.Accept(Event(desk, "session", "call-1", await desk.StartAsync("call-1"), 1));
        var other = dialogs.Accept(Event(desk, "session", "call-2", await desk.StartAsync("call-2"), 1));
        Assert.Equal(200, (await dialog.SayAsync("hello")).Status);
        Assert.Equal(200, (await dialog.DataAsync(new Dictionary<string, string> { ["crm"] = "4711" })).Status);
        Assert.True(await dialog.RenewAsync());
        Assert.Equal(200, (await dialog.SayAsync("with the renewed one")).Status);
        Assert.Equal(200, (await other.SayAsync("nobody's but its own")).Status);

        // Ended: the recording is left, until the next refusal tells why the rest is not.
        await desk.DoAsync("call-1", "end");
        var ended = await Assert.ThrowsAsync<CallException>(() => dialog.SayAsync("too late"));
        Assert.Equal((403, "dialog.ended"), (ended.Status, ended.Reason));
        using (var recording = await dialog.RecordingAsync()) Assert.True(await recording.Stream.ReadAsync(new byte[1]) > 0);

        // Frozen: no renewal helps, the next event's token does.
        await desk.DoAsync("call-2", "freeze");
        var frozen = await Assert.ThrowsAsync<CallException>(() => other.SayAsync("frozen"));
        Assert.Equal((401, "dialog.frozen"), (frozen.Status, frozen.Reason));
        dialogs.Accept(Event(desk, "message", "call-2", await desk.StartAsync("call-2"), 2));
        Assert.Equal(200, (await other.SayAsync("again")).Status);
    }

    private static BotEvent Event(DialogDesk desk, string kind, string id, string token, int time)
        => EventReading.Read(kind, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["dialogId"] = id, ["projectContext"] = new JsonObject { ["projectToken"] = "p-1", ["resellerToken"] = "r-1" }, ["callback"] = new Uri(desk.Gate.Desk.Url, "/v1").ToString(), ["authToken"] = token, ["timestamp"] = time, ["text"] = "x",
        }.ToJsonString()));
}
