extern alias package;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;
using package::Gatehouse.ResourceServer;
using package::Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Tests.RestServices;

/// <summary>A REST service with the package, in front of the real program: by keys, by introspection, through a rotation and a revocation.</summary>
public sealed class RealProgramTests(DeskFixture fixture) : IClassFixture<DeskFixture>
{
    private const string Audience = "account";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private string Issuer => fixture.Desk.RealmUrl.ToString().TrimEnd('/');

    [Fact]
    public async Task Roles_scopes_and_refusals_are_as_the_standards_say()
    {
        await using var service = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = [Audience] });
        var token = await fixture.Desk.ServiceTokenAsync();
        var (status, told, challenge) = await service.AskAsync("/me", token);
        Assert.Equal((200, "service-account-crm-sync"), (status, told.GetProperty("name").GetString()));
        Assert.Contains("integration", told.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));

        (status, told, challenge) = await service.AskAsync("/me", null);
        Assert.Equal((401, "credential.missing", "Bearer realm=\"crm\""), (status, told.GetProperty("code").GetString(), challenge));
        (status, told, challenge) = await service.AskAsync("/me", token[..^2]);
        Assert.Equal((401, 401), (status, told.GetProperty("status").GetInt32()));
        Assert.Contains("error=\"invalid_token\"", challenge, StringComparison.Ordinal);
        (status, told, challenge) = await service.AskAsync("/agents", token);
        Assert.Equal((403, "rule.denied"), (status, told.GetProperty("code").GetString()));
        Assert.Contains("error=\"insufficient_scope\"", challenge, StringComparison.Ordinal);
        (status, told, challenge) = await service.AskAsync("/scoped", token);
        Assert.Equal((403, "scope.missing"), (status, told.GetProperty("code").GetString()));
        Assert.Contains("scope=\"calls.read calls.write\"", challenge, StringComparison.Ordinal);
        Assert.Equal(200, (await service.AskAsync("/open", null)).Status);
        Assert.Equal(200, (await service.AskAsync("/open", "nonsense")).Status);

        using var browser = new Kits.Browser(fixture.Desk);
        var alice = await browser.TokensAsync("alice");
        Assert.Equal(200, (await service.AskAsync("/agents", alice.Access)).Status);
        Assert.Equal("token.type", (await service.AskAsync("/agents", alice.Id)).Told.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_token_for_another_service_and_of_another_issuer_is_refused()
    {
        var token = await fixture.Desk.ServiceTokenAsync();
        await using var other = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = ["wfm"] });
        Assert.Equal("token.audience", (await other.AskAsync("/me", token)).Told.GetProperty("code").GetString());
        await using var elsewhere = await Service.StartAsync(new TrustRules { Issuer = new Uri(fixture.Desk.Url, "/realms/elsewhere").ToString(), Audiences = [Audience] });
        Assert.Equal("token.issuer", (await elsewhere.AskAsync("/me", token)).Told.GetProperty("code").GetString());

        // Its keys cannot be had: nothing was decided, and it is asked again later.
        await using var away = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = [Audience], Keys = new Uri("http://127.0.0.1:9/jwks") });
        Assert.Equal((503, "verifier.unavailable"), ((await away.AskAsync("/me", token)) is var (status, told, _) ? (status, told.GetProperty("code").GetString()) : default));
    }

    [Fact]
    public async Task A_rotation_of_keys_is_felt_by_the_first_token_of_the_new_one()
    {
        var settings = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-rotation-").FullName, "gatehouse.json");
        await File.WriteAllTextAsync(settings, """{ "keys": { "announceFor": "00:00:00" } }""");
        await using var desk = await Desk.OpenAsync(with: options => options with { Settings = settings });
        var issuer = desk.RealmUrl.ToString().TrimEnd('/');
        await using var service = await Service.StartAsync(new TrustRules { Issuer = issuer, Audiences = [Audience] });
        var before = await desk.ServiceTokenAsync();
        Assert.Equal(200, (await service.AskAsync("/me", before)).Status);
        await desk.Part<SigningKeys>().RotateAsync(Desk.Realm, "ES256", default);
        var after = await desk.ServiceTokenAsync();
        Assert.NotEqual(Kid(before), Kid(after));
        service.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(200, (await service.AskAsync("/me", after)).Status);
        Assert.Equal(200, (await service.AskAsync("/me", before)).Status);
        Directory.Delete(Path.GetDirectoryName(settings)!, recursive: true);

        static string Kid(string token) => JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan(0, token.IndexOf('.')))).RootElement.GetProperty("kid").GetString()!;
    }

    [Fact]
    public async Task By_introspection_a_sign_out_is_felt_as_soon_as_the_answer_is_forgotten()
    {
        await using var service = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = [Audience], Introspection = new IntrospectionRules(new Uri($"{Issuer}/protocol/openid-connect/token/introspect"), "crm-sync", Desk.ClientSecret) });
        using var browser = new Kits.Browser(fixture.Desk);
        var alice = await browser.TokensAsync("alice");
        var token = alice.Access;
        var (status, told, _) = await service.AskAsync("/agents", token);
        Assert.Equal((200, "alice"), (status, told.GetProperty("name").GetString()));
        Assert.Equal("token.revoked", (await service.AskAsync("/me", alice.Refresh)).Told.GetProperty("code").GetString());
        using var form = new FormUrlEncodedContent([new("client_id", "agent-desk"), new("token", token)]);
        Assert.Equal(HttpStatusCode.OK, (await fixture.Desk.Http.PostAsync(new Uri($"{Issuer}/protocol/openid-connect/revoke"), form)).StatusCode);
        Assert.Equal(200, (await service.AskAsync("/agents", token)).Status);
        service.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((401, "token.revoked"), ((await service.AskAsync("/agents", token)) is var (after, why, _) ? (after, why.GetProperty("code").GetString()) : default));

        // A wrong secret is our own fault, and no refusal of the token.
        await using var wrong = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = [Audience], Introspection = new IntrospectionRules(new Uri($"{Issuer}/protocol/openid-connect/token/introspect"), "crm-sync", "wrong") });
        Assert.Equal(503, (await wrong.AskAsync("/me", await fixture.Desk.ServiceTokenAsync())).Status);
        await using var posted = await Service.StartAsync(new TrustRules { Issuer = Issuer, Audiences = [Audience], Introspection = new IntrospectionRules(new Uri($"{Issuer}/protocol/openid-connect/token/introspect"), "crm-sync", Desk.ClientSecret) { SecretInForm = true } });
        Assert.Equal(200, (await posted.AskAsync("/me", await fixture.Desk.ServiceTokenAsync())).Status);
    }

    [Fact]
    public async Task At_the_finesse_identity_services_addresses_it_validates_by_configuration_alone()
    {
        var settings = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-ids-").FullName, "gatehouse.json");
        await File.WriteAllTextAsync(settings, """{ "facades": { "finesse": { "realm": "contact-centre" } } }""");
        await using var desk = await Desk.OpenAsync(with: options => options with { Settings = settings });
        await desk.Part<Database>().WriteAsync(work => desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "finesse", Audiences = ["finesse"] }), default);
        await using var service = await Service.StartAsync(new TrustRules
        {
            Issuer = desk.RealmUrl.ToString().TrimEnd('/'), Audiences = [Audience], Introspection = new IntrospectionRules(new Uri(desk.Url, "/ids/v1/oauth/introspect"), "crm-sync", Desk.ClientSecret),
        });
        using var browser = new Kits.Browser(desk);
        var (status, told, _) = await service.AskAsync("/agents", (await browser.TokensAsync("alice")).Access);
        Assert.Equal((200, "alice"), (status, told.GetProperty("name").GetString()));
        Assert.Equal((401, "token.revoked"), ((await service.AskAsync("/me", "made-up")) is var (refused, why, _) ? (refused, why.GetProperty("code").GetString()) : default));
        Directory.Delete(Path.GetDirectoryName(settings)!, recursive: true);
    }

    private sealed class Service : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly HttpClient http;

        private Service(WebApplication app, AheadClock clock) => (this.app, Clock, http) = (app, clock, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });

        public AheadClock Clock { get; }

        public static async Task<Service> StartAsync(TrustRules trust)
        {
            var clock = new AheadClock();
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            // The framework's own, which the scheme has no use for; else it would write keys into somebody's home.
            builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
            builder.Services.AddAuthentication(GatehouseOptions.Scheme).AddGatehouse(options => (options.Trust, options.Realm, options.TimeProvider) = (trust, "crm", clock));
            builder.Services.AddAuthorizationBuilder()
                .AddPolicy("agents", policy => policy.RequireRole("agent", "supervisor"))
                .AddPolicy("scoped", policy => policy.RequireScope("calls.read", "calls.write"))
                .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
            var app = builder.Build();
            app.UseAuthentication();
            app.UseAuthorization();
            app.MapGet("/me", (HttpContext context) => new { name = context.TokenHolder()!.Name, roles = context.TokenHolder()!.Roles, client = context.User.FindFirst("client")?.Value });
            app.MapGet("/agents", (HttpContext context) => new { name = context.User.Identity!.Name }).RequireAuthorization("agents");
            app.MapGet("/scoped", () => new { }).RequireAuthorization("scoped");
            app.MapGet("/open", () => new { }).AllowAnonymous();
            await app.StartAsync();
            return new Service(app, clock);
        }

        public async Task<(int Status, JsonElement Told, string Challenge)> AskAsync(string path, string? token)
        {
            using var late = new CancellationTokenSource(Patience);
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = await http.SendAsync(request, late.Token);
            var text = await answer.Content.ReadAsStringAsync(late.Token);
            if (!answer.IsSuccessStatusCode) Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
            return ((int)answer.StatusCode, JsonDocument.Parse(text).RootElement.Clone(), answer.Headers.WwwAuthenticate.ToString());
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            await app.DisposeAsync();
        }
    }
}
