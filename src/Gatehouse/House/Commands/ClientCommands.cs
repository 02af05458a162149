using System.CommandLine;
using Gatehouse.Admin;
using Gatehouse.Clients;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse clients</c>.</summary>
internal static class ClientCommands
{
    private static readonly Argument<string> Id = new("CLIENT") { Description = "The client_id." };
    private static readonly Option<string?> Search = new("--search") { Description = "Part of the client_id.", HelpName = "TEXT" };
    private static readonly Option<string?> DisplayName = new("--name") { Description = "Name for people.", HelpName = "TEXT" };
    private static readonly Option<bool> Public = new("--public") { Description = "A browser or phone application: no secret, PKCE only." };
    private static readonly Option<bool> Service = new("--service-account") { Description = "A back-end service that obtains tokens for itself (client credentials)." };
    private static readonly Option<bool> Exchange = new("--exchange") { Description = "It may trade proofs of people (tickets, assertions, foreign tokens) for tokens." };
    private static readonly Option<bool> Posts = new("--direct-grants") { Description = "It may post names and passwords, while facades:keycloak:passwordClients names it too." };
    private static readonly Option<string[]> Audience = new("--audience") { Description = "Back end for which its access tokens count too; a gadget's token is cut to some of these. May be repeated.", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Redirect = new("--redirect-uri") { Description = "Exact address to which sign-in may return. May be repeated.", HelpName = "URL", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> After = new("--after-sign-out") { Description = "Exact address to which sign-out may return. May be repeated.", HelpName = "URL", DefaultValueFactory = _ => [] };
    private static readonly Option<string[]> Role = new("--role") { Description = "Role of the service account; realm role, or client/role. May be repeated.", HelpName = "ROLE", DefaultValueFactory = _ => [] };
    private static readonly Option<int?> Keep = new("--keep-old") { Description = "Let the old secret live for so many hours, so that it can be rolled over.", HelpName = "HOURS" };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "clients", "Applications and back-end services that obtain tokens.",
        ["gatehouse clients add crm-sync --service-account --role integration", "gatehouse clients add agent-desk --public --redirect-uri https://desk.example.org/callback", "gatehouse clients secret crm-sync --keep-old 24"],
        DataVerb.Make(terminal, "list", "Lists clients, ordered by client_id.", [Search], ListAsync, ["gatehouse clients list --json"]),
        DataVerb.Make(terminal, "add", "Adds a client; shows the secret of a confidential one, this once.", [Id, DisplayName, Public, Service, Exchange, Posts, Audience, Redirect, After, Role], AddAsync, ["gatehouse clients add crm-sync --service-account --role integration", "gatehouse clients add finesse --exchange --audience crm", "gatehouse clients add agent-desk --public --redirect-uri https://desk.example.org/callback"]),
        SamlClientCommand.Build(terminal),
        CasClientCommand.Build(terminal),
        AuthorizationCommands.Build(terminal),
        DataVerb.Make(terminal, "show", "Shows a client, without its secret.", [Id], ShowAsync, ["gatehouse clients show crm-sync"]),
        DataVerb.Make(terminal, "secret", "Makes a new secret and shows it, this once; the old one ends at once unless told otherwise.", [Id, Keep], SecretAsync, ["gatehouse clients secret crm-sync", "gatehouse clients secret crm-sync --keep-old 24"]),
        DataVerb.Make(terminal, "delete", "Deletes a client with its roles.", [Id, Yes], DeleteAsync, ["gatehouse clients delete crm-sync --yes"]));

    private static async Task<int> ListAsync(Job job)
    {
        var all = new List<Client>();
        string? after = null;
        do
        {
            var page = await job.Shop.Clients.ListAsync(job.Realm.Name, job.Words.GetValue(Search), after, 1000, job.Stop);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        if (job.Json) return await job.SayAsync(all.Select(ClientShapes.Of).ToArray());
        job.Terminal.Table(["client", "name", "kind", "enabled"], all.Select(client => (IReadOnlyList<string?>)[client.ClientId, client.Name, KindOf(client), client.Enabled ? "yes" : "no"]));
        return CommandLine.Done;
    }

    private static async Task<int> AddAsync(Job job)
    {
        var realm = job.Realm.Name;
        var isPublic = job.Words.GetValue(Public);
        var client = new Client
        {
            Id = Guid.NewGuid().ToString(), Realm = realm, ClientId = job.Words.GetValue(Id)!, Name = job.Words.GetValue(DisplayName), Public = isPublic, ServiceAccount = job.Words.GetValue(Service),
            Exchanges = job.Words.GetValue(Exchange), DirectGrants = job.Words.GetValue(Posts), StandardFlow = job.Words.GetValue(Redirect)!.Length > 0, RedirectUris = [.. job.Words.GetValue(Redirect)!], PostLogoutRedirectUris = [.. job.Words.GetValue(After)!], Audiences = [.. job.Words.GetValue(Audience)!.Distinct()], CreatedAt = job.Shop.Time.GetUtcNow(),
        };
        if (client.ClientId == Right.Client) throw new StartRefused($"'{Right.Client}' is built in.");
        if (isPublic && client.ServiceAccount) throw new StartRefused("A public client cannot have a service account: it has nothing to prove itself with.");
        if (isPublic && client.Exchanges) throw new StartRefused("A public client cannot exchange tokens: anybody could do it in its name.");
        if (isPublic && client.DirectGrants) throw new StartRefused("A public client cannot post passwords: anybody could do it in its name.");
        if (!client.ActsForUsers && !client.ServiceAccount) throw new StartRefused("Give --redirect-uri for an application where people sign in, --service-account for a back-end service, --exchange for one that trades proofs, or --direct-grants for one that posts passwords.");
        var roles = new List<Role>();
        foreach (var key in job.Words.GetValue(Role)!)
        {
            var slash = key.LastIndexOf('/');
            roles.Add(await job.Shop.Roles.FindByNameAsync(realm, slash < 0 ? null : key[..slash], key[(slash + 1)..], job.Stop) ?? throw new StartRefused($"There is no role '{Terminal.Printable(key)}' in realm '{realm}'."));
        }

        Secret? secret = null;
        var made = await job.Shop.ChangeAsync(realm, "CREATE", $"clients/{client.Id}", async work =>
        {
            if (!await job.Shop.Clients.AddAsync(work, client)) return false;
            if (!isPublic) secret = await job.Shop.Clients.NewSecretAsync(work, realm, client.Id, null);
            foreach (var role in roles) await job.Shop.Roles.GiveAsync(work, realm, RoleHolder.ServiceAccount, client.ClientId, role.Id);
            return true;
        }, job.Stop);
        if (!made) throw new StartRefused($"There is a client '{client.ClientId}' already.");
        return await TellAsync(job, client, $"Client '{client.ClientId}' is there.", secret);
    }

    private static async Task<int> ShowAsync(Job job)
    {
        var client = await FindAsync(job);
        if (job.Json) return await job.SayAsync(ClientShapes.Of(client));
        var roles = await job.Shop.Roles.OfAsync(client.Realm, RoleHolder.ServiceAccount, client.ClientId, job.Stop);
        job.Terminal.Table(["what", "value"],
        [
            ["id", client.Id], ["client", client.ClientId], ["name", client.Name], ["kind", KindOf(client)], ["enabled", client.Enabled ? "yes" : "no"], ["made", client.CreatedAt.ToString("u")],
            .. client.RedirectUris.Select(uri => (IReadOnlyList<string?>)["redirect", uri]), .. client.PostLogoutRedirectUris.Select(uri => (IReadOnlyList<string?>)["after sign-out", uri]),
            .. client.Audiences.Select(one => (IReadOnlyList<string?>)["audience", one]), .. roles.Select(role => (IReadOnlyList<string?>)["role", role.Key]),
        ]);
        return CommandLine.Done;
    }

    private static async Task<int> SecretAsync(Job job)
    {
        var client = await FindAsync(job);
        if (client.Public) throw new StartRefused("A public client has no secret.");
        if (job.Words.GetValue(Keep) is < 0 or > 720) throw new StartRefused("--keep-old must be 0 to 720 hours.");
        Secret? secret = null;
        await job.Shop.ChangeAsync(client.Realm, "ACTION", $"clients/{client.Id}/client-secret", async work =>
        {
            secret = await job.Shop.Clients.NewSecretAsync(work, client.Realm, client.Id, job.Words.GetValue(Keep) is { } hours ? job.Shop.Time.GetUtcNow().AddHours(hours) : null);
            return true;
        }, job.Stop);
        return await TellAsync(job, client, $"'{client.ClientId}' has a new secret.", secret);
    }

    private static async Task<int> DeleteAsync(Job job)
    {
        var client = await FindAsync(job);
        if (!job.Words.GetValue(Yes) && !Asks.Yes(job.Terminal, $"Delete '{client.ClientId}' for good?")) throw new StartRefused("Nothing was deleted. Add --yes to delete without being asked.");
        var held = await job.Shop.Roles.OfAsync(client.Realm, RoleHolder.ServiceAccount, client.ClientId, job.Stop);
        var own = await job.Shop.Roles.ListAsync(client.Realm, client.ClientId, null, null, 1000, job.Stop);
        await job.Shop.ChangeAsync(client.Realm, "DELETE", $"clients/{client.Id}", async work =>
        {
            // A later client of the same name must not inherit anything.
            foreach (var role in held) await job.Shop.Roles.TakeAsync(work, client.Realm, RoleHolder.ServiceAccount, client.ClientId, role.Id);
            foreach (var role in own.Items) await job.Shop.Roles.RemoveAsync(work, client.Realm, role.Id);
            await job.Shop.EndClientAsync(work, client);
            return await job.Shop.Clients.RemoveAsync(work, client.Realm, client.Id);
        }, job.Stop);
        return await job.DoneAsync($"'{client.ClientId}' is deleted.", new { client.Id, client.ClientId });
    }

    private static Task<Client> FindAsync(Job job) => FindAsync(job, job.Words.GetValue(Id)!);

    /// <summary>The client of a command; refused when there is none.</summary>
    public static async Task<Client> FindAsync(Job job, string id) => await job.Shop.Clients.FindByClientIdAsync(job.Realm.Name, id, job.Stop) ?? throw new StartRefused($"There is no client '{Terminal.Printable(id)}' in realm '{job.Realm.Name}'.");

    private static string KindOf(Client client) => client.Saml is not null ? "SAML application" : client.Cas is not null ? "CAS application" : client.Public ? "public" : client.ServiceAccount ? client.StandardFlow ? "confidential, service account" : "service account" : "confidential";

    private static async Task<int> TellAsync(Job job, Client client, string sentence, Secret? secret)
    {
        if (job.Json) return await job.SayAsync(new { client.Id, client.ClientId, Secret = secret?.Reveal() });
        await job.Terminal.Error.WriteLineAsync(secret is null ? sentence : $"{sentence} The secret, shown this once:");
        if (secret is not null) await job.Terminal.Output.WriteLineAsync(secret.Reveal());
        return CommandLine.Done;
    }
}
