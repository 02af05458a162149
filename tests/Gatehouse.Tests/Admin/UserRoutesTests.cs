using System.Net;
using System.Text.Json.Nodes;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class UserRoutesOnSqlite(SqliteHost host) : UserRoutesTests(host);

public sealed class UserRoutesOnPostgres(PostgresHost host) : UserRoutesTests(host);

public abstract class UserRoutesTests(AdminHost host) : AdminKit(host)
{
    [Fact]
    public async Task A_user_is_made_found_changed_and_deleted()
    {
        var admin = await AdminAsync();
        var name = Name("user");
        var id = await MakeAsync(admin, "users", new { username = name.ToUpperInvariant(), firstName = "Mina", lastName = "Okafor", email = $"{name}@example.org", enabled = true });

        var shown = await GetAsync(admin, $"users/{id}");
        Assert.Equal(name, (string?)shown["username"]);
        Assert.Equal("Mina", (string?)shown["firstName"]);
        Assert.True((bool?)shown["enabled"]);
        Assert.Null(shown["credentials"]);

        await DoneAsync(admin, "PUT", $"users/{id}", new { lastName = "Weber", email = "" });
        var changed = await GetAsync(admin, $"users/{id}");
        Assert.Equal("Mina", (string?)changed["firstName"]);
        Assert.Equal("Weber", (string?)changed["lastName"]);
        Assert.Null(changed["email"]);

        await DoneAsync(admin, "PUT", $"users/{id}", changed); // what was read can be written back
        await DoneAsync(admin, "DELETE", $"users/{id}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "GET", $"users/{id}");
        await ExpectAsync(admin, HttpStatusCode.NotFound, "DELETE", $"users/{id}");
    }

    [Fact]
    public async Task A_taken_name_is_told_in_Keycloaks_words_and_changes_nothing()
    {
        var admin = await AdminAsync();
        var name = Name("twin");
        await MakeAsync(admin, "users", new { username = name });

        var (status, body, answer) = await SendAsync(admin, "POST", "users", new { username = name });

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("User exists with same username or email", (string?)body!["errorMessage"]);
        Assert.Equal("resource.conflict", (string?)body["code"]);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(1, (int)await GetAsync(admin, $"users/count?username={name}"));
    }

    [Fact]
    public async Task Attributes_alone_may_be_sent_with_scalars_and_come_back_as_lists()
    {
        var admin = await AdminAsync();
        var id = await MakeAsync(admin, "users", new { username = Name("attr"), firstName = "Al", enabled = true, attributes = new { extension = "1001" } });

        await DoneAsync(admin, "PUT", $"users/{id}", """{"attributes":{"is2FARegistered":true,"count":3,"phoneNumber":"+4917","list":["a","b"],"none":null}}""");

        var user = await GetAsync(admin, $"users/{id}");
        Assert.Equal("Al", (string?)user["firstName"]);
        Assert.True((bool?)user["enabled"]);
        Assert.Equal("""{"count":["3"],"is2FARegistered":["true"],"list":["a","b"],"phoneNumber":["\u002B4917"]}""", user["attributes"]!.ToJsonString());
    }

    [Fact]
    public async Task Search_is_done_by_the_query_and_pages_lead_on()
    {
        var admin = await AdminAsync();
        var stem = Guid.NewGuid().ToString("n")[..12];
        for (var i = 0; i < 5; i++) await MakeAsync(admin, "users", new { username = $"{stem}-{i}", firstName = $"First{stem}", email = $"{stem}{i}@example.org", enabled = i != 0 });

        Assert.Equal(5, (await GetAsync(admin, $"users?search={stem}")).AsArray().Count);
        Assert.Equal(5, (await GetAsync(admin, $"users?search=*{stem}*")).AsArray().Count);
        Assert.Equal(5, (await GetAsync(admin, $"users?firstName=first{stem}")).AsArray().Count);
        Assert.Equal(4, (await GetAsync(admin, $"users?username={stem}&enabled=true")).AsArray().Count);
        Assert.Empty((await GetAsync(admin, $"users?username={stem}&exact=true")).AsArray());
        Assert.Single((await GetAsync(admin, $"users?username={stem}-3&exact=true")).AsArray());
        Assert.Single((await GetAsync(admin, $"users?email={stem}3@example.org&exact=true")).AsArray());
        Assert.Empty((await GetAsync(admin, $"users?search={stem}%25")).AsArray());
        Assert.Equal(5, (int)await GetAsync(admin, $"users/count?search={stem}"));
        Assert.Equal([$"{stem}-2", $"{stem}-3"], (await GetAsync(admin, $"users?search={stem}&first=2&max=2")).AsArray().Select(user => (string?)user!["username"]));

        var seen = new List<string>();
        var next = $"{Root}users?search={stem}&max=2";
        while (next is not null)
        {
            var (status, page, answer) = await SendAsync(admin, "GET", next);
            Assert.Equal(HttpStatusCode.OK, status);
            seen.AddRange(page!.AsArray().Select(user => (string)user!["username"]!));
            next = answer.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"{stem}-{i}"), seen);
    }

    [Theory]
    [InlineData("users?q=department:sales")]
    [InlineData("users?usrname=ada")]
    [InlineData("users?first=x")]
    [InlineData("users?enabled=yes")]
    [InlineData("users?username=a&username=b")]
    [InlineData("users?username=%00")]
    public async Task A_parameter_that_would_not_be_honoured_is_refused(string path)
        => await ExpectAsync(await AdminAsync(), HttpStatusCode.BadRequest, "GET", path);

    [Fact]
    public async Task A_new_password_is_hashed_and_ends_sessions_and_tokens()
    {
        var admin = await AdminAsync();
        var name = Name("pw");
        var id = await MakeAsync(admin, "users", new { username = name, enabled = true, credentials = new[] { new { type = "password", value = "first long secret", temporary = false } } });
        var session = await SessionAsync(id);
        var (users, passwords, revocations) = (await Host.PartAsync<Users>(), await Host.PartAsync<Passwords>(), await Host.PartAsync<Revocations>());
        Assert.Equal(PasswordAnswer.Right, await passwords.CheckAsync((await users.PasswordAsync(AdminHost.Realm, id, default))!.Hash, "first long secret", default));
        var before = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());

        await DoneAsync(admin, "PUT", $"users/{id}/reset-password", new { type = "password", value = "second long secret", temporary = true });

        var row = (await users.PasswordAsync(AdminHost.Realm, id, default))!;
        Assert.Equal(PasswordAnswer.Right, await passwords.CheckAsync(row.Hash, "second long secret", default));
        Assert.Equal(PasswordAnswer.Wrong, await passwords.CheckAsync(row.Hash, "first long secret", default));
        Assert.True(row.Temporary);
        Assert.True((await Host.PartAsync<SessionStore>()).HasEnded(AdminHost.Realm, session));
        Assert.True(revocations.Has(AdminHost.Realm, null, id, null, before));
        Assert.Equal("UPDATE_PASSWORD", (string?)(await GetAsync(admin, $"users/{id}"))["requiredActions"]![0]);
        var credentials = (await GetAsync(admin, $"users/{id}/credentials")).ToJsonString();
        Assert.Contains("password", credentials);
        Assert.DoesNotContain(row.Hash, credentials);
    }

    [Theory]
    [InlineData("short", "at least")]
    [InlineData("password123", "most common")]
    [InlineData("aaaaaaaaaaaa", "most common")]
    public async Task A_weak_password_is_refused_with_a_reason(string password, string why)
    {
        var admin = await AdminAsync();
        var id = await MakeAsync(admin, "users", new { username = Name("weak") });

        var body = await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", $"users/{id}/reset-password", new { type = "password", value = password });

        Assert.Equal("password.weak", (string?)body!["code"]);
        Assert.Contains(why, (string?)body["errorMessage"]);
        Assert.DoesNotContain(password, body.ToJsonString());
    }

    [Fact]
    public async Task Disabling_and_signing_out_end_sessions()
    {
        var admin = await AdminAsync();
        var sessions = await Host.PartAsync<SessionStore>();
        var id = await MakeAsync(admin, "users", new { username = Name("out"), enabled = true });

        var first = await SessionAsync(id);
        Assert.Equal(first, (string?)(await GetAsync(admin, $"users/{id}/sessions"))[0]!["id"]);
        await DoneAsync(admin, "POST", $"users/{id}/logout");
        Assert.True(sessions.HasEnded(AdminHost.Realm, first));
        Assert.Empty((await GetAsync(admin, $"users/{id}/sessions")).AsArray());

        var second = await SessionAsync(id);
        await DoneAsync(admin, "PUT", $"users/{id}", new { enabled = false });
        Assert.True(sessions.HasEnded(AdminHost.Realm, second));

        var third = await SessionAsync(id);
        await DoneAsync(admin, "DELETE", $"sessions/{third}");
        Assert.True(sessions.HasEnded(AdminHost.Realm, third));
        await ExpectAsync(admin, HttpStatusCode.NotFound, "DELETE", $"sessions/{third}");

        var fourth = await SessionAsync(id);
        await DoneAsync(admin, "DELETE", $"users/{id}");
        Assert.True(sessions.HasEnded(AdminHost.Realm, fourth));
    }

    [Fact]
    public async Task Groups_are_joined_and_left()
    {
        var admin = await AdminAsync();
        var group = Name("group");
        var groupId = await MakeAsync(admin, "groups", new { name = group });
        var id = await MakeAsync(admin, "users", new { username = Name("member"), groups = new[] { $"/{group}" } });
        Assert.Equal($"/{group}", (string?)(await GetAsync(admin, $"users/{id}/groups"))[0]!["path"]);

        await DoneAsync(admin, "DELETE", $"users/{id}/groups/{groupId}");
        Assert.Empty((await GetAsync(admin, $"users/{id}/groups")).AsArray());
        await DoneAsync(admin, "PUT", $"users/{id}/groups/{groupId}");
        Assert.Equal(1, (int)(await GetAsync(admin, $"users/{id}/groups/count"))["count"]!);
        Assert.Equal(id, (string?)(await GetAsync(admin, $"groups/{groupId}/members"))[0]!["id"]);
    }

    [Theory]
    [InlineData("""{"username":"a","username":"b"}""")]
    [InlineData("""{"username":"nul\u0000name"}""")]
    [InlineData("""{"username":"x","firstName":"\ud800"}""")]
    [InlineData("""{"username":5}""")]
    [InlineData("""{"username":"x","enabled":"true"}""")]
    [InlineData("""{"username":"service-account-crm-sync"}""")]
    [InlineData("""{"username":"ab\u202Ecd"}""")]
    [InlineData("""{"username":""}""")]
    [InlineData("""{"username":"x","attributes":{"a":{"b":1}}}""")]
    [InlineData("""{"username":"x","attributes":{"a\u0000":"b"}}""")]
    [InlineData("""{"username":"x","groups":["/no-such-group"]}""")]
    [InlineData("""{"username":"x","requiredActions":["CONFIGURE_TOTP"]}""")]
    [InlineData("""{"username":"x","credentials":[{"type":"password","secretData":"{}"}]}""")]
    [InlineData("""{"username":"x"} trailing""")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}""")]
    [InlineData("""[]""")]
    [InlineData("""{""")]
    public async Task Hostile_bodies_are_refused_and_change_nothing(string body)
    {
        var admin = await AdminAsync();

        var answer = await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", "users", body);

        Assert.NotNull(answer!["errorMessage"]);
        Assert.Empty((await GetAsync(admin, "users?username=x&exact=true")).AsArray());
    }

    [Fact]
    public async Task Large_bodies_and_other_media_are_refused()
    {
        var admin = await AdminAsync();
        await ExpectAsync(admin, HttpStatusCode.RequestEntityTooLarge, "POST", "users", $$"""{"username":"x","firstName":"{{new string('a', 300_000)}}"}""");
        using var form = await admin.PostAsync($"{Root}users", new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "x" }));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, form.StatusCode);
    }

    [Fact]
    public async Task Members_that_nobody_understands_are_told_back()
    {
        var (status, _, answer) = await SendAsync(await AdminAsync(), "POST", "users", new { username = Name("odd"), favouriteColour = "blue", federationLink = "ldap" });

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal("favouriteColour, federationLink", answer.Headers.GetValues("Gatehouse-Ignored").Single());
    }

    [Fact]
    public async Task Every_change_is_in_the_admin_events()
    {
        var admin = await AdminAsync();
        var id = await MakeAsync(admin, "users", new { username = Name("seen") });
        await DoneAsync(admin, "PUT", $"users/{id}", new { firstName = "Changed" });
        await DoneAsync(admin, "DELETE", $"users/{id}");

        var events = (await GetAsync(await WithAsync("view-events"), "admin-events?max=100")).AsArray().Where(one => (string?)one!["resourcePath"] == $"users/{id}").ToList();

        Assert.Equal(["DELETE", "UPDATE", "CREATE"], events.Select(one => (string?)one!["operationType"]));
        Assert.All(events, one => Assert.Equal("USER", (string?)one!["resourceType"]));
        Assert.All(events, one => Assert.StartsWith("tester-", (string?)one!["authDetails"]!["clientId"]));
    }

    private async Task<string> SessionAsync(string user)
    {
        var (database, sessions) = (await Host.PartAsync<Database>(), await Host.PartAsync<SessionStore>());
        var now = DateTimeOffset.UtcNow;
        var session = new Session { Id = Guid.NewGuid().ToString(), Realm = AdminHost.Realm, User = user, AuthenticatedAt = now, StartedAt = now, LastUsedAt = now, EndsAt = now.AddHours(1), IdleEndsAt = now.AddHours(1) };
        await database.WriteAsync(work => sessions.StartAsync(work, session), default);
        return session.Id;
    }
}
