using System.CommandLine;
using Gatehouse.Admin;
using Gatehouse.Admin.Representations;
using Gatehouse.People;
using Gatehouse.Terms;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse realms</c>.</summary>
internal static class RealmCommands
{
    public static Verb Build(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "Name, as it stands in addresses: lower-case letters, digits, dash, underscore." };
        var display = new Option<string?>("--display-name") { Description = "Name shown to people.", HelpName = "TEXT" };
        return DataVerb.Group(
            "realms", "Realms: tenants with their own people, clients and keys.",
            ["gatehouse realms list", "gatehouse realms add contact-centre --display-name 'Contact Centre'"],
            DataVerb.Make(terminal, "list", "Lists the realms.", [], ListAsync, ["gatehouse realms list --json"], realm: false),
            DataVerb.Make(terminal, "add", "Makes a realm; the data folder too, when it is not there yet.", [name, display],
                job => AddAsync(job, job.Words.GetValue(name)!, job.Words.GetValue(display)), ["gatehouse realms add contact-centre --data /var/lib/gatehouse"], fresh: true, realm: false),
            DataVerb.Make(terminal, "disable", "Bars a whole realm: nobody signs in or obtains a token.", [name], job => SwitchAsync(job, job.Words.GetValue(name)!, enabled: false), ["gatehouse realms disable contact-centre"], realm: false),
            DataVerb.Make(terminal, "enable", "Opens a realm again.", [name], job => SwitchAsync(job, job.Words.GetValue(name)!, enabled: true), ["gatehouse realms enable contact-centre"], realm: false));
    }

    private static Task<int> ListAsync(Job job)
    {
        var all = job.Shop.Realms.All;
        if (job.Json) return job.SayAsync(all.Select(RealmRepresentation.Of).ToArray());
        job.Terminal.Table(["realm", "name", "enabled"], all.Select(realm => (IReadOnlyList<string?>)[realm.Name, realm.DisplayName, realm.Enabled ? "yes" : "no"]));
        return Task.FromResult(CommandLine.Done);
    }

    private static async Task<int> SwitchAsync(Job job, string name, bool enabled)
    {
        var realm = job.Shop.Realm(name) with { Enabled = enabled };
        await job.Shop.ChangeAsync(name, "UPDATE", $"realms/{name}", work => job.Shop.Realms.ChangeAsync(work, realm), job.Stop);
        return await job.DoneAsync($"Realm '{name}' is {(enabled ? "open" : "barred")}.", RealmRepresentation.Of(realm));
    }

    private static async Task<int> AddAsync(Job job, string name, string? display)
    {
        if (!Realms.IsName(name)) throw new StartRefused($"'{name}' cannot name a realm: 1 to 64 lower-case letters, digits, '-' and '_', first a letter or digit.");
        var realm = new Realm { Name = name, DisplayName = display };
        var made = await job.Shop.ChangeAsync(name, "CREATE", $"realms/{name}", async work =>
        {
            if (!await job.Shop.Realms.AddAsync(work, realm)) return false;
            if (name == RealmRoutes.Master) await job.Shop.Roles.AddAsync(work, new Role { Id = Guid.NewGuid().ToString(), Realm = name, Name = RealmRoutes.CreateRealm, Description = "May make realms" });
            return true;
        }, job.Stop);
        return made ? await job.DoneAsync($"Realm '{name}' is there. Next: gatehouse users add NAME --realm {name} --role realm-management/realm-admin --generate", RealmRepresentation.Of(realm)) : throw new StartRefused($"There is a realm '{name}' already.");
    }
}
