using System.CommandLine;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Gatehouse.Wire.Text;

namespace Gatehouse.House.Commands;

/// <summary><c>gatehouse clients authorization</c>: what a client guards, and who may.</summary>
internal static class AuthorizationCommands
{
    private static readonly Argument<string> Id = new("CLIENT") { Description = "The client_id." };
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "Keycloak's authorizationSettings, or a client or realm export that has them." };
    private static readonly Option<bool> Replace = new("--replace") { Description = "What the file does not mention is deleted; without this it stays." };

    public static Verb Build(Terminal terminal) => DataVerb.Group(
        "authorization", "Authorization settings: resources, scopes, policies and permissions, as Keycloak exports them.",
        ["gatehouse clients authorization import cim settings.json", "gatehouse clients authorization export cim > settings.json"],
        DataVerb.Make(terminal, "import", "Imports authorization settings; all of the file or, when anything in it does not hold together, nothing.", [Id, File, Replace], ImportAsync,
            ["gatehouse clients authorization import cim settings.json", "gatehouse clients authorization import cim realm-export.json --replace"]),
        DataVerb.Make(terminal, "export", "Writes the authorization settings in the form that an import reads.", [Id], ExportAsync, ["gatehouse clients authorization export cim > settings.json"]));

    private static async Task<int> ImportAsync(Job job)
    {
        var client = await ClientCommands.FindAsync(job, job.Words.GetValue(Id)!);
        if (client.Public) throw new StartRefused("A public client has no authorization settings: anybody could change them in its name.");
        var document = Read(job.Words.GetValue(File)!, client.ClientId);
        var replace = job.Words.GetValue(Replace);
        var by = new AuditEvent { Realm = client.Realm, Type = "UPDATE", Resource = $"clients/{client.Id}/authz/resource-server/import", Client = "gatehouse-cli", Details = new Dictionary<string, string> { ["operator"] = Environment.UserName } };
        try
        {
            if (!await job.Shop.Guarded.ChangeAsync(client, old => SettingsReader.Merge(replace ? new ResourceServer { Version = old.Version } : old, document, client), by, job.Stop)) throw new StartRefused("Somebody else keeps changing these settings. Try again.");
        }
        catch (ArgumentException wrong)
        {
            throw new StartRefused(Terminal.Printable(wrong.Message));
        }

        var now = await job.Shop.Guarded.FindAsync(client with { AuthorizationServices = true }, job.Stop) ?? new ResourceServer();
        var (resources, scopes, permissions) = (now.Resources.Length, now.Scopes.Length, now.Policies.Count(one => one.IsPermission));
        return await job.DoneAsync($"'{client.ClientId}' guards {resources} resources with {scopes} scopes, by {now.Policies.Length - permissions} policies and {permissions} permissions.", new { client.ClientId, Resources = resources, Scopes = scopes, Policies = now.Policies.Length - permissions, Permissions = permissions });
    }

    private static async Task<int> ExportAsync(Job job)
    {
        var client = await ClientCommands.FindAsync(job, job.Words.GetValue(Id)!);
        var server = await job.Shop.Guarded.FindAsync(client, job.Stop) ?? throw new StartRefused($"'{client.ClientId}' has no authorization settings. Import some with: gatehouse clients authorization import {client.ClientId} FILE");
        await job.Terminal.Output.WriteLineAsync((await job.Shop.Guarded.ExportAsync(client, server, job.Stop)).ToJsonString(SettingsJson.Indented));
        return CommandLine.Done;
    }

    // The settings themselves, a client with them, or a realm with clients.
    private static JsonElement Read(FileInfo file, string clientId)
    {
        if (!file.Exists) throw new StartRefused($"There is no file '{file.FullName}'.");
        if (file.Length > 32 * 1024 * 1024) throw new StartRefused("The file has more than 32 MiB.");
        var limits = Limits.Default with { JsonBytes = 32 * 1024 * 1024, JsonDepth = 32 };
        if (!StrictJson.TryParse(System.IO.File.ReadAllBytes(file.FullName), limits, JsonValueKind.Object, out var document, out var fault)) throw new StartRefused($"'{file.Name}' is not a JSON object ({fault}).");
        using (document)
        {
            var root = document.RootElement;
            if (root.TryGetProperty("clients", out var clients) && clients.ValueKind == JsonValueKind.Array)
            {
                root = clients.EnumerateArray().FirstOrDefault(one => one.ValueKind == JsonValueKind.Object && one.TryGetProperty("clientId", out var id) && id.ValueKind == JsonValueKind.String && id.GetString() == clientId);
                if (root.ValueKind != JsonValueKind.Object) throw new StartRefused($"'{file.Name}' has no client '{clientId}'.");
            }

            if (root.TryGetProperty("authorizationSettings", out var settings)) return settings.Clone();
            return root.TryGetProperty("clientId", out _) ? throw new StartRefused($"The client in '{file.Name}' has no 'authorizationSettings'.") : root.Clone();
        }
    }
}
