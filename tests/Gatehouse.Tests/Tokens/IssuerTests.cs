using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Tokens;

public sealed class IssuerTests : StoreKit
{
    private readonly SetClock clock = new();

    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());

    private async Task<Mint> MintAsync() => new(await SecondNodeAsync(clock), clock);

    public static TheoryData<string, Func<Mint, Work, Authorization, Task>> Bars => new()
    {
        { "realm disabled", (mint, work, _) => mint.Node.Realms.ChangeAsync(work, mint.Realm with { Enabled = false }) },
        { "realm ended all", (mint, work, _) => mint.Node.Realms.ChangeAsync(work, mint.Realm with { NotBefore = mint.Time.GetUtcNow().AddSeconds(1) }) },
        { "client disabled", (mint, work, a) => mint.Node.Clients.ChangeAsync(work, a.Client with { Enabled = false }) },
        { "client without the flow", (mint, work, a) => mint.Node.Clients.ChangeAsync(work, a.Client with { StandardFlow = false }) },
        { "client ended all", (mint, work, a) => mint.Node.Clients.ChangeAsync(work, a.Client with { NotBefore = mint.Time.GetUtcNow().AddSeconds(1) }) },
        { "client of the same name made later", (mint, work, a) => mint.Node.Clients.ChangeAsync(work, a.Client with { CreatedAt = mint.Time.GetUtcNow().AddSeconds(1) }) },
        { "user disabled", async (mint, work, a) => await mint.Node.Users.ChangeAsync(work, (await mint.Node.Users.FindAsync(Realm, a.User!, default))! with { Enabled = false }) },
        { "user ended all", async (mint, work, a) => await mint.Node.Users.ChangeAsync(work, (await mint.Node.Users.FindAsync(Realm, a.User!, default))! with { NotBefore = mint.Time.GetUtcNow().AddSeconds(1) }) },
        { "user gone", (mint, work, a) => mint.Node.Users.RemoveAsync(work, Realm, a.User!) },
        { "session ended", (mint, work, a) => mint.Node.Sessions.EndAsync(work, Realm, a.Session!.Id) },
    };

    [Theory]
    [MemberData(nameof(Bars), DisableDiscoveryEnumeration = true)]
    public async Task Each_line_of_the_checklist_stops_the_mint(string what, Func<Mint, Work, Authorization, Task> bar)
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        var authorization = new Authorization { Grant = "authorization_code", Realm = mint.Realm, Client = await mint.ClientAsync(), User = session.User, Session = session, Scopes = ["openid"], Since = clock.GetUtcNow(), AuthenticatedAt = session.AuthenticatedAt, WithRefresh = true };
        Assert.NotNull((await mint.Issuer.MintAsync(authorization, Stop)).Tokens);
        await mint.Node.Database.WriteAsync(async work =>
        {
            await bar(mint, work, authorization);
            return true;
        }, Stop);
        var (tokens, error) = await mint.Issuer.MintAsync(authorization with { Realm = mint.Realm, Client = await mint.ClientAsync() }, Stop);
        Assert.True(tokens is null, what);
        Assert.True(error!.Code is "invalid_grant" or "invalid_client" or "unauthorized_client", what);
    }

    [Fact]
    public async Task A_session_of_somebody_else_does_not_do()
    {
        using var mint = await MintAsync();
        var (alice, sam) = (await mint.SignInAsync(), await mint.SignInAsync("sam"));
        var (tokens, error) = await mint.Issuer.MintAsync(new Authorization { Grant = "authorization_code", Realm = mint.Realm, Client = await mint.ClientAsync(), User = alice.User, Session = sam, Scopes = ["openid"] }, Stop);
        Assert.Null(tokens);
        Assert.Equal("invalid_grant", error!.Code);
    }

    [Fact]
    public async Task An_access_token_is_rfc9068_with_keycloaks_claims()
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        var (agent, manage) = (NewRole("agent"), NewRole("manage", "crm"));
        await mint.Node.Database.WriteAsync(async work =>
        {
            await mint.Node.Clients.AddAsync(work, NewClient("crm"));
            await mint.Node.Roles.AddAsync(work, agent);
            await mint.Node.Roles.AddAsync(work, manage);
            foreach (var role in (Role[])[agent, manage]) await mint.Node.Roles.GiveAsync(work, Realm, RoleHolder.User, session.User, role.Id);
            return true;
        }, Stop);
        var tokens = (await mint.RedeemAsync(await mint.CodeAsync(session, "roles"))).Tokens!;
        var (header, access) = Read(tokens.AccessToken);
        Assert.Equal("at+jwt", header.GetProperty("typ").GetString());
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.NotEmpty(header.GetProperty("kid").GetString()!);
        Assert.Equal("https://sso.example/realms/contact-centre", access.GetProperty("iss").GetString());
        Assert.Equal("crm", access.GetProperty("aud").GetString());
        Assert.Equal(session.User, access.GetProperty("sub").GetString());
        Assert.Equal("Bearer", access.GetProperty("typ").GetString());
        Assert.Equal("agent-desk", access.GetProperty("azp").GetString());
        Assert.Equal("agent-desk", access.GetProperty("client_id").GetString());
        Assert.Equal(session.Id, access.GetProperty("sid").GetString());
        Assert.Equal("1", access.GetProperty("acr").GetString());
        Assert.Equal("alice", access.GetProperty("preferred_username").GetString());
        Assert.Contains("agent", access.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal(["manage"], access.GetProperty("resource_access").GetProperty("crm").GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.Equal(300, access.GetProperty("exp").GetInt64() - access.GetProperty("iat").GetInt64());
        Assert.Equal(session.AuthenticatedAt.ToUnixTimeSeconds(), access.GetProperty("auth_time").GetInt64());
        Assert.NotEmpty(access.GetProperty("jti").GetString()!);

        var (idHeader, id) = Read(tokens.IdToken!);
        Assert.Equal("JWT", idHeader.GetProperty("typ").GetString());
        Assert.Equal("agent-desk", id.GetProperty("aud").GetString());
        Assert.Equal(Issuer.HalfHash(tokens.AccessToken, "ES256"), id.GetProperty("at_hash").GetString());
        Assert.False(id.TryGetProperty("realm_access", out _));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public async Task The_client_chooses_its_algorithm_and_a_service_has_its_own_name(string algorithm)
    {
        using var mint = await MintAsync();
        var client = NewClient("crm-sync") with { ServiceAccount = true, SigningAlgorithm = algorithm, Audiences = ["crm", "billing"], AccessTokenLife = TimeSpan.FromDays(30) };
        var (tokens, _) = await mint.Issuer.MintAsync(new Authorization { Grant = "client_credentials", Realm = mint.Realm, Client = client, Scopes = ["roles"] }, Stop);
        var (header, access) = Read(tokens!.AccessToken);
        Assert.Equal(algorithm, header.GetProperty("alg").GetString());
        Assert.Equal("service-account-crm-sync", access.GetProperty("preferred_username").GetString());
        Assert.Equal("crm-sync", access.GetProperty("clientId").GetString());
        Assert.Equal(client.Id, access.GetProperty("sub").GetString());
        Assert.Equal(["crm", "billing"], access.GetProperty("aud").EnumerateArray().Select(one => one.GetString()));
        Assert.False(access.TryGetProperty("sid", out _));
        Assert.Null(tokens.RefreshToken);
        Assert.Null(tokens.IdToken);
        // A revocation is remembered for a day, so no token may live longer.
        Assert.Equal(86400, tokens.ExpiresIn);
        Assert.Null(mint.Verify.Check(tokens.AccessToken, "crm", out var principal));
        Assert.Equal(PrincipalKind.Service, principal!.Kind);
        Assert.Equal("token.audience", mint.Verify.Check(tokens.AccessToken, "desk", out _)!.Code);
    }

    [Fact]
    public async Task A_client_with_a_narrow_scope_of_roles_sees_no_others()
    {
        using var mint = await MintAsync();
        var session = await mint.SignInAsync();
        Role[] roles = [NewRole("agent"), NewRole("admin")];
        await mint.Node.Database.WriteAsync(async work =>
        {
            foreach (var role in roles)
            {
                await mint.Node.Roles.AddAsync(work, role);
                await mint.Node.Roles.GiveAsync(work, Realm, RoleHolder.User, session.User, role.Id);
            }

            return await mint.Node.Clients.ChangeAsync(work, await mint.ClientAsync() with { FullScope = false, RoleScope = ["agent"] });
        }, Stop);
        var tokens = (await mint.RedeemAsync(await mint.CodeAsync(session, "roles"))).Tokens!;
        Assert.Equal(["agent"], Read(tokens.AccessToken).Claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
    }

    private static (JsonElement Header, JsonElement Claims) Read(string token)
    {
        Assert.True(Jws.TryParse(token, Limits.Default, out _, out _));
        var parts = token.Split('.');
        return (JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[0])).RootElement, JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1])).RootElement);
    }
}
