using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>The sign-in from within a Finesse desktop: by the agent's password there, or by its token; and addresses that a client may not choose.</summary>
public sealed class FinesseLoginTests(FinesseLoginTests.Fixture fixture) : IClassFixture<FinesseLoginTests.Fixture>
{
    private ExpertflowSite Site => fixture.Site;

    [Fact]
    public async Task Without_sso_the_agents_own_finesse_checks_the_password()
    {
        var reply = await LoginAsync("1001002", fixture.Finesse.Url + "/", password: "pw-of-sam");
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body.ToString());
        var person = reply.User;
        Assert.Equal(("1001002", "Sam", "Jones"), (person.GetProperty("username").GetString(), person.GetProperty("firstName").GetString(), person.GetProperty("lastName").GetString()));
        Assert.Contains("agent", person.GetProperty("roles").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal("""["1573"]""", person.GetProperty("attributes").GetProperty("extension").GetRawText());
        Assert.Equal("Team A", person.GetProperty("userTeam").GetProperty("teamName").GetString());

        // Nobody has a password here by it: not a fixed one, nor their own.
        var user = (await Site.Outpost.UserAsync("1001002"))!;
        Assert.Null(await Site.Desk.Part<Users>().PasswordAsync(Outpost.Realm, user.Id, default));
        foreach (var password in (string[])["123456", "wrong"]) Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync("1001002", fixture.Finesse.Url, password: password)).Status);
        Assert.Contains("/finesse/api/User/1001002", fixture.Finesse.Asked);
    }

    [Fact]
    public async Task With_sso_the_token_is_shown_to_the_configured_finesse()
    {
        var reply = await LoginAsync("1001003", fixture.Finesse.Url.ToUpperInvariant().Replace("HTTP", "http", StringComparison.Ordinal), token: Fixture.TokenOf("tara"));
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body.ToString());
        Assert.Equal("1001003", reply.User.GetProperty("username").GetString());
        Assert.Equal(HttpStatusCode.OK, (await Site.PostAsync(ExpertflowSite.Refresh, $$"""{"refreshToken":"{{reply.RefreshToken}}"}""")).Status);
    }

    [Fact]
    public async Task A_token_opens_its_own_persons_account_alone()
    {
        // Finesse shows a supervisor her agents' objects, with 200; and what cannot be read names nobody.
        foreach (var (token, name) in ((string, string)[])[(Fixture.TokenOf("sofia"), "1001002"), ("encrypted.token.of.sofia.x", "1001002"), ("nonsense", "1001002"), (Fixture.TokenOf("nobody"), "1001002"), (Fixture.TokenOf("tara"), "1001002")])
        {
            var reply = await LoginAsync(name, fixture.Finesse.Url, token: token);
            Assert.True(reply.Status == HttpStatusCode.Unauthorized, $"{token}: {reply.Body}");
            Assert.NotEmpty(reply.Reason);
        }

        await Site.AuditedAsync("LOGIN_ERROR", "wrong_user");
        await Site.AuditedAsync("LOGIN_ERROR", "opaque_token");
    }

    [Theory]
    [InlineData("http://127.0.0.1:22")]
    [InlineData("http://localhost")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[::1]:8445")]
    [InlineData("https://attacker.example")]
    [InlineData("file:///etc/passwd")]
    [InlineData("//fin1.example.org")]
    [InlineData("nonsense")]
    public async Task An_address_that_is_not_configured_is_refused_and_never_asked(string address)
    {
        var before = fixture.Finesse.Asked.Count;
        foreach (var reply in (ExpertflowSite.Reply[])[await LoginAsync("1001002", address, password: "pw-of-sam"), await LoginAsync("1001002", address, token: Fixture.TokenOf("sam"))])
        {
            Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
            Assert.StartsWith("This Finesse is not one of those", reply.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(before, fixture.Finesse.Asked.Count);
        await Site.AuditedAsync("LOGIN_ERROR", "finesse_not_configured");
    }

    [Fact]
    public async Task The_configured_address_with_something_behind_it_is_another()
    {
        foreach (var more in (string[])["/finesse", "?x=1", "#x", "@attacker.example"]) Assert.Equal(HttpStatusCode.Forbidden, (await LoginAsync("1001002", fixture.Finesse.Url + more, password: "pw-of-sam")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await LoginAsync("1001002", fixture.Finesse.Url.Replace("http://", "http://user:pw@", StringComparison.Ordinal), password: "pw-of-sam")).Status);
    }

    [Fact]
    public async Task A_finesse_that_does_not_answer_decides_nothing()
    {
        await Site.Outpost.AddAsync("fin-away", "finesse", new Dictionary<string, string> { ["url"] = $"http://127.0.0.1:{Loopback.FreePort()}" });
        var url = Site.Desk.Part<Upstreams>().Of(Outpost.Realm).Single(one => one.Alias == "fin-away")["url"]!;
        Assert.Equal(HttpStatusCode.RequestTimeout, (await LoginAsync("1001009", url, password: "x")).Status);
        Assert.Equal(HttpStatusCode.RequestTimeout, (await LoginAsync("1001009", url, token: Fixture.TokenOf("sam"))).Status);

        // The password of an unknown name is shown to the Finesse that was named, and to no other.
        var before = fixture.Finesse.Asked.Count;
        await LoginAsync("1001002x", url, password: "x");
        Assert.Equal(before, fixture.Finesse.Asked.Count);
    }

    [Fact]
    public async Task Where_we_are_the_finesse_our_own_store_and_tokens_count()
    {
        var ours = Site.Desk.Url.GetLeftPart(UriPartial.Authority);
        var user = await Site.AgentAsync("alice", ("finesse.loginId", "2001"));
        await Site.AgentAsync("bruno");
        var signed = await LoginAsync("alice", ours, password: ExpertflowSite.Password);
        Assert.Equal(HttpStatusCode.OK, signed.Status);
        foreach (var name in (string[])["alice", "ALICE", "2001"])
        {
            var reply = await LoginAsync(name, ours, token: await MintAsync(user, ExpertflowSite.Claims(signed.Token).GetProperty("sid").GetString()!, "finesse-desktop", null));
            Assert.True(reply.Status == HttpStatusCode.OK, reply.Body.ToString());
            Assert.Equal(ExpertflowSite.Claims(signed.Token).GetProperty("sid").GetString(), ExpertflowSite.Claims(reply.Token).GetProperty("sid").GetString());
        }

        // Another's name; another client's; a gadget's; a service's; an altered one; one whose session ended.
        var sid = ExpertflowSite.Claims(signed.Token).GetProperty("sid").GetString()!;
        foreach (var (token, name) in ((string, string)[])[(signed.Token, "bruno"), (signed.Token, "alice"), (await MintAsync(user, sid, "desktop", null), "alice"), (await MintAsync(user, sid, "cim", "crm-gadget"), "alice"), (await Site.Desk.ServiceTokenAsync(), "alice"), (signed.Token[..^4] + "AAAA", "alice"), (signed.RefreshToken, "alice")])
        {
            var reply = await LoginAsync(name, ours, token: token);
            Assert.True(reply.Status == HttpStatusCode.Unauthorized, $"{name}: {reply.Body}");
        }

        await Site.AuditedAsync("LOGIN_ERROR", "wrong_user", one => one.User == user.Id);
        await Site.AuditedAsync("LOGIN_ERROR", "own_token", one => one.User == user.Id);
        await Site.Desk.Part<Database>().WriteAsync(work => Site.Desk.Part<SessionStore>().EndAsync(work, Outpost.Realm, sid), default);
        Assert.Equal(HttpStatusCode.Unauthorized, (await LoginAsync("alice", ours, token: signed.Token)).Status);
    }

    [Fact]
    public async Task What_is_missing_is_told()
    {
        foreach (var more in (string[])[""" "authWithSSO": true """, """ "authWithSSO": true, "authToken": "" """, """ "authWithSSO": false, "password": "" """, """ "authWithSSO": true, "authToken": ["x"] """])
            Assert.Equal(HttpStatusCode.BadRequest, (await Site.PostAsync(ExpertflowSite.Login, $$"""{"username":"1001002","finesseUrl":"{{fixture.Finesse.Url}}",{{more}}}""")).Status);
    }

    private async Task<string> MintAsync(User user, string sid, string client, string? gadget)
    {
        var store = Site.Desk.Part<ClientStore>();
        if (await store.FindByClientIdAsync(Outpost.Realm, client, default) is null)
            await Site.Desk.Part<Database>().WriteAsync(work => store.AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = client, StandardFlow = false, Exchanges = true, Audiences = client == "finesse-desktop" ? ["cim"] : [] }), default);
        var made = (await store.FindByClientIdAsync(Outpost.Realm, client, default))!;
        var (tokens, error) = await Site.Desk.Part<Issuer>().MintAsync(new Gatehouse.Tokens.Authorization
        {
            Grant = "password", Realm = Site.Desk.Part<Realms>().Find(Outpost.Realm)!, Client = made, User = user.Id, Session = await Site.Desk.Part<SessionStore>().FindAsync(Outpost.Realm, sid, default), Scopes = made.DefaultScopes, Gadget = gadget is null ? null : new GadgetCut(gadget, [], GadgetCut.UsualLife), Audience = gadget is null ? [] : ["cim"],
        }, default);
        Assert.Null(error);
        return tokens!.AccessToken;
    }

    private Task<ExpertflowSite.Reply> LoginAsync(string username, string url, string password = "", string token = "")
        => Site.PostAsync(ExpertflowSite.Login, JsonSerializer.Serialize(new { username, roles = (string[])["supervisor", "admin"], finesseUrl = url, password, authToken = token, authWithSSO = token.Length > 0 }));

    public sealed class Fixture : IAsyncLifetime
    {
        private static readonly (string Id, string Name, string First)[] People = [("1001002", "sam", "Sam"), ("1001003", "tara", "Tara"), ("1001001", "sofia", "Sofia")];

        internal ExpertflowSite Site { get; private set; } = null!;

        internal FixedServer Finesse { get; private set; } = null!;

        /// <summary>A token in the public form of the identity service's.</summary>
        internal static string TokenOf(string user)
        {
            static string Part(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            var sub = JsonSerializer.Serialize(new { user_id = user, upn = user + "@example.org", usage = "access", ver = "1.0" });
            return $"{Part("""{"cty":"JWT","alg":"RS256"}""")}.{Part(JsonSerializer.Serialize(new { iss = "ids.example.org", sub }))}.{Part("signature")}";
        }

        public async ValueTask InitializeAsync()
        {
            Finesse = await FixedServer.StartAsync(AnswerAsync);
            Site = await ExpertflowSite.MakeAsync(await Desk.OpenAsync(with: ExpertflowSite.On()));
            await Site.Outpost.AddAsync("fin1", "finesse", new Dictionary<string, string> { ["url"] = Finesse.Url }, null, one => one with
            {
                Mapping = [new MappingRule("roles", "agent", MappingTarget.Role, "agent"), new MappingRule("roles", "agent", MappingTarget.Group, "/agents_permission"), new MappingRule("teamName", "Functional", MappingTarget.Group, "/team-a"), new MappingRule("extension", null, MappingTarget.Attribute, "extension")],
            });
        }

        public async ValueTask DisposeAsync()
        {
            await Site.Desk.DisposeAsync();
            await Finesse.DisposeAsync();
        }

        // As Finesse does: 401 unless it is one's own object, or a supervisor's agent.
        private static async Task AnswerAsync(HttpContext context)
        {
            var asked = People.FirstOrDefault(one => context.Request.Path == "/finesse/api/User/" + one.Id);
            var header = context.Request.Headers.Authorization.ToString();
            var good = header == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{asked.Id}:pw-of-{asked.Name}")) || header is "Bearer encrypted.token.of.sofia.x" || header == "Bearer " + TokenOf("sofia") || (asked.Name is not null && header == "Bearer " + TokenOf(asked.Name));
            context.Response.StatusCode = asked.Id is null ? 404 : good ? 200 : 401;
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync(asked.Id is null || !good ? "<ApiErrors><ApiError><ErrorType>Authorization Failure</ErrorType></ApiError></ApiErrors>" : $"""
                <User><dialogs>/finesse/api/User/{asked.Id}/Dialogs</dialogs><extension>1573</extension><firstName>{asked.First}</firstName><lastName>Jones</lastName><loginId>{asked.Id}</loginId><loginName>{asked.Name}</loginName>
                <roles><role>Agent</role></roles><state>LOGOUT</state><teamId>5000</teamId><teamName>Functional</teamName><uri>/finesse/api/User/{asked.Id}</uri></User>
                """);
        }
    }
}
