using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gatehouse.Dialogs;
using Gatehouse.People;
using Gatehouse.Storage;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A gate whose upstream takes bots' calls, with the project <c>support</c>; the demo's service account is its voice gateway.</summary>
public sealed class DialogDesk : IAsyncDisposable
{
    public const string Access = """
        realm: contact-centre
        services:
          v1:
            upstreams: ["{upstream}"]
            accept: [dialog, token]
            rules:
              - { path: "/v1/call/**", dialog: { body: dialogId }, allow: { kinds: [bot] } }
              - { path: "/v1/dialog/{reseller}/{dialog}/**", dialog: { path: dialog }, allow: { kinds: [bot, service] } }
              - { path: "/v1/recording/{dialog}", dialog: { path: dialog, after: recording }, allow: { roles: [bot] } }
              - { path: "/v1/media/**", dialog: { query: dialog }, allow: { kinds: [bot, visitor] } }
              - { path: "/v1/admin/**", allow: {} }
        """;

    private string? token;

    private DialogDesk(GateDesk gate) => Gate = gate;

    public GateDesk Gate { get; }

    public DialogStore Store => Gate.Desk.Part<DialogStore>();

    public static async Task<DialogDesk> OpenAsync(Func<DialogProject, DialogProject>? with = null, string access = Access, Func<Gatehouse.House.ServeOptions, Gatehouse.House.ServeOptions>? options = null)
    {
        var desk = new DialogDesk(await GateDesk.OpenAsync(access, options));
        await desk.PutAsync(with);
        await desk.Gate.Desk.Part<Database>().WriteAsync(async work =>
        {
            var role = await desk.Gate.Desk.Part<Roles>().FindByNameAsync(Desk.Realm, "realm-management", "manage-dialogs", default);
            return await desk.Gate.Desk.Part<Roles>().GiveAsync(work, Desk.Realm, RoleHolder.ServiceAccount, "crm-sync", role!.Id);
        }, default);
        return desk;
    }

    public Task PutAsync(Func<DialogProject, DialogProject>? with = null)
    {
        var project = new DialogProject { Realm = Desk.Realm, Name = "support", After = ["recording"], Roles = ["bot"] };
        return Gate.Desk.Part<Database>().WriteAsync(async work =>
        {
            await Gate.Desk.Part<DialogProjects>().PutAsync(work, with?.Invoke(project) ?? project);
            return true;
        }, default);
    }

    /// <summary>Calls the dialogs' door as the voice gateway.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpMethod method, string path, object? body = null, string? bearer = null)
    {
        token ??= await Gate.Desk.ServiceTokenAsync();
        using var request = new HttpRequestMessage(method, new Uri(Gate.Desk.RealmUrl, path)) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", bearer ?? token) } };
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await Gate.Desk.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }

    /// <summary>Opens a dialog, or finds it open; its token.</summary>
    public async Task<string> StartAsync(string id, string party = "bot")
    {
        var (status, body) = await AskAsync(HttpMethod.Post, "dialogs", new { id, project = "support", party });
        Assert.True(status is HttpStatusCode.Created or HttpStatusCode.OK, $"{status}: {body}");
        return body.GetProperty("token").GetString()!;
    }

    public async Task<JsonElement> DoAsync(string id, string what)
    {
        var (status, body) = await AskAsync(HttpMethod.Post, $"dialogs/{id}/{what}");
        Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
        return body;
    }

    /// <summary>A call of the bot through the gate: status, and the problem's code or <c>pass</c>.</summary>
    public async Task<(int Status, string Code)> CallAsync(string bearer, string method, string path, string? json = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, type);
        using var answer = await Gate.Desk.Http.SendAsync(request);
        return ((int)answer.StatusCode, await GateDesk.CodeOfAsync(answer));
    }

    /// <summary>Waits until a call is answered as wanted.</summary>
    public async Task BecomesAsync(string code, string bearer, string method, string path)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await CallAsync(bearer, method, path) is var (status, now) && now != code)
        {
            Assert.False(late.IsCancellationRequested, $"still {status} {now}, not {code}");
            await tick.WaitForNextTickAsync();
        }
    }

    public ValueTask DisposeAsync() => Gate.DisposeAsync();
}
