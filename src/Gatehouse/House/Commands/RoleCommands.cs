using System.CommandLine;
using Gatehouse.People;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse roles</c>.</summary>
internal static class RoleCommands
{
    private static readonly Argument<string> Name = new("ROLE") { Description = "The role's name." };
    private static readonly Option<string?> Client = new("--client") { Description = "The client whose role it is; the realm's when not given.", HelpName = "CLIENT" };
    private static readonly Option<string?> Description = new("--description") { Description = "What it is for, for people.", HelpName = "TEXT" };
    private static readonly Option<string?> Search = new("--search") { Description = "Part of the name.", HelpName = "TEXT" };
    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "roles", "What people and services may be allowed to do, by name.",
        ["gatehouse roles add history-export --description 'May export the history of dialogs'", "gatehouse roles list"],
        DataVerb.Make(terminal, "list", "Lists the realm's roles, or a client's.", [Client, Search], ListAsync, ["gatehouse roles list", "gatehouse roles list --client realm-management"]),
        DataVerb.Make(terminal, "add", "Adds a role; rules of the access file name it, users and clients are given it.", [Name, Client, Description], AddAsync, ["gatehouse roles add history-export --description 'May export the history of dialogs'"]),
        DataVerb.Make(terminal, "delete", "Deletes a role; whoever held it holds it no more.", [Name, Client, Yes], DeleteAsync, ["gatehouse roles delete history-export --yes"]));

    private static async Task<int> ListAsync(Job job)
    {
        var all = new List<Role>();
        string? after = null;
        do
        {
            var page = await job.Shop.Roles.ListAsync(job.Realm.Name, job.Words.GetValue(Client), job.Words.GetValue(Search), after, 1000, job.Stop);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        if (job.Json) return await job.SayAsync(all.Select(role => new { role.Id, role.Name, role.Client, role.Description, role.Composite }).ToArray());
        job.Terminal.Table(["role", "description", "contains others"], all.Select(role => (IReadOnlyList<string?>)[role.Key, role.Description, role.Composite ? "yes" : ""]));
        return CommandLine.Done;
    }

    private static async Task<int> AddAsync(Job job)
    {
        var (realm, client) = (job.Realm.Name, job.Words.GetValue(Client));
        Open(client);
        if (client is not null && await job.Shop.Clients.FindByClientIdAsync(realm, client, job.Stop) is null) throw new StartRefused($"There is no client '{Terminal.Printable(client)}' in realm '{realm}'.");
        var role = new Role { Id = Guid.NewGuid().ToString(), Realm = realm, Client = client, Name = job.Words.GetValue(Name)!, Description = job.Words.GetValue(Description) };
        if (!await job.Shop.ChangeAsync(realm, "CREATE", $"roles/{role.Key}", work => job.Shop.Roles.AddAsync(work, role), job.Stop)) throw new StartRefused($"There is a role '{Terminal.Printable(role.Key)}' already.");
        return await job.DoneAsync($"Role '{Terminal.Printable(role.Key)}' is there. Give it with: gatehouse users roles NAME --give {role.Key}", new { role.Id, role.Name, role.Client });
    }

    private static async Task<int> DeleteAsync(Job job)
    {
        var (realm, client, name) = (job.Realm.Name, job.Words.GetValue(Client), job.Words.GetValue(Name)!);
        Open(client);
        if (name == $"default-roles-{realm}" && client is null) throw new StartRefused($"'{name}' is built in.");
        var role = await job.Shop.Roles.FindByNameAsync(realm, client, name, job.Stop) ?? throw new StartRefused($"There is no role '{Terminal.Printable(name)}' in realm '{realm}'.");
        if (!job.Words.GetValue(Yes) && !Asks.Yes(job.Terminal, $"Delete '{role.Key}' for good?")) throw new StartRefused("Nothing was deleted. Add --yes to delete without being asked.");
        await job.Shop.ChangeAsync(realm, "DELETE", $"roles/{role.Key}", work => job.Shop.Roles.RemoveAsync(work, realm, role.Id), job.Stop);
        return await job.DoneAsync($"'{role.Key}' is deleted.", new { role.Id, role.Name, role.Client });
    }

    private static void Open(string? client)
    {
        if (client == Admin.Right.Client) throw new StartRefused($"The roles of '{client}' are built in.");
    }
}
