using System.CommandLine;
using Gatehouse.Admin;
using Gatehouse.Clients;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse clients add-saml</c>.</summary>
internal static class SamlClientCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "The application's SAML metadata." };
    private static readonly Option<string?> DisplayName = new("--name") { Description = "Name for people.", HelpName = "TEXT" };
    private static readonly Option<string[]> Attribute = new("--attribute")
    {
        Description = "An attribute of its assertions: NAME=TEXT with {username}, {email}, {firstName}, {lastName}, {name}, {id}, {attribute.X}, or {roles} or {groups} alone. May be repeated; the usual ones when not given.", HelpName = "RULE", DefaultValueFactory = _ => [],
    };

    private static readonly Option<bool> Replace = new("--replace") { Description = "Take the new metadata of an application that is there already: its addresses and certificates change, its attributes stay unless given." };

    public static Verb Build(Terminal terminal) => DataVerb.Make(terminal, "add-saml", "Adds an application that speaks SAML 2.0, from its metadata.", [File, DisplayName, Attribute, Replace], AddAsync,
        ["gatehouse clients add-saml app-metadata.xml --name 'Reports'", "gatehouse clients add-saml sp.xml --attribute 'uid={username}' --attribute 'user_principal={username}@example.org'"]);

    private static async Task<int> AddAsync(Job job)
    {
        var (entity, settings) = await ReadAsync(job.Words.GetValue(File)!, job);
        var given = job.Words.GetValue(Attribute)!.Select(Rule).ToList();
        var realm = job.Realm.Name;
        var old = await job.Shop.Clients.FindByClientIdAsync(realm, entity, job.Stop);
        if (old is not null && (!job.Words.GetValue(Replace) || old.Saml is null)) throw new StartRefused($"There is a client '{Terminal.Printable(entity)}' already.{(old.Saml is null ? "" : " Add --replace to take its new metadata.")}");
        settings = settings with { Attributes = given.Count > 0 ? [.. given] : old?.Saml?.Attributes ?? AttributeRule.Usual, StartName = old?.Saml?.StartName, StartRelayState = old?.Saml?.StartRelayState };
        if (settings.Fault is { } fault) throw new StartRefused(fault);
        var client = (old ?? new Client { Id = Guid.NewGuid().ToString(), Realm = realm, ClientId = entity, StandardFlow = false, CreatedAt = job.Shop.Time.GetUtcNow() }) with { Saml = settings };
        if (job.Words.GetValue(DisplayName) is { } name) client = client with { Name = name };
        await job.Shop.ChangeAsync(realm, old is null ? "CREATE" : "UPDATE", $"clients/{client.Id}", work => old is null ? job.Shop.Clients.AddAsync(work, client) : job.Shop.Clients.ChangeAsync(work, client), job.Stop);
        return await job.DoneAsync($"Application '{Terminal.Printable(entity)}' is there. Our metadata for it: ADDRESS/realms/{realm}/protocol/saml/descriptor", ClientShapes.Of(client));
    }

    private static async Task<(string, SamlApplication)> ReadAsync(string file, Job job)
    {
        try
        {
            return SamlApplication.Of(await System.IO.File.ReadAllBytesAsync(file, job.Stop), job.Shop.Time.GetUtcNow());
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartRefused($"{Terminal.Printable(file)}: {wrong.Message}");
        }
    }

    internal static AttributeRule Rule(string text) => text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } source] ? new AttributeRule(name, source) : throw new StartRefused($"'{Terminal.Printable(text)}' is no rule: write NAME=TEXT.");
}
