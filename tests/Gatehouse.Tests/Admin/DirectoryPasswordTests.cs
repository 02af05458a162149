using System.Net;
using Gatehouse.Federation;
using Gatehouse.SignIn.Import;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class DirectoryPasswordsOnSqlite(SqliteHost host) : DirectoryPasswordTests(host);

public sealed class DirectoryPasswordsOnPostgres(PostgresHost host) : DirectoryPasswordTests(host);

/// <summary>Passwords of users whose password lives in a directory (OpenLDAP).</summary>
public abstract class DirectoryPasswordTests(AdminHost host) : AdminKit(host)
{
    private const string New = "an-entirely-new-password";

    [Fact]
    public async Task A_password_is_set_in_the_directory_where_that_is_allowed_and_else_clearly_refused()
    {
        // The host is shared: a name of our own, and one person alone.
        await using var slapd = await SlapdKit.StartAsync($"dn: ou=people,{SlapdKit.Base}\nobjectClass: organizationalUnit\nou: people\n\n" + SlapdKit.Person("petra", "petras-password", "Petra", "Weber"));
        var (admin, alias) = (await AdminAsync(), "pw-" + Guid.NewGuid().ToString("n")[..8]);
        object Body(bool writable) => new { alias, providerId = "ldap", config = new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = "ou=people," + SlapdKit.Base, ["bindDn"] = SlapdKit.Admin, ["bindPassword"] = SlapdKit.AdminPassword, ["writable"] = writable ? "true" : "false" } };
        await MakeAsync(admin, "identity-provider/instances", Body(false));
        await ExpectAsync(admin, HttpStatusCode.Accepted, "POST", $"identity-provider/instances/{alias}/import", new { });
        await (await Host.PartAsync<ImportTurns>()).SettledAsync();
        var path = $"users/{(string?)(await GetAsync(admin, "users?username=petra&exact=true"))[0]!["id"]}";

        var before = await slapd.CountAsync();
        var refused = await ExpectAsync(admin, HttpStatusCode.Conflict, "PUT", path + "/reset-password", new { type = "password", value = New });
        Assert.Equal("password.elsewhere", (string?)refused!["code"]);
        Assert.Equal(before, await slapd.CountAsync());
        Assert.Empty((await GetAsync(admin, path + "/credentials")).AsArray());

        await DoneAsync(admin, "PUT", $"identity-provider/instances/{alias}", Body(true));
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", path + "/reset-password", new { type = "password", value = New, temporary = true });
        Assert.Equal("password.weak", (string?)(await ExpectAsync(admin, HttpStatusCode.BadRequest, "PUT", path + "/reset-password", new { type = "password", value = "petra" }))!["code"]);
        Assert.IsType<Finding.Known>(await CheckAsync(alias, "petras-password"));
        await DoneAsync(admin, "PUT", path + "/reset-password", new { type = "password", value = New });
        Assert.IsType<Finding.Known>(await CheckAsync(alias, New));
        Assert.IsType<Finding.Refused>(await CheckAsync(alias, "petras-password"));
        Assert.Empty((await GetAsync(admin, path + "/credentials")).AsArray());

        await slapd.KillAsync();
        var down = await ExpectAsync(admin, HttpStatusCode.ServiceUnavailable, "PUT", path + "/reset-password", new { type = "password", value = New + "2" });
        Assert.Equal("directory.unavailable", (string?)down!["code"]);
        Assert.DoesNotContain(New, down.ToJsonString(), StringComparison.Ordinal);

        // A provider that is switched off keeps nobody's password: the user gets one here.
        await DoneAsync(admin, "PUT", $"identity-provider/instances/{alias}", new { enabled = false });
        await DoneAsync(admin, "PUT", path + "/reset-password", new { type = "password", value = New });
        Assert.Single((await GetAsync(admin, path + "/credentials")).AsArray());
    }

    private async Task<Finding> CheckAsync(string alias, string password)
    {
        var upstreams = await Host.PartAsync<Upstreams>();
        return await ((IChecksPasswords)upstreams.Open(upstreams.Find(AdminHost.Realm, alias)!).Upstream).CheckAsync("petra", new Secret(password), Trace.None, TestContext.Current.CancellationToken);
    }
}
