using Gatehouse.Clients;
using Gatehouse.Conformance.Kits;
using Gatehouse.People;
using Gatehouse.Sessions;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tests.Protocols.Uma;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Conformance.Keycloak;

/// <summary>Expertflow's own library from npm, unchanged: sign-in by posted password and by Finesse, permissions, introspection, users, groups, roles, resources, and the guard before routes.</summary>
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
            var token = await FinesseTokenAsync(site.Desk);
            var (code, output) = await Npm.RunAsync("ef-keycloak-connect", "walk.mjs", package, site.Desk.Url.ToString(), Desk.Realm, "cim", CimSite.Secret, site.CimId, Desk.Password, token);
            Assert.True(code == 0, output);
            foreach (var step in (string[])["sign-in with permissions", "wrong password", "supervisor", "refresh", "introspection", "users and roles", "groups and role mappings", "resources, policies, permissions", "Finesse with SSO", "Finesse without SSO", "users deleted", "enforcer", "our own Finesse"])
                Assert.Contains($"ok {step}", output, StringComparison.Ordinal);
        }
        finally
        {
            await site.DisposeAsync();
        }
    }

    // The desktop's token of an agent who signs in by SSO alone, as /desktop/sso/token gives it.
    private static async Task<string> FinesseTokenAsync(Desk desk)
    {
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = "own-sso", FirstName = "Olga", LastName = "Own", Email = "own@example.org", CreatedAt = DateTimeOffset.UnixEpoch };
        var (role, group, now) = (await desk.Part<Roles>().FindByNameAsync(Desk.Realm, null, "agent", default), await desk.Part<Groups>().FindByPathAsync(Desk.Realm, "/agents_permission", default), desk.Part<TimeProvider>().GetUtcNow());
        var session = new Session { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, User = user.Id, Methods = ["fed"], AuthenticatedAt = now, StartedAt = now, LastUsedAt = now, EndsAt = now.AddHours(1), IdleEndsAt = now.AddHours(1) };
        await desk.Part<Database>().WriteAsync(async work =>
        {
            await desk.Part<Users>().AddAsync(work, user);
            await desk.Part<Roles>().GiveAsync(work, Desk.Realm, RoleHolder.User, user.Id, role!.Id);
            await desk.Part<Groups>().JoinAsync(work, Desk.Realm, user.Id, group!.Id);
            return await desk.Part<SessionStore>().StartAsync(work, session);
        }, default);
        await desk.Part<ChangeFeed>().CatchUpAsync(default);
        var client = (await desk.Part<ClientStore>().FindByClientIdAsync(Desk.Realm, "finesse", default))!;
        var (tokens, error) = await desk.Part<Issuer>().MintAsync(new Authorization { Grant = "authorization_code", Realm = desk.Part<Realms>().Find(Desk.Realm)!, Client = client, User = user.Id, Session = session, Scopes = client.DefaultScopes, AuthenticatedAt = now, Level = "1" }, default);
        return tokens?.AccessToken ?? throw new InvalidOperationException(error!.Description);
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
