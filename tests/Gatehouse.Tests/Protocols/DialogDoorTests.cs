using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols;

/// <summary>The dialogs on the wire, as an event source sees them.</summary>
public sealed class DialogDoorTests
{
    [Fact]
    public async Task Opens_extends_ends_and_lists_one_call_each()
    {
        await using var desk = await DialogDesk.OpenAsync();
        var (status, opened) = await desk.AskAsync(HttpMethod.Post, "dialogs", new { id = "call-1", project = "support" });
        Assert.Equal((HttpStatusCode.Created, "alive", "call-1", "support"), (status, opened.GetProperty("state").GetString(), opened.GetProperty("id").GetString(), opened.GetProperty("project").GetString()));
        var (again, same) = await desk.AskAsync(HttpMethod.Post, "dialogs", new { id = "call-1", project = "support" });
        Assert.Equal((HttpStatusCode.OK, opened.GetProperty("startedAt").GetInt64()), (again, same.GetProperty("startedAt").GetInt64()));
        Assert.NotEqual(opened.GetProperty("token").GetString(), same.GetProperty("token").GetString());
        Assert.Equal("ended", (await desk.DoAsync("call-1", "end")).GetProperty("state").GetString());
        Assert.Equal("ended", (await desk.DoAsync("call-1", "end")).GetProperty("state").GetString());
        Assert.Equal((HttpStatusCode.Conflict, "dialog.conflict"), Code(await desk.AskAsync(HttpMethod.Post, "dialogs/call-1/extend")));
        var (_, list) = await desk.AskAsync(HttpMethod.Get, "dialogs?project=support&state=ended");
        var one = Assert.Single(list.EnumerateArray());
        Assert.Equal(("call-1", "crm-sync"), (one.GetProperty("id").GetString(), one.GetProperty("source").GetString()));
        Assert.False(one.TryGetProperty("token", out _));
        Assert.Equal("call-1", (await desk.AskAsync(HttpMethod.Get, "dialogs/call-1")).Body.GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_is_wrong_changes_nothing_and_says_so()
    {
        string[] bodies =
        [
            "{\"project\":\"support\"}",
            "{\"id\":\"x\"}",
            "{\"id\":\"../x\",\"project\":\"support\"}",
            "{\"id\":7,\"project\":\"support\"}",
            "{\"id\":\"x\",\"project\":\"nobody's\"}",
            "{\"id\":\"x\",\"id\":\"y\",\"project\":\"support\"}",
            "{\"id\":\"x\",\"project\":\"support\",\"party\":\"admin\"}",
            "[",
        ];
        await using var desk = await DialogDesk.OpenAsync();
        foreach (var body in bodies) Assert.Equal((HttpStatusCode.BadRequest, "request.invalid"), Code(await desk.AskAsync(HttpMethod.Post, "dialogs", body)));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request.large"), Code(await desk.AskAsync(HttpMethod.Post, "dialogs", "{\"id\":\"" + new string('x', 5000) + "\"}")));
        Assert.Empty((await desk.AskAsync(HttpMethod.Get, "dialogs")).Body.EnumerateArray());
    }

    [Fact]
    public async Task Nobody_without_the_right_gets_in()
    {
        await using var desk = await DialogDesk.OpenAsync();
        using var browser = new Browser(desk.Gate.Desk);
        var alice = (await browser.TokensAsync("alice")).Access;
        foreach (var (method, path) in new (HttpMethod, string)[] {(HttpMethod.Post, "dialogs"), (HttpMethod.Get, "dialogs"), (HttpMethod.Get, "dialogs/x"), (HttpMethod.Post, "dialogs/x/end"), (HttpMethod.Post, "dialogs/x/extend"), (HttpMethod.Post, "dialogs/x/freeze"), (HttpMethod.Post, "dialogs/x/token") })
        {
            Assert.Equal((HttpStatusCode.Forbidden, "admin.denied"), Code(await desk.AskAsync(method, path, null, alice)));
            Assert.Equal(HttpStatusCode.Unauthorized, (await desk.AskAsync(method, path, null, "nonsense")).Status);
        }

        using var bare = await desk.Gate.Desk.Http.PostAsync(new Uri(desk.Gate.Desk.RealmUrl, "dialogs"), null);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (bare.StatusCode, bare.Headers.WwwAuthenticate.ToString()));
        // A token that anybody can spell, for realms that anybody can think of: no key is made for any of them.
        var spelt = Gatehouse.Wire.Text.TokenText.Create("gtdialog", [1, .. await TodayAsync(desk), .. new byte[60]]);
        for (var at = 0; at < 50; at++)
        {
            using var made = new HttpRequestMessage(HttpMethod.Get, new Uri(desk.Gate.Desk.Url, $"/realms/nowhere-{at}/dialogs"));
            made.Headers.TryAddWithoutValidation("Authorization", "Bearer " + spelt);
            using var answer = await desk.Gate.Desk.Http.SendAsync(made);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        Assert.InRange(desk.Gate.Desk.Part<Gatehouse.Dialogs.DialogTokens>().Keys, 0, 2);
        using var elsewhere = new HttpRequestMessage(HttpMethod.Post, new Uri(desk.Gate.Desk.Url, "/realms/nowhere/dialogs"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await desk.Gate.Desk.Http.SendAsync(elsewhere)).StatusCode);
    }

    // The two bytes of the day, as they stand in a token that was made just now.
    private static async Task<byte[]> TodayAsync(DialogDesk desk)
        => Gatehouse.Wire.Text.TokenText.TryParse(await desk.StartAsync("today"), "gtdialog", out var body) ? body[1..3] : throw new InvalidOperationException("no token");

    private static (HttpStatusCode, string?) Code((HttpStatusCode Status, System.Text.Json.JsonElement Body) answer) => (answer.Status, answer.Body.GetProperty("code").GetString());
}
