using System.Buffers.Text;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>A desktop's client in the demo realm, and agents who are signed in for it, without the pages.</summary>
internal sealed class Agents(Desk desk, string client = "desktop")
{
    public const string Secret = "secret-of-the-desktop";
    public const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <summary>Adds the client; its tokens may reach <paramref name="audiences"/>.</summary>
    public async Task<Agents> AddClientAsync(params string[] audiences)
    {
        await desk.Part<Database>().WriteAsync(async work =>
        {
            var made = new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = client, StandardFlow = false, Exchanges = true, Audiences = [.. audiences], DefaultScopes = ["openid", "profile", "email", "roles"] };
            await desk.Part<ClientStore>().AddAsync(work, made);
            await desk.Part<ClientStore>().SetSecretAsync(work, Desk.Realm, made.Id, new Secret(Secret));
            return true;
        }, default);
        return this;
    }

    /// <summary>A session of a demo person's and their full token.</summary>
    public async Task<(Session Session, string Token)> SignInAsync(string name = "alice")
    {
        var (now, user) = (DateTimeOffset.UtcNow, (await desk.Part<Users>().FindByNameAsync(Desk.Realm, name, default))!);
        var session = new Session { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, User = user.Id, AuthenticatedAt = now, StartedAt = now, LastUsedAt = now, EndsAt = now.AddHours(10), IdleEndsAt = now.AddHours(1) };
        await desk.Part<Database>().WriteAsync(work => desk.Part<SessionStore>().StartAsync(work, session), default);
        var made = (await desk.Part<ClientStore>().FindByClientIdAsync(Desk.Realm, client, default))!;
        var (tokens, error) = await desk.Part<Issuer>().MintAsync(new Authorization { Grant = "password", Realm = desk.Part<Realms>().Find(Desk.Realm)!, Client = made, User = user.Id, Session = session, Scopes = made.DefaultScopes, AuthenticatedAt = now, Level = "1" }, default);
        Assert.Null(error);
        return (session, tokens!.AccessToken);
    }

    public Task EndAsync(Session session) => desk.Part<Database>().WriteAsync(work => desk.Part<SessionStore>().EndAsync(work, session.Realm, session.Id), default);

    /// <summary>Trades the agent's token at the token endpoint.</summary>
    public async Task<(int Status, JsonElement Body)> TradeAsync(string token, params (string Name, string Value)[] more)
    {
        using var form = new FormUrlEncodedContent([
            new("grant_type", Exchange), new("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), new("subject_token", token), new("client_id", client), new("client_secret", Secret), .. more.Select(one => new KeyValuePair<string, string>(one.Name, one.Value)),
        ]);
        using var answer = await desk.Http.PostAsync(new Uri(desk.RealmUrl, "protocol/openid-connect/token"), form);
        return ((int)answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    /// <summary>A gadget's token.</summary>
    public async Task<string> GadgetTokenAsync(string token, string gadget, string audience, string roles = "")
    {
        var (status, body) = await TradeAsync(token, [("gadget", gadget), ("audience", audience), .. roles.Length > 0 ? [("gadget_roles", roles)] : Array.Empty<(string, string)>()]);
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("access_token").GetString()!;
    }

    public static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
}
