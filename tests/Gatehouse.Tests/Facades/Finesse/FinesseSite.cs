using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.House;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Finesse;

/// <summary>A realm whose people sign in at Finesse's addresses, in a desk with the facade on.</summary>
internal sealed class FinesseSite(Desk desk, Outpost outpost)
{
    public const string Password = "a-password-for-finesse";
    public const string Secret = "a-secret-of-the-gadgets-service";
    public const string Redirect = "https://crm.example.org/finesse/back";

    public Desk Desk => desk;

    public Outpost Outpost => outpost;

    /// <summary>Settings that switch the facade on; more members of the section as JSON, each with a comma in front.</summary>
    public static Func<ServeOptions, ServeOptions> On(string mode, string more = "") => options =>
    {
        File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "facades": { "finesse": { "realm": "{{Outpost.Realm}}", "mode": "{{mode}}", "domain": "example.org"{{more}} } } }""");
        return options;
    };

    /// <summary>Makes realm, client and a client for third parties.</summary>
    public static async Task<FinesseSite> MakeAsync(Desk desk)
    {
        var site = new FinesseSite(desk, await Outpost.MakeAsync(desk));
        await site.AddClientAsync("finesse", one => one with { Audiences = ["finesse"] });
        await site.AddClientAsync("crm", one => one with { RedirectUris = [Redirect] });
        return site;
    }

    public Task AddClientAsync(string id, Func<Client, Client> with) => desk.Part<Database>().WriteAsync(async work =>
    {
        var client = with(new Client { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = id });
        await desk.Part<ClientStore>().AddAsync(work, client);
        if (!client.Public) await desk.Part<ClientStore>().SetSecretAsync(work, Outpost.Realm, client.Id, new Secret(Secret));
        return true;
    }, default);

    /// <summary>Adds a person with a password.</summary>
    public async Task<User> AddAsync(string name, params (string Name, string Value)[] attributes)
    {
        var user = await outpost.AddUserAsync(name, Password);
        user = user with { FirstName = "Sam", LastName = "Jones", Attributes = attributes.ToImmutableDictionary(one => one.Name, one => ImmutableArray.Create(one.Value)) };
        await ChangeAsync(user);
        return user;
    }

    public Task ChangeAsync(User user) => desk.Part<Database>().WriteAsync(work => desk.Part<Users>().ChangeAsync(work, user), default);

    /// <summary>Signs somebody in by pages, from an address of the facade on, and gives the last answer.</summary>
    public static async Task<(HttpResponseMessage Answer, Uri At)> SignInAsync(Browser browser, string path, string name)
    {
        var (page, at) = await browser.FollowAsync(path);
        Assert.True(page.StatusCode == HttpStatusCode.OK, $"{at}: {page.StatusCode} {await page.Content.ReadAsStringAsync()}");
        using var sent = await browser.SubmitAsync(page, at, name, Password);
        Assert.True(sent.StatusCode == HttpStatusCode.SeeOther, $"{sent.StatusCode}: {await sent.Content.ReadAsStringAsync()}");
        return await browser.FollowAsync(sent.Headers.Location!.ToString());
    }

    /// <summary>The desktop's tokens of a fresh sign-in.</summary>
    public async Task<(string Access, string Refresh)> TokensAsync(Browser browser, string name)
    {
        var (answer, _) = await SignInAsync(browser, $"/desktop/sso/token?cc_username={name}&return_refresh_token=true", name);
        var body = await JsonAsync(answer, HttpStatusCode.OK);
        return (body.GetProperty("token").GetString()!, body.GetProperty("refresh_token").GetString()!);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? authorization = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await desk.Http.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? authorization = null) => SendAsync(HttpMethod.Get, path, authorization);

    public async Task<HttpResponseMessage> PostAsync(string path, string? authorization, params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(one => new KeyValuePair<string, string>(one.Name, one.Value)));
        return await SendAsync(HttpMethod.Post, path, authorization, content);
    }

    /// <summary>An answer in JSON.</summary>
    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status && answer.Content.Headers.ContentType?.MediaType == "application/json", $"{answer.StatusCode}: {text}");
        Assert.True(answer.Headers.CacheControl?.NoStore);
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    /// <summary>An answer in XML.</summary>
    public static async Task<XElement> XmlAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status && answer.Content.Headers.ContentType?.MediaType == "application/xml", $"{answer.StatusCode}: {text}");
        return XDocument.Parse(text).Root!;
    }

    /// <summary>An error of the REST API: its type.</summary>
    public static async Task<string> ErrorAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var root = await XmlAsync(answer, status);
        Assert.Equal("ApiErrors", root.Name.LocalName);
        return root.Element("ApiError")!.Element("ErrorType")!.Value;
    }

    public static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

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
}
