using System.Net;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Tests.Kits;
using Gatehouse.Tests.Protocols.Uma;
using Xunit;

namespace Gatehouse.Tests.Facades.Keycloak;

/// <summary>A password that Expertflow's library sets for an agent whom it has proven elsewhere is handed over: it counts for that client, at once, and is no way in for anybody else.</summary>
public sealed class HandOverTests(CimSite site) : IClassFixture<CimSite>
{
    [Fact]
    public async Task What_was_handed_over_counts_once_or_twice_for_that_client_and_is_stored_nowhere()
    {
        var id = await MakeAsync("fin-one", "123456");
        var (users, admin) = (site.Desk.Part<Gatehouse.People.Users>(), site);
        Assert.Null(await users.PasswordAsync(Desk.Realm, id, default));
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-one", "123456"));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-one", "123456"));

        // Set anew, as at the next sign-in; another value counts for nothing.
        Assert.Equal(HttpStatusCode.NoContent, (await admin.AdminAsync("PUT", $"users/{id}/reset-password", """{"type":"password","temporary":false,"value":"123456"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-one", "1234567"));
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-one", "123456"));
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-one", "123456"));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-one", "123456"));
        Assert.Null(await users.PasswordAsync(Desk.Realm, id, default));
    }

    [Fact]
    public async Task It_is_no_password_on_the_sign_in_page_or_for_another_client()
    {
        await MakeAsync("fin-two", "123456");
        var direct = site.Desk.Part<Gatehouse.SignIn.Direct>();
        var realm = site.Desk.Part<Gatehouse.People.Realms>().Find(Desk.Realm)!;
        var client = (await site.Desk.Part<Gatehouse.Clients.ClientStore>().FindByClientIdAsync(Desk.Realm, "plain", default))!;
        var rules = new Gatehouse.Tokens.Grants.EntryRules("plain", [], _ => null, _ => TimeSpan.FromMinutes(5));
        Assert.IsType<Gatehouse.SignIn.DirectOutcome.Refused>(await direct.PasswordAsync(realm, client, rules, "fin-two", new Gatehouse.Terms.Secret("123456"), new Gatehouse.SignIn.Origin(null, "elsewhere", null, null), default));
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-two", "123456"));
    }

    [Fact]
    public async Task Nothing_is_handed_over_for_somebody_who_administers_or_by_another_clients_token()
    {
        var ada = (await site.AdminAsync("GET", "users?username=ada&exact=true")).Body![0]!["id"]!.GetValue<string>();
        var (status, body) = await site.AdminAsync("PUT", $"users/{ada}/reset-password", """{"type":"password","value":"123456"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "password.weak"), (status, body!["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_user_without_a_password_is_tried_first_at_each_sign_in_and_not_throttled_for_it()
    {
        await MakeAsync("fin-three", "first");
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-three", "first"));
        for (var i = 0; i < 12; i++) Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-three", "123456"));
        for (var i = 0; i < 12; i++) Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("nobody-yet", "123456"));
    }

    [Fact]
    public async Task Who_guesses_while_one_is_under_way_is_throttled()
    {
        await MakeAsync("fin-four", "handed-over");
        var seen = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++) seen.Add(await TryAsync("fin-four", $"guess-{i}"));
        Assert.Contains(HttpStatusCode.TooManyRequests, seen);
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync("fin-four", "handed-over"));
    }

    [Fact]
    public async Task Who_lacks_the_second_factors_code_does_not_use_it_up()
    {
        var id = await MakeAsync("fin-five", "123456");
        var (factors, secret) = (site.Desk.Part<OneTimeStore>(), "12345678901234567890"u8.ToArray());
        Assert.True(await factors.PutAsync(Desk.Realm, id, Channel.App, secret, default));
        var step = Totp.StepAt(DateTimeOffset.UtcNow) - 1;
        Assert.Null(await factors.TryAsync(Desk.Realm, id, Totp.CodeOf(secret, step), default));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-five", "123456"));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-five", "123456", ("otp", Totp.CodeOf(secret, step + 50))));
        Assert.Equal(HttpStatusCode.OK, await TryAsync("fin-five", "123456", ("otp", Totp.CodeOf(secret, step + 1))));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("fin-five", "123456", ("otp", Totp.CodeOf(secret, step + 2))));
    }

    [Fact]
    public async Task Of_many_at_once_as_many_come_in_as_it_has_uses()
    {
        await MakeAsync("fin-six", "123456");
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TryAsync("fin-six", "123456")));
        Assert.Equal(1, all.Count(one => one == HttpStatusCode.OK));
    }

    private async Task<string> MakeAsync(string name, string password)
    {
        var (status, body) = await site.AdminAsync("POST", "users", $$"""{"username":"{{name}}","enabled":true,"credentials":[{"type":"password","value":"{{password}}","temporary":false}],"groups":["agents_permission"]}""");
        Assert.True(status == HttpStatusCode.Created, body?.ToJsonString());
        return (await site.AdminAsync("GET", $"users?username={name}&exact=true")).Body![0]!["id"]!.GetValue<string>();
    }

    private async Task<HttpStatusCode> TryAsync(string user, string password, params (string, string)[] more)
        => (await site.PostAsync(site.Token, null, [("username", user), ("password", password), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("grant_type", "password"), .. more])).Status;
}
