using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tests.Protocols.Uma;
using Xunit;

namespace Gatehouse.Conformance.Keycloak;

/// <summary>Expertflow's own library from npm, unchanged: sign-in by posted password, with a second factor and by Finesse (our own facade, here and in another installation), permissions, introspection, users, groups, roles, resources, and the guard before routes.</summary>
public sealed class ExpertflowLibraryTests
{
    [Theory]
    [InlineData("ef-keycloak-connect")]
    [InlineData("ef-keycloak-connect-older")]
    [InlineData("ef-keycloak-connect-newer")]
    public async Task Npm_ef_keycloak_connect_works_unchanged(string package)
    {
        var site = new CimSite();
        await site.InitializeAsync();
        try
        {
            await AddAdminAsync(site.Desk);
            await using var finesse = await FinesseHereAsync();
            await AddAgentAsync(site.Desk, "own-sso", sso: true);
            var (over, session) = await TokenAsync(finesse, "fin-sso");
            await finesse.Part<SignOut>().EndAsync((await finesse.Part<SessionStore>().FindAsync(Desk.Realm, session, default))!, null, null, default);
            var more = JsonSerializer.Serialize(new
            {
                url = finesse.Url.ToString(), password = Desk.Password, over, own = (await TokenAsync(site.Desk, "own-sso")).Token, sso = (await TokenAsync(finesse, "fin-sso")).Token, lead = (await TokenAsync(finesse, "fin-lead")).Token,
            });
            var (code, output) = await Npm.RunAsync("ef-keycloak-connect", "walk.mjs", package, site.Desk.Url.ToString(), Desk.Realm, "cim", CimSite.Secret, site.CimId, Desk.Password, more);
            Assert.True(code == 0, output);

            // The oldest has neither attributes nor a second factor.
            string[] since = package.EndsWith("older", StringComparison.Ordinal) ? [] : ["attributes", "second factor"];
            foreach (var step in (string[])["sign-in with permissions", "wrong password", "supervisor", "refresh", "introspection", "users and roles", "groups and role mappings", .. since, "resources, policies, permissions", "Finesse with SSO", "Finesse without SSO", "Finesse with SSO, a supervisor", "Finesse refuses", "users deleted", "enforcer", "our own Finesse"])
                Assert.Contains($"ok {step}\n", output, StringComparison.Ordinal);
        }
        finally
        {
            await site.DisposeAsync();
        }
    }

    // A Finesse of its own: another Gatehouse that answers as one, with people whom the first does not know; and at the vendor's address, with a second factor.
    private static async Task<Desk> FinesseHereAsync()
    {
        var far = DateTime.UtcNow.AddDays(400).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var desk = await Desk.OpenAsync(with: options =>
        {
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""
                { "facades": { "finesse": { "realm": "{{Desk.Realm}}", "mode": "HYBRID", "supervisorRole": "supervisor" }, "expertflow": { "realm": "{{Desk.Realm}}", "client": "finesse", "secondFactor": "app", "needsRole": false, "needsTeam": false, "needsPermissionGroup": false, "until": { "login": "{{far}}", "validateOtp": "{{far}}" } } } }
                """);
            return options;
        });
        foreach (var (name, sso) in ((string, bool)[])[("fin-sso", true), ("fin-basic", false), ("fin-lead", true)]) await AddAgentAsync(desk, name, sso);
        return desk;
    }

    // An agent with a password, which counts on the page alone where they sign in by SSO; "-lead" leads.
    private static async Task AddAgentAsync(Desk desk, string name, bool sso)
    {
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = name, FirstName = "Olga", LastName = "Own", Email = $"{name}@example.org", CreatedAt = DateTimeOffset.UnixEpoch };
        if (sso) user = user with { Attributes = user.Attributes.Add("finesse.authMode", ["SSO"]) };
        var (roles, groups) = (desk.Part<Roles>(), desk.Part<Groups>());
        var group = await groups.FindByPathAsync(Desk.Realm, "/agents_permission", default);
        var hash = await desk.Part<Passwords>().HashAsync(Desk.Password, default);
        string[] held = name.EndsWith("-lead", StringComparison.Ordinal) ? ["agent", "supervisor"] : ["agent"];
        var found = await Task.WhenAll(held.Select(role => roles.FindByNameAsync(Desk.Realm, null, role, default)));
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Users>().AddAsync(work, user);
            await desk.Part<Users>().SetPasswordHashAsync(work, Desk.Realm, user.Id, hash, temporary: false);
            foreach (var role in found) await roles.GiveAsync(work, Desk.Realm, RoleHolder.User, user.Id, role!.Id);
            await groups.JoinAsync(work, Desk.Realm, user.Id, group!.Id);
            return true;
        }, default);
        await desk.Part<ChangeFeed>().CatchUpAsync(default);
    }

    // The desktop's token as its own address gives it after a sign-in by page, and the session that it is of.
    private static async Task<(string Token, string Session)> TokenAsync(Desk desk, string name)
    {
        using var walker = new Walker();
        await walker.OpenAsync($"{desk.Url}desktop/sso/token?cc_username={name}&return_refresh_token=true");
        await walker.SubmitAsync(("username", name), ("password", Desk.Password));
        Assert.True(walker.At.AbsolutePath == "/desktop/sso/token" && walker.Status == HttpStatusCode.OK, $"{walker.At}: {walker.Status} {walker.Text}");
        var token = JsonDocument.Parse(walker.Text).RootElement.GetProperty("token").GetString()!;
        return (token, JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement.GetProperty("sid").GetString()!);
    }

    // Some of the library's admin addresses are made of the administrator's name, so it must be this one.
    private static async Task AddAdminAsync(Desk desk)
    {
        var (users, roles) = (desk.Part<Users>(), desk.Part<Roles>());
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = "admin", CreatedAt = DateTimeOffset.UnixEpoch };
        var hash = await desk.Part<Passwords>().HashAsync(Desk.Password, default);
        var held = new[] { await roles.FindByNameAsync(Desk.Realm, null, "admin", default), await roles.FindByNameAsync(Desk.Realm, "realm-management", "realm-admin", default) };
        // To this library a supervisor is in both groups.
        var (sam, agents) = (await users.FindByNameAsync(Desk.Realm, "sam", default), await desk.Part<Groups>().FindByPathAsync(Desk.Realm, "/agents_permission", default));
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Groups>().JoinAsync(work, Desk.Realm, sam!.Id, agents!.Id);
            await users.AddAsync(work, user);
            await users.SetPasswordHashAsync(work, Desk.Realm, user.Id, hash, temporary: false);
            foreach (var role in held) await roles.GiveAsync(work, Desk.Realm, RoleHolder.User, user.Id, role!.Id);
            return true;
        }, default);
        await desk.Part<ChangeFeed>().CatchUpAsync(default);
    }
}
