using System.Net;
using Gatehouse.SignIn.Import;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Admin;

public sealed class ImportRoutesOnSqlite(SqliteHost host) : ImportRoutesTests(host);

public sealed class ImportRoutesOnPostgres(PostgresHost host) : ImportRoutesTests(host);

/// <summary>Imports through the admin API.</summary>
public abstract class ImportRoutesTests(AdminHost host) : AdminKit(host)
{
    [Fact]
    public async Task An_import_is_begun_and_looked_at_and_reading_lists_afterwards_asks_the_directory_nothing_and_writes_nothing()
    {
        // The host is shared: names of our own.
        var (admin, own) = (await AdminAsync(), Guid.NewGuid().ToString("n")[..8]);
        var alias = "dir-" + own;
        await using var slapd = await SlapdKit.StartAsync(Federation.LdapTests.Fixture.Ldif.Replace("mina", "mina" + own, StringComparison.Ordinal).Replace("otto", "otto" + own, StringComparison.Ordinal));
        await MakeAsync(admin, "identity-provider/instances", new { alias, providerId = "ldap", config = new { urls = slapd.Url, usersDn = "ou=people," + SlapdKit.Base, bindDn = SlapdKit.Admin, bindPassword = SlapdKit.AdminPassword } });
        var path = $"identity-provider/instances/{alias}/import";
        Assert.Equal("NEVER", (string?)(await GetAsync(admin, path))["status"]);
        Assert.Equal("RUNNING", (string?)(await ExpectAsync(admin, HttpStatusCode.Accepted, "POST", path, new { }))!["status"]);
        await (await Host.PartAsync<ImportTurns>()).SettledAsync();
        var status = await GetAsync(admin, path);
        // Other classes share the realm and may have users of these names already.
        Assert.Equal(("DONE", 2, 2), ((string?)status["status"], (int?)status["read"], (int?)status["added"] + (int?)status["failed"]));
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", path, new { dryRun = true });

        var id = (string?)(await GetAsync(admin, $"users?username=mina{own}&exact=true"))[0]!["id"];
        var database = await Host.PartAsync<Gatehouse.Storage.Database>();
        var (before, changes) = (await slapd.CountAsync(), await ChangesAsync(database, id!));
        foreach (var list in (string[])["users", "users/count", "users?search=mina", $"users/{id}", $"users/{id}/federated-identity", $"users/{id}/groups", $"users/{id}/role-mappings", $"users/{id}/credentials", "groups", "roles", "identity-provider/instances", $"identity-provider/instances/{alias}", path])
            await GetAsync(admin, list);
        Assert.Equal((before, changes), (await slapd.CountAsync(), await ChangesAsync(database, id!)));

        Assert.Contains((await GetAsync(admin, "admin-events?max=50")).AsArray(), one => ((string?)one!["resourcePath"])?.EndsWith($"{alias}/import", StringComparison.Ordinal) == true);
        await ExpectAsync(await WithAsync("view-users"), HttpStatusCode.Forbidden, "GET", path);
        await ExpectAsync(await WithAsync("manage-identity-providers"), HttpStatusCode.Forbidden, "POST", path, new { });
        await MakeAsync(admin, "identity-provider/instances", new { alias = alias + "-g", providerId = "google", config = new { clientId = "x" } });
        await ExpectAsync(admin, HttpStatusCode.BadRequest, "POST", $"identity-provider/instances/{alias}-g/import", new { });
    }

    private static Task<long> ChangesAsync(Gatehouse.Storage.Database database, string id) => database.ReadAsync(connection => Dapper.SqlMapper.ExecuteScalarAsync<long>(connection, "select count(*) from changes where subject = @id", new { id }), default);
}
