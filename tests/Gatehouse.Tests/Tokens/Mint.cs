using Dapper;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Gatehouse.Tokens.Grants;
using Gatehouse.Wire.OAuth;
using Microsoft.Extensions.Options;

namespace Gatehouse.Tests.Tokens;

/// <summary>The mint of one node, made by hand, and a person who is signed in.</summary>
public sealed class Mint : IDisposable
{
    public const string Redirect = "https://desk.example/cb";
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    public Mint(Node node, TimeProvider time)
    {
        Node = node;
        var settings = Options.Create(new TokensSettings { PublicUrl = "https://sso.example" });
        Issuers = new Issuers(settings);
        Revocations = new Revocations(node.Database, time);
        Stops = new GadgetStops(node.Database, Revocations);
        Codes = new Codes(node.Database, node.Sealer, time);
        RefreshTokens = new RefreshTokens(node.Database, node.Sealer, node.Audit, Revocations, time);
        Issuer = new Issuer(Issuers, node.Keys, node.Known, node.Rights, node.Sessions, RefreshTokens, Stops, node.Audit, time);
        Verify = new Verify(Issuers, node.Realms, node.Keys, Revocations, Stops, node.Sessions, time, settings);
        Time = time;
    }

    public Node Node { get; }

    public TimeProvider Time { get; }

    public Issuers Issuers { get; }

    public Revocations Revocations { get; }

    public GadgetStops Stops { get; }

    public Codes Codes { get; }

    public RefreshTokens RefreshTokens { get; }

    public Issuer Issuer { get; }

    public Verify Verify { get; }

    public Realm Realm => Node.Realms.Find(StoreKit.Realm)!;

    public void Dispose()
    {
        Stops.Dispose();
        Revocations.Dispose();
    }

    public Task<Client> ClientAsync(string id = "agent-desk") => Node.Clients.FindByClientIdAsync(StoreKit.Realm, id, default).AsTask()!;

    /// <summary>A public client, a user and a session of theirs.</summary>
    public async Task<Session> SignInAsync(string name = "alice")
    {
        var now = Time.GetUtcNow();
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = StoreKit.Realm, Username = name };
        var session = new Session { Id = Guid.NewGuid().ToString("n"), Realm = StoreKit.Realm, User = user.Id, AuthenticatedAt = now, StartedAt = now, LastUsedAt = now, EndsAt = now.AddHours(10), IdleEndsAt = now.AddMinutes(30) };
        await Node.Database.WriteAsync(async work =>
        {
            await Node.Clients.AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = StoreKit.Realm, ClientId = "agent-desk", Public = true, RedirectUris = [Redirect] });
            await Node.Users.AddAsync(work, user);
            await Node.Sessions.StartAsync(work, session);
            return true;
        }, default);
        return session;
    }

    public Task<string> CodeAsync(Session session, params string[] scopes)
        => Codes.MakeAsync(new CodeGrant
        {
            Realm = StoreKit.Realm, ClientId = "agent-desk", User = session.User, Session = session.Id, RedirectUri = Redirect, Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Scopes = ["openid", "profile", .. scopes],
            AuthenticatedAt = session.AuthenticatedAt, Level = "1",
        }, TimeSpan.FromMinutes(1), default);

    public async Task<(TokenSet? Tokens, OAuthError? Error)> RedeemAsync(string code, string client = "agent-desk")
        => await RunAsync(new AuthorizationCodeGrant(Codes, RefreshTokens, Node.Sessions), client, null, ("code", code), ("redirect_uri", Redirect), ("code_verifier", Verifier));

    public async Task<(TokenSet? Tokens, OAuthError? Error)> RefreshAsync(string token, string? scope = null, string client = "agent-desk", string? door = null)
        => await RunAsync(new RefreshGrant(RefreshTokens, Node.Sessions, []), client, door, ("refresh_token", token), ("scope", scope ?? ""));

    public async Task<TokenSet> BeginAsync(params string[] scopes) => (await RedeemAsync(await CodeAsync(await SignInAsync(), scopes))).Tokens!;

    /// <summary>Tokens that a door made, without a code.</summary>
    public async Task<TokenSet> BeginAtAsync(string door)
    {
        var session = await SignInAsync();
        return (await Issuer.MintAsync(new Gatehouse.Tokens.Authorization { Grant = "password", Realm = Realm, Client = await ClientAsync(), User = session.User, Session = session, Scopes = ["profile"], WithRefresh = true, Door = door }, default)).Tokens!;
    }

    /// <summary>Rows of a table.</summary>
    public Task<long> CountAsync(string table) => Node.Database.ReadAsync(connection => connection.ExecuteScalarAsync<long>($"select count(*) from {table}"), default);

    private async Task<(TokenSet? Tokens, OAuthError? Error)> RunAsync(IGrant grant, string client, string? door, params (string Name, string Value)[] parameters)
    {
        var known = Parameters.Of(parameters.Where(one => one.Value.Length > 0).Select(one => KeyValuePair.Create(one.Name, one.Value)));
        return await grant.AuthorizeAsync(new GrantRequest(Realm, await ClientAsync(client), known, "192.0.2.1") { Door = door }, default) switch
        {
            GrantResult.Refused refused => (null, refused.Error),
            GrantResult.Repeated repeated => (repeated.Tokens, null),
            var granted => await Issuer.MintAsync(((GrantResult.Granted)granted).Authorization, default),
        };
    }
}
