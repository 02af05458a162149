using System.Buffers.Text;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.House;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Xivo;

/// <summary>A realm whose people sign in at XiVO's addresses, in a desk with the facade on.</summary>
internal sealed class XivoSite(Desk desk, Outpost outpost)
{
    public const string Auth = "/xuc/api/2.0/auth";
    public const string Password = "a-password-for-xivo";

    public Desk Desk => desk;

    public Outpost Outpost => outpost;

    /// <summary>Settings that switch the facade on for <see cref="Outpost.Realm"/>; more members of the section as JSON, each with a comma in front.</summary>
    public static Func<ServeOptions, ServeOptions> On(string more = "") => options =>
    {
        File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "facades": { "xivo": { "realm": "{{Outpost.Realm}}"{{more}} } } }""");
        return options;
    };

    /// <summary>Makes realm, client and people.</summary>
    public static async Task<XivoSite> MakeAsync(Desk desk)
    {
        var site = new XivoSite(desk, await Outpost.MakeAsync(desk));
        await site.AddClientAsync("xivo", one => one);
        return site;
    }

    public Task AddClientAsync(string id, Func<Client, Client> with) => desk.Part<Database>().WriteAsync(work => desk.Part<ClientStore>().AddAsync(work, with(new Client
    {
        Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = id, StandardFlow = false, Exchanges = true, Audiences = ["xuc"],
    })), default);

    /// <summary>Adds a person who may sign in, unless an attribute is overridden; an empty one is left out.</summary>
    public async Task<User> AddAsync(string name, params (string Name, string Value)[] attributes)
    {
        var all = new Dictionary<string, string> { ["xivo.ctiLogin"] = "true", ["xivo.profile"] = "Agent" };
        foreach (var (key, value) in attributes) all[key] = value;
        var user = await outpost.AddUserAsync(name, Password);
        user = user with { Attributes = all.Where(one => one.Value.Length > 0).ToImmutableDictionary(one => one.Key, one => ImmutableArray.Create(one.Value)) };
        await ChangeAsync(user);
        return user;
    }

    public Task ChangeAsync(User user) => desk.Part<Database>().WriteAsync(work => desk.Part<Users>().ChangeAsync(work, user), default);

    public Task<Reply> LoginAsync(string login, string password, string path = "/login") => PostAsync(path, JsonSerializer.Serialize(new { login, password, softwareType = "webBrowser", applicationType = "uc" }));

    public async Task<Reply> PostAsync(string path, string body, string type = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await desk.Http.PostAsync(Auth + path, content);
        return await Reply.OfAsync(answer);
    }

    public async Task<Reply> GetAsync(string path, params string[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Auth + path);
        foreach (var line in headers) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        using var answer = await desk.Http.SendAsync(request);
        return await Reply.OfAsync(answer);
    }

    public Task<Reply> CheckAsync(string token) => GetAsync("/check", "Authorization: Bearer " + token);

    /// <summary>A token by login.</summary>
    public async Task<string> TokenAsync(string login)
    {
        var reply = await LoginAsync(login, Password);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body.ToString());
        return reply.Token!;
    }

    public static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;

    /// <summary>Waits until the audit log has an event of this type and error.</summary>
    public async Task<AuditEvent> AuditedAsync(string type, string? error, Func<AuditEvent, bool>? fits = null)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            var page = await desk.Part<AuditLog>().ListAsync(new AuditQuery(Outpost.Realm, type), late.Token);
            if (page.Events.FirstOrDefault(one => one.Event.Error == error && fits?.Invoke(one.Event) != false) is { } found) return found.Event;
            await tick.WaitForNextTickAsync(late.Token);
        }
    }

    /// <summary>An answer of the facade: always JSON.</summary>
    public sealed record Reply(HttpStatusCode Status, JsonElement Body, System.Net.Http.Headers.HttpResponseHeaders Headers)
    {
        public string? Token => Text("token");

        public string? Error => Text("error");

        public string Message => Text("message")!;

        public static async Task<Reply> OfAsync(HttpResponseMessage answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/json", $"{answer.StatusCode}: {text}");
            Assert.True(answer.Headers.CacheControl?.NoStore);
            return new Reply(answer.StatusCode, JsonDocument.Parse(text).RootElement.Clone(), answer.Headers);
        }

        private string? Text(string name) => Body.TryGetProperty(name, out var member) ? member.GetString() : null;
    }
}
