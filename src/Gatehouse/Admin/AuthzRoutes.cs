using System.Text.Json.Nodes;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Gatehouse.Policy;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>Authorization settings of a client as a whole: modes, import, export, evaluation.</summary>
internal static class AuthzRoutes
{
    public const string Root = "clients/{id}/authz/resource-server";

    public static void Map(AdminRoutes admin)
    {
        admin.Get(Root, "Shows modes of a client's authorization settings", Right.ViewAuthorization, ShowAsync);
        admin.Put(Root, "Changes the modes that are sent, and leaves the others", Right.ManageAuthorization, ChangeModesAsync).Gives(204);
        admin.Get(Root + "/settings", "Exports the authorization settings, as an import reads them", Right.ViewAuthorization, ExportAsync);
        admin.Post(Root + "/import", "Imports authorization settings: what has the same name is replaced, what is not mentioned stays", Right.ManageAuthorization, ImportAsync).Gives(204);
        admin.Post(Root + "/policy/evaluate", "Says what a user or a client may do, with nothing changed", Right.ViewAuthorization, EvaluateAsync);
    }

    /// <summary>The client and its settings, or 404.</summary>
    public static async Task<(Client Client, ResourceServer Server)> FindAsync(Asked asked)
    {
        var client = await ClientRoutes.FindAsync(asked, asked.Route("id"));
        return (client, await asked.Rooms.Guarded.FindAsync(client, asked.Stop) ?? throw new Refused(Reasons.NotFound, $"The client {client.ClientId} has no authorization settings. Set 'authorizationServicesEnabled' to true first."));
    }

    /// <summary>Changes the settings; a fault in what was sent is told, and nothing changes.</summary>
    public static async Task ChangeAsync(Asked asked, Client client, string operation, string kind, string resource, Func<ResourceServer, ResourceServer> change)
    {
        var by = asked.Event(operation, kind, $"clients/{client.Id}/authz/resource-server{resource}");
        if (!await SoundAsync(() => asked.Rooms.Guarded.ChangeAsync(client, change, by, asked.Stop))) throw new Refused(Reasons.Conflict, "The authorization settings are changed by many at once; try again.");
    }

    /// <summary>Runs a reader of settings; what it throws in words for people is told.</summary>
    public static async Task<T> SoundAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (ArgumentException wrong) when (wrong is not ArgumentNullException and not ArgumentOutOfRangeException)
        {
            throw Refused.Invalid(wrong.Message);
        }
    }

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var (client, server) = await FindAsync(asked);
        return Answer.Ok(new JsonObject
        {
            ["id"] = client.Id, ["clientId"] = client.Id, ["name"] = client.ClientId, ["allowRemoteResourceManagement"] = server.RemoteManagement,
            ["policyEnforcementMode"] = SettingsText.Name(server.Mode), ["decisionStrategy"] = SettingsText.Name(server.Strategy),
        });
    }

    private static async Task<Answer> ChangeModesAsync(Asked asked)
    {
        var (client, _) = await FindAsync(asked);
        var body = await asked.ReadAsync();
        body.Whole();
        var (mode, strategy, remote) = (body.Text("policyEnforcementMode"), body.Text("decisionStrategy"), body.Flag("allowRemoteResourceManagement"));
        var wanted = new JsonObject();
        if (mode is not null) wanted["policyEnforcementMode"] = mode;
        if (strategy is not null) wanted["decisionStrategy"] = strategy;
        if (remote is not null) wanted["allowRemoteResourceManagement"] = remote;
        var json = System.Text.Json.JsonSerializer.SerializeToElement(wanted);
        await ChangeAsync(asked, client, "UPDATE", "AUTHORIZATION_RESOURCE_SERVER", "", server => SettingsReader.Merge(server, json, client));
        return Answer.Done;
    }

    private static async Task<Answer> ExportAsync(Asked asked)
    {
        var (client, server) = await FindAsync(asked);
        return Answer.Ok(await asked.Rooms.Guarded.ExportAsync(client, server, asked.Stop));
    }

    private static async Task<Answer> ImportAsync(Asked asked)
    {
        var client = await ClientRoutes.FindAsync(asked, asked.Route("id"));
        if (BuiltIn.Is(client)) throw BuiltIn.Refuse($"The client {client.ClientId}");
        if (client.Public) throw Refused.Invalid("A public client has no authorization settings.");
        var document = (await asked.ReadAsync()).Whole();
        await ChangeAsync(asked, client, "UPDATE", "AUTHORIZATION_RESOURCE_SERVER", "/import", server => SettingsReader.Merge(server, document, client));
        return Answer.Done;
    }

    // What a vendor's adapter and a console send: clientId (internal id) or none, userId, resources with ids or names.
    private static async Task<Answer> EvaluateAsync(Asked asked)
    {
        var (client, server) = await FindAsync(asked);
        var body = await asked.ReadAsync();
        var asker = await AskerAsync(asked, body, client);
        var wanted = new List<string>();
        foreach (var resource in body.List("resources") ?? [])
        {
            var scopes = (resource.List("scopes") ?? []).Select(one => one.Text("name") ?? "").Where(name => name.Length > 0);
            wanted.Add((resource.Text("_id") ?? resource.Text("id") ?? resource.Text("name") ?? "") + (scopes.Any() ? "#" + string.Join(',', scopes) : ""));
        }

        body.Whole();
        var request = new PermissionRequest { Wanted = [.. wanted.Where(one => one.Length > 0).Take(200)] };
        var (granted, error) = await asked.Rooms.Entitlements.AskAsync(asked.Realm.Name, client.ClientId, asker, request, asked.Stop);
        if (error is not null) throw Refused.Invalid(error.Description);
        var results = new JsonArray();
        foreach (var resource in server.Resources.Where(one => request.Wanted.IsEmpty || request.Wanted.Any(name => name.Split('#')[0] is var asked && (asked == one.Id || asked == one.Name))))
        {
            var allowed = granted.FirstOrDefault(one => one.ResourceId == resource.Id);
            results.Add(new JsonObject
            {
                ["resource"] = new JsonObject { ["_id"] = resource.Id, ["name"] = resource.Name }, ["status"] = allowed is null ? "DENY" : "PERMIT",
                ["allowedScopes"] = new JsonArray([.. (allowed?.Scopes ?? []).Select(name => new JsonObject { ["name"] = name })]),
            });
        }

        return Answer.Ok(new JsonObject { ["status"] = granted.IsEmpty ? "DENY" : "PERMIT", ["entitlements"] = false, ["results"] = results });
    }

    private static async Task<Asker> AskerAsync(Asked asked, Body body, Client client)
    {
        if (body.Text("userId") is not { Length: > 0 } userId) return await asked.Rooms.Entitlements.AskerAsync(client, asked.Stop);
        return await asked.Rooms.Entitlements.AskerAsync(client, userId, null, client.DefaultScopes, asked.Stop) ?? throw Refused.Missing("User");
    }
}
