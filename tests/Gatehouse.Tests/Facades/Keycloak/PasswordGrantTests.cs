using System.Net;
using Gatehouse.Facades.Keycloak;
using Gatehouse.House;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tests.Protocols.Uma;
using Xunit;

namespace Gatehouse.Tests.Facades.Keycloak;

/// <summary>Posted names and passwords: only for named clients, until their day, in Keycloak's words; and the old prefix.</summary>
public sealed class PasswordGrantTests(CimSite site) : IClassFixture<CimSite>
{
    [Fact]
    public async Task A_named_client_gets_tokens_that_renew_and_is_told_that_it_ends()
    {
        var (status, body, answer) = await site.PostAsync(site.Token, null, ("username", "alice"), ("password", Desk.Password), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("grant_type", "password"), ("scope", "openid"));
        Assert.Equal((HttpStatusCode.OK, "Wed, 01 Jan 3000 00:00:00 GMT"), (status, answer.Headers.GetValues("Sunset").Single()));
        Assert.True(answer.Headers.Contains("Deprecation") && body!["id_token"] is not null);
        var (renewed, _, _) = await site.PostAsync(site.Token, null, ("grant_type", "refresh_token"), ("refresh_token", body!["refresh_token"]!.GetValue<string>()), ("client_id", "cim"), ("client_secret", CimSite.Secret));
        Assert.Equal(HttpStatusCode.OK, renewed);
    }

    [Theory]
    [InlineData("gone", "ended")]
    [InlineData("unswitched", "not allowed")]
    [InlineData("unnamed", "not allowed")]
    [InlineData("agent-desk", "not allowed")]
    public async Task Others_are_refused_before_the_password_is_looked_at(string client, string words)
    {
        var (status, body, _) = client == "agent-desk" ? await site.PostAsync(site.Token, null, ("username", "alice"), ("password", Desk.Password), ("client_id", client), ("grant_type", "password"))
            : await site.PostAsync(site.Token, null, ("username", "alice"), ("password", Desk.Password), ("client_id", client), ("client_secret", CimSite.Secret), ("grant_type", "password"));
        Assert.Equal((HttpStatusCode.BadRequest, "unauthorized_client"), (status, body!["error"]!.GetValue<string>()));
        Assert.Contains(words, body["error_description"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_401_in_Keycloaks_words_audited_and_then_throttled()
    {
        HttpStatusCode last = default;
        for (var i = 0; i < 8 && last != HttpStatusCode.TooManyRequests; i++)
        {
            var (status, body, _) = await site.PostAsync(site.Token, null, ("username", "sam"), ("password", "wrong"), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("grant_type", "password"));
            last = status;
            if (status == HttpStatusCode.TooManyRequests) break;
            Assert.Equal((HttpStatusCode.Unauthorized, """{"error":"invalid_grant","error_description":"Invalid user credentials"}"""), (status, body!.ToJsonString()));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        // Events that are noted are written beside requests.
        for (var i = 0; i < 200; i++)
        {
            var (_, events) = await site.AdminAsync("GET", "events?type=LOGIN_ERROR&client=cim&max=50");
            if (events!.AsArray().Any(one => one!["error"]?.GetValue<string>() == "throttled")) return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.Fail("The audit log has no throttled attempt.");
    }

    [Fact]
    public async Task The_next_wait_does_not_tell_that_half_was_right()
    {
        var hash = await site.Desk.Part<Passwords>().HashAsync(Desk.Password, default);
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = "halina" };
        await site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await site.Desk.Part<Users>().AddAsync(work, user);
            await site.Desk.Part<Users>().SetPasswordHashAsync(work, Desk.Realm, user.Id, hash, false);
            return true;
        }, default);
        var (factors, secret) = (site.Desk.Part<OneTimeStore>(), new byte[Totp.SecretBytes]);
        await factors.PutAsync(Desk.Realm, user.Id, Channel.App, secret, default);
        Assert.Null(await factors.TryAsync(Desk.Realm, user.Id, Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow) - 1), default));
        var statuses = new List<HttpStatusCode>();
        foreach (var password in (string[])["w1", "w2", "w3", "w4", Desk.Password, "w5"])
            statuses.Add((await site.PostAsync(site.Token, null, ("username", "halina"), ("password", password), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("grant_type", "password"))).Item1);
        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, 5), HttpStatusCode.TooManyRequests], statuses);
    }

    [Fact]
    public async Task The_old_prefix_answers_as_without_it()
    {
        var url = new Uri(site.Desk.Url, $"/auth/realms/{Desk.Realm}/protocol/openid-connect/token");
        var (status, body, _) = await site.PostAsync(url, null, ("username", "ada"), ("password", Desk.Password), ("client_id", "cim"), ("client_secret", CimSite.Secret), ("grant_type", "password"));
        Assert.Equal(HttpStatusCode.OK, status);
        var (seen, users) = await site.SendAsync("GET", new Uri(site.Desk.Url, $"/auth/admin/realms/{Desk.Realm}/users?username=alice"), body!["access_token"]!.GetValue<string>(), null);
        Assert.Equal((HttpStatusCode.OK, "alice"), (seen, users![0]!["username"]!.GetValue<string>()));
        (seen, _) = await site.SendAsync("GET", new Uri(site.Desk.Url, $"/auth/realms/{Desk.Realm}/.well-known/openid-configuration"), null, null);
        Assert.Equal(HttpStatusCode.OK, seen);
        using var other = await site.Desk.Http.GetAsync(new Uri(site.Desk.Url, "/auth/health/ready"));
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        using var twice = await site.Desk.Http.GetAsync(new Uri(site.Desk.Url, $"/auth/auth/realms/{Desk.Realm}/protocol/openid-connect/certs"));
        Assert.Equal(HttpStatusCode.NotFound, twice.StatusCode);
    }

    [Theory]
    [InlineData("""{"prefix":"auth"}""", "prefix")]
    [InlineData("""{"prefix":"/realms"}""", "prefix")]
    [InlineData("""{"passwordClients":[{"realm":"r","client":"c"}]}""", "until")]
    [InlineData("""{"passwordClients":[{"realm":"r","client":"c","until":"soon"}]}""", "until")]
    [InlineData("""{"passwordClients":[{"client":"c","until":"2027-01-01"}]}""", "realm")]
    public async Task Bad_settings_keep_the_program_from_starting(string section, string named)
    {
        var data = Directory.CreateTempSubdirectory("gatehouse-keycloak-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), $$"""{ "facades": { "keycloak": {{section}} } }""", TestContext.Current.CancellationToken);
            var wrong = await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await using var program = await Serve.BuildAsync(new ServeOptions { Port = 0, Data = data }, TextWriter.Null, default);
                await program.StartAsync();
            });
            Assert.Contains(named, wrong.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
