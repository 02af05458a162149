using System.Collections.Immutable;
using System.Net;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;

namespace Gatehouse.Tests.Federation;

/// <summary>A second realm of a desk, whose people come from elsewhere.</summary>
internal sealed class Outpost(Desk desk)
{
    public const string Realm = "outpost";

    public Desk Desk => desk;

    public string Url => $"{desk.Url.GetLeftPart(UriPartial.Authority)}/realms/{Realm}";

    /// <summary>Makes the realm with the roles agent and supervisor, and a group.</summary>
    public static async Task<Outpost> MakeAsync(Desk desk)
    {
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Realms>().AddAsync(work, new Realm { Name = Realm });
            foreach (var name in (string[])["agent", "supervisor"]) await desk.Part<Roles>().AddAsync(work, new Role { Id = Guid.NewGuid().ToString(), Realm = Realm, Name = name });
            await desk.Part<Groups>().AddAsync(work, new Group { Id = Guid.NewGuid().ToString(), Realm = Realm, Name = "billing", Path = "/billing" });
            return true;
        }, default);
        return new Outpost(desk);
    }

    public async Task<Upstream> AddAsync(string alias, string kind, IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string>? secrets = null, Func<Upstream, Upstream>? more = null)
    {
        var upstream = new Upstream
        {
            Id = Guid.NewGuid().ToString(), Realm = Realm, Alias = alias, Kind = kind, DisplayName = alias.ToUpperInvariant(), Config = config.ToImmutableDictionary(),
            Secrets = (secrets ?? new Dictionary<string, string>()).ToImmutableDictionary(one => one.Key, one => new Secret(one.Value)),
        };
        upstream = more?.Invoke(upstream) ?? upstream;
        await desk.Part<Database>().WriteAsync(work => desk.Part<Upstreams>().AddAsync(work, upstream), default);
        return upstream;
    }

    public async Task ChangeAsync(Upstream upstream) => await desk.Part<Database>().WriteAsync(work => desk.Part<Upstreams>().ChangeAsync(work, upstream), default);

    public Task<User?> UserAsync(string name) => desk.Part<Users>().FindByNameAsync(Realm, name, default);

    public async Task<IReadOnlyList<string>> RolesAsync(string name) => [.. (await desk.Part<Roles>().OfAsync(Realm, RoleHolder.User, (await UserAsync(name))!.Id, default)).Select(role => role.Name)];

    public async Task<User> AddUserAsync(string name, string password)
    {
        var hash = await desk.Part<Passwords>().HashAsync(password, default);
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Realm, Username = name };
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Users>().AddAsync(work, user);
            await desk.Part<Users>().SetPasswordHashAsync(work, Realm, user.Id, hash, false);
            return true;
        }, default);
        return user;
    }

    /// <summary>The session that a browser has in the realm; null when none.</summary>
    public async Task<Gatehouse.Sessions.Session?> SessionAsync(Browser browser)
        => browser.Cookies.GetCookies(desk.Url)[$"gh.{Realm}"]?.Value is { Length: > 0 } cookie ? await desk.Part<Gatehouse.Sessions.SessionStore>().FindByCookieAsync(Realm, cookie, default) : null;

    /// <summary>A client that may trade proofs for tokens.</summary>
    public Task AddTraderAsync() => desk.Part<Database>().WriteAsync(async work =>
    {
        var client = new Gatehouse.Clients.Client { Id = Guid.NewGuid().ToString(), Realm = Realm, ClientId = "trader", StandardFlow = false, Exchanges = true };
        if (await desk.Part<Gatehouse.Clients.ClientStore>().AddAsync(work, client)) await desk.Part<Gatehouse.Clients.ClientStore>().SetSecretAsync(work, Realm, client.Id, new Secret("secret-of-the-trader"));
        return true;
    }, default);

    /// <summary>Trades a proof at the token endpoint.</summary>
    public async Task<(HttpStatusCode Status, System.Text.Json.JsonElement Body)> TradeAsync(string type, string token, params (string Name, string Value)[] more)
    {
        using var form = new FormUrlEncodedContent([
            new("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), new("subject_token_type", type), new("subject_token", token), new("client_id", "trader"), new("client_secret", "secret-of-the-trader"), .. more.Select(one => new KeyValuePair<string, string>(one.Name, one.Value)),
        ]);
        using var answer = await desk.Http.PostAsync($"/realms/{Realm}/protocol/openid-connect/token", form);
        return (answer.StatusCode, System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    /// <summary>Leaves for an upstream, and stops where the browser would leave this program for <paramref name="host"/>.</summary>
    public async Task<Uri> LeaveAsync(Browser browser, string alias)
    {
        var (page, at) = await browser.FollowAsync($"/realms/{Realm}/sign-in");
        using var left = await browser.GetAsync(new Uri(at, await Browser.LinkAsync(page, alias.ToUpperInvariant())).PathAndQuery);
        return left.StatusCode == HttpStatusCode.SeeOther ? left.Headers.Location! : throw new InvalidOperationException($"{left.StatusCode}: {await left.Content.ReadAsStringAsync()}");
    }
}
