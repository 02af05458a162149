using System.Net;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Admin;

/// <summary>Projects of dialogs through the admin API.</summary>
public sealed class DialogProjectTests
{
    private const string Projects = "/admin/realms/contact-centre/dialog-projects";

    [Fact]
    public async Task Are_put_shown_rotated_and_deleted_by_who_manages_dialogs()
    {
        await using var desk = await DialogDesk.OpenAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await desk.AskAsync(HttpMethod.Put, Projects + "/sales", new { headroom = 0, silence = 30, hardLimit = 600, after = new[] { "transcript" }, roles = new[] { "bot" } })).Status);
        var (_, one) = await desk.AskAsync(HttpMethod.Get, Projects + "/sales");
        Assert.Equal((0, 30, 600, "transcript", true), (one.GetProperty("headroom").GetInt32(), one.GetProperty("silence").GetInt32(), one.GetProperty("hardLimit").GetInt32(), one.GetProperty("after")[0].GetString(), one.GetProperty("freezeOnMisuse").GetBoolean()));
        Assert.Equal(2, (await desk.AskAsync(HttpMethod.Get, Projects)).Body.GetArrayLength());
        var secret = (await desk.AskAsync(HttpMethod.Get, Projects + "/sales/secrets")).Body.GetProperty("secrets")[0].GetString();
        var (_, rotated) = await desk.AskAsync(HttpMethod.Post, Projects + "/sales/rotate-secret", new { });
        Assert.Equal((2, secret), (rotated.GetProperty("secrets").GetArrayLength(), rotated.GetProperty("secrets")[1].GetString()));
        Assert.Equal(HttpStatusCode.NoContent, (await desk.AskAsync(HttpMethod.Delete, Projects + "/sales")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await desk.AskAsync(HttpMethod.Get, Projects + "/sales")).Status);
    }

    [Fact]
    public async Task What_is_wrong_changes_nothing()
    {
        await using var desk = await DialogDesk.OpenAsync();
        foreach (var (name, body) in new[]
        {
            ("sales", """{"hardLimit":90000}"""),
            ("sales", """{"hardLimit":0}"""),
            ("sales", """{"silence":600,"hardLimit":60}"""),
            ("sales", """{"headroom":-1}"""),
            ("sales", """{"roles":["realm-management/realm-admin"]}"""),
            ("sales", """{"visitorRoles":["realm-management/manage-users"]}"""),
            ("sales", """{"after":["a b"]}"""),
            ("sales", """{"name":"other"}"""),
            ("sa%20les", "{}"),
        })
            Assert.Equal((HttpStatusCode.BadRequest, body), ((await desk.AskAsync(HttpMethod.Put, $"{Projects}/{name}", body)).Status, body));
        Assert.Equal(1, (await desk.AskAsync(HttpMethod.Get, Projects)).Body.GetArrayLength());
    }

    [Fact]
    public async Task Are_not_for_agents_nor_for_bots()
    {
        await using var desk = await DialogDesk.OpenAsync();
        using var browser = new Browser(desk.Gate.Desk);
        var alice = (await browser.TokensAsync("alice")).Access;
        var bot = await desk.StartAsync("call-1");
        foreach (var (method, path) in new[] { (HttpMethod.Get, Projects), (HttpMethod.Get, Projects + "/support/secrets"), (HttpMethod.Put, Projects + "/support"), (HttpMethod.Delete, Projects + "/support"), (HttpMethod.Post, Projects + "/support/rotate-secret") })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await desk.AskAsync(method, path, null, alice)).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await desk.AskAsync(method, path, null, bot)).Status);
        }
    }
}
