using System.CommandLine;
using Gatehouse.Admin;
using Gatehouse.Clients;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse clients add-cas</c>.</summary>
internal static class CasClientCommand
{
    private static readonly Argument<string> Id = new("CLIENT") { Description = "A name for the application." };
    private static readonly Option<string?> DisplayName = new("--name") { Description = "Name for people.", HelpName = "TEXT" };
    private static readonly Option<string[]> Services = new("--service") { Description = "Service address, exact; with a star at its end, all that begin so. May be repeated.", HelpName = "URL", Required = true };
    private static readonly Option<string[]> Attribute = new("--attribute")
    {
        Description = "An attribute that version 3 of the protocol tells: NAME=TEXT with {username}, {email}, {firstName}, {lastName}, {name}, {id}, {attribute.X}, or {roles} or {groups} alone. May be repeated; the usual ones when not given.", HelpName = "RULE", DefaultValueFactory = _ => [],
    };

    public static Verb Build(Terminal terminal) => DataVerb.Make(terminal, "add-cas", "Adds an application that speaks CAS.", [Id, DisplayName, Services, Attribute], AddAsync,
        ["gatehouse clients add-cas wallboard --service https://wallboard.example.org/login", "gatehouse clients add-cas intranet --service 'https://intranet.example.org/app/*' --attribute 'mail={email}'"]);

    private static async Task<int> AddAsync(Job job)
    {
        var realm = job.Realm.Name;
        var given = job.Words.GetValue(Attribute)!.Select(SamlClientCommand.Rule).ToList();
        var cas = new CasApplication { Services = [.. job.Words.GetValue(Services)!], Attributes = given.Count > 0 ? [.. given] : AttributeRule.Usual };
        if (cas.Fault is { } fault) throw new StartRefused(fault);
        var client = new Client { Id = Guid.NewGuid().ToString(), Realm = realm, ClientId = job.Words.GetValue(Id)!, Name = job.Words.GetValue(DisplayName), StandardFlow = false, Cas = cas, CreatedAt = job.Shop.Time.GetUtcNow() };
        if (client.ClientId == Right.Client || !await job.Shop.ChangeAsync(realm, "CREATE", $"clients/{client.Id}", work => job.Shop.Clients.AddAsync(work, client), job.Stop)) throw new StartRefused($"There is a client '{Terminal.Printable(client.ClientId)}' already.");
        return await job.DoneAsync($"Application '{Terminal.Printable(client.ClientId)}' is there. Its CAS server: ADDRESS/realms/{realm}/protocol/cas", ClientShapes.Of(client));
    }
}
