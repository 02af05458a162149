using System.Net;
using System.Text;
using System.Text.Json;
using Dapper;
using Gatehouse.Clients;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Jose;
using Xunit;

namespace Gatehouse.Tests.Protocols.OpenId;

public sealed class TokenTests(DeskFixture fixture) : IClassFixture<DeskFixture>
{
    private Desk Desk => fixture.Desk;

    private string Endpoint => $"/realms/{Desk.Realm}/protocol/openid-connect/";

    [Fact]
    public async Task Fifty_refreshes_at_once_get_one_answer_and_a_later_replay_ends_the_family()
    {
        using var browser = new Browser(Desk);
        var (_, tokens) = await browser.RedeemAsync(Browser.Query(await browser.SignInAsync(), "code"));
        var used = tokens.GetProperty("refresh_token").GetString()!;
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => browser.RefreshAsync(used)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var newest = Assert.Single(answers.Select(answer => answer.Body.GetProperty("refresh_token").GetString()!).Distinct());

        // The grace passes: the use is moved into the past.
        await Desk.Part<Database>().WriteAsync(work => work.Connection.ExecuteAsync("update refresh_tokens set used_at = used_at - 60000 where used_at is not null", transaction: work.Transaction), default);
        var (replayed, why) = await browser.RefreshAsync(used);
        Assert.Equal(HttpStatusCode.BadRequest, replayed);
        Assert.Contains("used before", why.GetProperty("error_description").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.RefreshAsync(newest)).Status);
    }

    [Theory]
    [InlineData("grant_type=client_credentials&client_id=crm-sync", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("grant_type=client_credentials&client_id=crm-sync&client_secret=wrong", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("grant_type=client_credentials&client_id=nobody&client_secret=wrong", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("grant_type=client_credentials&client_id=agent-desk", HttpStatusCode.BadRequest, "unauthorized_client")]
    [InlineData("grant_type=password&client_id=crm-sync&client_secret={s}&username=alice&password=x", HttpStatusCode.BadRequest, "unsupported_grant_type")]
    [InlineData("client_id=crm-sync&client_secret={s}", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("grant_type=client_credentials&grant_type=x&client_id=crm-sync&client_secret={s}", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("grant_type=client_credentials&client_id=crm-sync&client_secret={s}&scope=admin", HttpStatusCode.BadRequest, "invalid_scope")]
    [InlineData("grant_type=client_credentials&client_id=crm-sync&client_secret={s}&scope=offline_access", HttpStatusCode.BadRequest, "invalid_scope")]
    [InlineData("grant_type=%zz", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("grant_type=authorization_code&client_id=agent-desk&code=nonsense&code_verifier=x&redirect_uri=x", HttpStatusCode.BadRequest, "invalid_grant")]
    [InlineData("grant_type=refresh_token&client_id=agent-desk&refresh_token=nonsense", HttpStatusCode.BadRequest, "invalid_grant")]
    public async Task Refusals_have_the_protocols_own_form(string form, HttpStatusCode status, string error)
    {
        using var content = new StringContent(form.Replace("{s}", Desk.ClientSecret, StringComparison.Ordinal), Encoding.ASCII, "application/x-www-form-urlencoded");
        using var answer = await Desk.Http.PostAsync(Endpoint + "token", content);
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(error, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetString());
        Assert.Contains("no-store", answer.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_huge_and_get_requests_are_refused()
    {
        using var json = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal(HttpStatusCode.BadRequest, (await Desk.Http.PostAsync(Endpoint + "token", json)).StatusCode);
        using var huge = new StringContent("a=" + new string('x', 200_000), Encoding.ASCII, "application/x-www-form-urlencoded");
        Assert.Equal(HttpStatusCode.BadRequest, (await Desk.Http.PostAsync(Endpoint + "token", huge)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Desk.Http.GetAsync(Endpoint + "token")).StatusCode);
    }

    [Fact]
    public async Task Two_methods_of_client_authentication_are_refused_and_basic_is_challenged()
    {
        using var both = new HttpRequestMessage(HttpMethod.Post, Endpoint + "token") { Content = new StringContent($"grant_type=client_credentials&client_secret={Desk.ClientSecret}", Encoding.ASCII, "application/x-www-form-urlencoded") };
        both.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"crm-sync:{Desk.ClientSecret}")));
        Assert.Equal(HttpStatusCode.BadRequest, (await Desk.Http.SendAsync(both)).StatusCode);
        using var wrong = new HttpRequestMessage(HttpMethod.Post, Endpoint + "token") { Content = new StringContent("grant_type=client_credentials", Encoding.ASCII, "application/x-www-form-urlencoded") };
        wrong.Headers.Authorization = new("Basic", Convert.ToBase64String("crm-sync:nope"u8));
        using var answer = await Desk.Http.SendAsync(wrong);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("Basic", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Private_key_jwt_counts_once_for_us_and_for_a_short_time()
    {
        var key = Jwk.Generate("ES256");
        var client = new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "signer", ServiceAccount = true, StandardFlow = false, Jwks = new JwkSet([key]).ToJson(), CreatedAt = TimeProvider.System.GetUtcNow() };
        await Desk.Part<Database>().WriteAsync(work => Desk.Part<ClientStore>().AddAsync(work, client), default);
        using var signer = new JoseSigner(key, "ES256");
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var issuer = Desk.RealmUrl.ToString().TrimEnd('/');
        string Sign(string aud, long exp, string jti, string sub = "signer", string iss = "signer") => signer.Sign(Encoding.UTF8.GetBytes($$"""{"iss":"{{iss}}","sub":"{{sub}}","aud":"{{aud}}","exp":{{exp}},"jti":"{{jti}}"}"""), "JWT");
        async Task<HttpStatusCode> TryAsync(string assertion)
        {
            using var browser = new Browser(Desk);
            return (await browser.TokenAsync(("grant_type", "client_credentials"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion))).Status;
        }

        var good = Sign(issuer, now + 60, "one");
        Assert.Equal(HttpStatusCode.OK, await TryAsync(good));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(good));
        Assert.Equal(HttpStatusCode.OK, await TryAsync(Sign(issuer + "/protocol/openid-connect/token", now + 60, "two")));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(Sign("https://other.example", now + 60, "three")));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(Sign(issuer, now - 120, "four")));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(Sign(issuer, now + 86400, "five")));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(Sign(issuer, now + 60, "six", sub: "crm-sync", iss: "crm-sync")));
        using var other = new JoseSigner(Jwk.Generate("ES256"), "ES256");
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(other.Sign(Encoding.UTF8.GetBytes($$"""{"iss":"signer","sub":"signer","aud":"{{issuer}}","exp":{{now + 60}},"jti":"x"}"""), "JWT")));
    }

    [Fact]
    public async Task Introspection_needs_a_confidential_client_and_tells_nothing_of_strangers_tokens()
    {
        using var browser = new Browser(Desk);
        var (_, tokens) = await browser.RedeemAsync(Browser.Query(await browser.SignInAsync(), "code"));
        async Task<(HttpStatusCode Status, string Body)> AskAsync(string form)
        {
            using var content = new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
            using var answer = await Desk.Http.PostAsync(Endpoint + "token/introspect", content);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        var access = tokens.GetProperty("access_token").GetString();
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync($"client_id=agent-desk&token={access}")).Status);
        Assert.Contains("\"active\":true", (await AskAsync($"client_id=crm-sync&client_secret={Desk.ClientSecret}&token={access}&username=stale&grant_type=password")).Body, StringComparison.Ordinal);
        Assert.Equal("{\"active\":false}", (await AskAsync($"client_id=crm-sync&client_secret={Desk.ClientSecret}&token={tokens.GetProperty("refresh_token").GetString()}")).Body);
        Assert.Equal("{\"active\":false}", (await AskAsync($"client_id=crm-sync&client_secret={Desk.ClientSecret}&token={tokens.GetProperty("id_token").GetString()}")).Body);
        Assert.Equal("{\"active\":false}", (await AskAsync($"client_id=crm-sync&client_secret={Desk.ClientSecret}&token=garbage")).Body);
    }

    [Fact]
    public async Task An_unknown_realm_is_told_in_the_protocols_form()
    {
        using var answer = await Desk.Http.GetAsync("/realms/nowhere/.well-known/openid-configuration");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("Realm does not exist", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_of_rfc8414_is_at_both_addresses()
    {
        foreach (var path in (string[])[$"/realms/{Desk.Realm}/.well-known/oauth-authorization-server", $"/.well-known/oauth-authorization-server/realms/{Desk.Realm}"])
        {
            var json = JsonDocument.Parse(await Desk.Http.GetStringAsync(path)).RootElement;
            Assert.Equal(Desk.RealmUrl.ToString().TrimEnd('/'), json.GetProperty("issuer").GetString());
        }
    }
}
