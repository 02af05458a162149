using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
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

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>A realm whose agents sign in at Expertflow's addresses, in a desk with the facade on.</summary>
internal sealed class ExpertflowSite(Desk desk, Outpost outpost)
{
    public const string Login = "/agent-manager/agent/login";
    public const string KeycloakLogin = "/unified-admin/keycloakLogin";
    public const string Refresh = "/agent-manager/agent/refresh-token";
    public const string Password = "a-password-for-cx";

    /// <summary>A last day that is far.</summary>
    public static string Far => Day(400);

    public Desk Desk => desk;

    public Outpost Outpost => outpost;

    public static string Day(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Settings that switch all calls on for <see cref="Outpost.Realm"/>; more members of the section as JSON, each with a comma in front.</summary>
    public static Func<ServeOptions, ServeOptions> On(string more = "", string? until = null, Func<ServeOptions, string>? root = null) => options =>
    {
        until ??= $$"""{ "login": "{{Far}}", "keycloakLogin": "{{Far}}", "refreshToken": "{{Far}}", "registerPhone": "{{Far}}", "sendSmsOtp": "{{Far}}", "validateOtp": "{{Far}}" }""";
        File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "facades": { "expertflow": { "realm": "{{Outpost.Realm}}", "until": {{until}}{{more}} } }{{root?.Invoke(options)}} }""");
        return options;
    };

    /// <summary>Makes realm, client, groups.</summary>
    public static async Task<ExpertflowSite> MakeAsync(Desk desk)
    {
        var site = new ExpertflowSite(desk, await Outpost.MakeAsync(desk));
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = "cim", StandardFlow = false, Exchanges = true, Audiences = ["cim"] });
            foreach (var name in (string[])["agents_permission", "senior_agents_permission"]) await desk.Part<Groups>().AddAsync(work, new Group { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, Name = name, Path = "" });
            await desk.Part<Groups>().AddAsync(work, new Group
            {
                Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, Name = "team-a", Path = "",
                Attributes = new Dictionary<string, ImmutableArray<string>> { ["teamId"] = ["7a1e"], ["teamName"] = ["Team A"], ["supervisor"] = ["sofia"], ["secondarySupervisor"] = ["sven", "tara"] }.ToImmutableDictionary(),
            });
            return true;
        }, default);
        return site;
    }

    /// <summary>Adds a person with roles and groups.</summary>
    public async Task<User> AddAsync(string name, string[] roles, string[] groups, params (string Name, string Value)[] attributes)
    {
        var user = await outpost.AddUserAsync(name, Password);
        user = user with { FirstName = "Al", Attributes = attributes.ToImmutableDictionary(one => one.Name, one => ImmutableArray.Create(one.Value)) };
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Users>().ChangeAsync(work, user);
            foreach (var role in roles) await desk.Part<Roles>().GiveAsync(work, Outpost.Realm, RoleHolder.User, user.Id, (await desk.Part<Roles>().FindByNameAsync(Outpost.Realm, null, role, default))!.Id);
            foreach (var group in groups) await desk.Part<Groups>().JoinAsync(work, Outpost.Realm, user.Id, (await desk.Part<Groups>().FindByPathAsync(Outpost.Realm, "/" + group, default))!.Id);
            return true;
        }, default);
        return user;
    }

    /// <summary>An agent who lacks nothing.</summary>
    public Task<User> AgentAsync(string name, params (string Name, string Value)[] attributes) => AddAsync(name, ["agent"], ["agents_permission", "team-a"], attributes);

    public Task<Reply> LoginAsync(string username, string password, string path = Login) => PostAsync(path, JsonSerializer.Serialize(new { username, password }));

    public async Task<Reply> PostAsync(string path, string body, string type = "application/json", params string[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        foreach (var line in headers) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        using var answer = await desk.Http.SendAsync(request);
        return await Reply.OfAsync(answer);
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

    /// <summary>An answer of the facade: JSON.</summary>
    public sealed record Reply(HttpStatusCode Status, JsonElement Body, HttpResponseMessage Answer)
    {
        public JsonElement Data => Body.GetProperty("data");

        public string Token => Data.GetProperty("token").GetString()!;

        public string RefreshToken => Data.GetProperty("refresh_token").GetString()!;

        public JsonElement User => Data.GetProperty("keycloak_User");

        /// <summary>The reason of a fault, whose form is checked on the way.</summary>
        public string Reason
        {
            get
            {
                var error = Body.GetProperty("error");
                Assert.NotEmpty(error.GetProperty("error_message").GetString()!);
                Assert.Equal((int)Status, error.GetProperty("error_detail").GetProperty("status").GetInt32());
                return error.GetProperty("error_detail").GetProperty("reason").GetString()!;
            }
        }

        /// <summary>A refusal of the second factor's calls, in the library's flat form: its code and its words.</summary>
        public (string Code, string Message) Flat
        {
            get
            {
                Assert.Equal(["error", "error_message", "code"], Body.EnumerateObject().Select(one => one.Name));
                Assert.Equal((int)Status, Body.GetProperty("error").GetInt32());
                return (Body.GetProperty("code").GetString()!, Body.GetProperty("error_message").GetString()!);
            }
        }

        public string Header(string name) => Answer.Headers.GetValues(name).Single();

        public static async Task<Reply> OfAsync(HttpResponseMessage answer)
        {
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/json", $"{answer.StatusCode}: {text}");
            Assert.True(answer.Headers.CacheControl?.NoStore);
            return new Reply(answer.StatusCode, JsonDocument.Parse(text).RootElement.Clone(), answer);
        }
    }
}
