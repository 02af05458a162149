using System.Security.Cryptography;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;

namespace Gatehouse.House.Demo;

/// <summary>Puts the demo's realm, people and clients into the database, once; secrets are random and told once, unless the environment gives them.</summary>
public sealed class DemoSeed(Database database, Realms realms, Users users, Groups groups, Roles roles, ClientStore clients, Passwords passwords, TimeProvider time)
{
    /// <summary>Demo people: user name, first name, last name, realm roles, group.</summary>
    private static readonly (string Name, string First, string Last, string[] Roles, string Group)[] People =
    [
        ("alice", "Alice", "Agent", ["agent"], "agents_permission"),
        ("sam", "Sam", "Supervisor", ["supervisor"], "senior_agents_permission"),
        ("ada", "Ada", "Admin", ["admin"], "senior_agents_permission"),
    ];

    /// <summary>What is told on the terminal: null where it was told at the first start.</summary>
    /// <param name="Password">Password of the demo people.</param>
    /// <param name="ClientSecret">Secret of <c>crm-sync</c>.</param>
    public sealed record Told(string? Password, string? ClientSecret);

    /// <summary>Seeds what is missing; what the environment gives is set again.</summary>
    public async Task<Told> SeedAsync(string? givenPassword, string? givenSecret, CancellationToken stop)
    {
        var first = realms.Find(Demo.RealmName) is null;
        if (first)
        {
            await database.WriteAsync(work => realms.AddAsync(work, new Realm { Name = Demo.RealmName, DisplayName = "Contact Centre" }), stop);
            await SeedRolesAsync(stop);
        }

        var password = givenPassword ?? (first ? NewText() : null);
        foreach (var person in People) await SeedPersonAsync(person.Name, person.First, person.Last, person.Roles, person.Group, password, stop);
        var secret = givenSecret ?? (first ? NewText() : null);
        await SeedClientsAsync(secret, stop);
        return new Told(password, secret);
    }

    /// <summary>The desktop's client, and that of the gadgets' service, whose secret is new at each start: the service is part of this program.</summary>
    public async Task<string> SeedServiceAsync(CancellationToken stop)
    {
        var (desktop, service, secret) = (await clients.FindByClientIdAsync(Demo.RealmName, "finesse", stop), await clients.FindByClientIdAsync(Demo.RealmName, DemoGadgets.Audience, stop), NewText());
        await database.WriteAsync(async work =>
        {
            if (desktop is null) await clients.AddAsync(work, new Client { Id = NewId(), Realm = Demo.RealmName, ClientId = "finesse", Name = "Agent desktop", Exchanges = true, Audiences = ["finesse", DemoGadgets.Audience], CreatedAt = time.GetUtcNow() });
            service ??= new Client { Id = NewId(), Realm = Demo.RealmName, ClientId = DemoGadgets.Audience, Name = "Customer service of a third party", StandardFlow = false, CreatedAt = time.GetUtcNow() };
            await clients.AddAsync(work, service);
            await clients.SetSecretAsync(work, Demo.RealmName, service.Id, new Secret(secret));
            return true;
        }, stop);
        return secret;
    }

    private static string NewText() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    private static string NewId() => Guid.NewGuid().ToString();

    private async Task SeedRolesAsync(CancellationToken stop)
    {
        string[] names = ["agent", "supervisor", "admin", "integration"];
        await database.WriteAsync(async work =>
        {
            foreach (var name in names) await roles.AddAsync(work, new Role { Id = NewId(), Realm = Demo.RealmName, Name = name });
            foreach (var name in (string[])["agents_permission", "senior_agents_permission"])
                await groups.AddAsync(work, new Group { Id = NewId(), Realm = Demo.RealmName, Name = name, Path = "/" + name });
            return true;
        }, stop);
    }

    private async Task SeedPersonAsync(string name, string first, string last, string[] roleNames, string group, string? password, CancellationToken stop)
    {
        var user = await users.FindByNameAsync(Demo.RealmName, name, stop);
        var fresh = user is null;
        user ??= new User { Id = NewId(), Realm = Demo.RealmName, Username = name, FirstName = first, LastName = last, Email = $"{name}@example.org", EmailVerified = true, CreatedAt = time.GetUtcNow() };
        // All have a password here, so somebody must be said to sign in without it at Finesse's addresses.
        if (fresh && name == "sam") user = user with { Attributes = user.Attributes.SetItem("finesse.authMode", ["SSO"]) };
        var hash = password is null ? null : await passwords.HashAsync(password, stop);
        var held = new List<Role>();
        foreach (var role in roleNames) held.Add((await roles.FindByNameAsync(Demo.RealmName, null, role, stop))!);
        if (name == "ada") held.Add((await roles.FindByNameAsync(Demo.RealmName, "realm-management", "realm-admin", stop))!);
        var place = (await groups.FindByPathAsync(Demo.RealmName, "/" + group, stop))!;
        await database.WriteAsync(async work =>
        {
            if (fresh)
            {
                await users.AddAsync(work, user);
                foreach (var role in held) await roles.GiveAsync(work, Demo.RealmName, RoleHolder.User, user.Id, role.Id);
                await groups.JoinAsync(work, Demo.RealmName, user.Id, place.Id);
            }

            if (hash is not null) await users.SetPasswordHashAsync(work, Demo.RealmName, user.Id, hash, temporary: false);
            return true;
        }, stop);
    }

    private async Task SeedClientsAsync(string? secret, CancellationToken stop)
    {
        var desk = await clients.FindByClientIdAsync(Demo.RealmName, "agent-desk", stop);
        var sync = await clients.FindByClientIdAsync(Demo.RealmName, "crm-sync", stop);
        var integration = (await roles.FindByNameAsync(Demo.RealmName, null, "integration", stop))!;
        await database.WriteAsync(async work =>
        {
            if (desk is null)
            {
                await clients.AddAsync(work, new Client
                {
                    Id = NewId(), Realm = Demo.RealmName, ClientId = "agent-desk", Name = "Agent Desk", Public = true, CreatedAt = time.GetUtcNow(),
                    RedirectUris = ["http://127.0.0.1/callback", "http://localhost/callback"], PostLogoutRedirectUris = ["http://127.0.0.1/", "http://localhost/"],
                });
            }

            if (sync is null)
            {
                sync = new Client
                {
                    Id = NewId(), Realm = Demo.RealmName, ClientId = "crm-sync", Name = "CRM synchronisation", StandardFlow = false, ServiceAccount = true, CreatedAt = time.GetUtcNow(),
                };
                await clients.AddAsync(work, sync);
                await roles.GiveAsync(work, Demo.RealmName, RoleHolder.ServiceAccount, sync.ClientId, integration.Id);
            }

            if (secret is not null) await clients.SetSecretAsync(work, Demo.RealmName, sync.Id, new Secret(secret));
            return true;
        }, stop);
    }
}
