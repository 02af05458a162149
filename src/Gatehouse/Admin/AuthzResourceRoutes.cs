using System.Text.Json.Nodes;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Gatehouse.Policy;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>Resources and scopes of a client's authorization settings.</summary>
internal static class AuthzResourceRoutes
{
    private const string Root = AuthzRoutes.Root;

    public static void Map(AdminRoutes admin)
    {
        admin.Get(Root + "/resource", "Lists resources", Right.ViewAuthorization, ListAsync).Queries("name", "uri", "owner", "type", "scope", "matchingUri", "exactName", "deep", "first", "max");
        admin.Post(Root + "/resource", "Makes a resource; scopes that it names are made with it", Right.ManageAuthorization, AddAsync).Gives(201);
        admin.Get(Root + "/resource/search", "Finds a resource by its exact name", Right.ViewAuthorization, SearchAsync).Queries("name");
        admin.Get(Root + "/resource/{resource}", "Shows a resource", Right.ViewAuthorization, ShowAsync);
        admin.Put(Root + "/resource/{resource}", "Changes the members that are sent, and leaves the others", Right.ManageAuthorization, ChangeAsync).Gives(204);
        admin.Delete(Root + "/resource/{resource}", "Deletes a resource, and permissions that spoke of nothing else", Right.ManageAuthorization, RemoveAsync).Gives(204);
        admin.Get(Root + "/scope", "Lists scopes", Right.ViewAuthorization, ListScopesAsync).Queries("name", "scopeId", "first", "max", "deep");
        admin.Post(Root + "/scope", "Makes a scope", Right.ManageAuthorization, AddScopeAsync).Gives(201);
        admin.Get(Root + "/scope/{scope}", "Shows a scope", Right.ViewAuthorization, ShowScopeAsync);
        admin.Delete(Root + "/scope/{scope}", "Deletes a scope, and takes it from resources and permissions", Right.ManageAuthorization, RemoveScopeAsync).Gives(204);
    }

    private static async Task<Answer> ListAsync(Asked asked)
    {
        var (client, server) = await AuthzRoutes.FindAsync(asked);
        _ = asked.Flag("deep");
        var (name, uri, owner, type, scope) = (asked.Query("name"), asked.Query("uri"), asked.Query("owner"), asked.Query("type"), asked.Query("scope"));
        var exact = asked.Flag("exactName") == true;
        IEnumerable<Resource> all = uri is null ? server.Resources : PathMatch.Find(server, uri, asked.Flag("matchingUri") == true);
        all = all.Where(one => (name is null || (exact ? one.Name == name : one.Name.Contains(name, StringComparison.OrdinalIgnoreCase))) && (type is null || one.Type == type)
            && (scope is null || one.Scopes.Contains(scope)) && (owner is null || (one.Owner ?? client.Id) == owner || (one.Owner is null && owner == client.ClientId)));
        return Answer.Ok(new JsonArray([.. Page(asked, all).Select(one => SettingsText.Of(client, server, one))]));
    }

    private static async Task<Answer> SearchAsync(Asked asked)
    {
        var (client, server) = await AuthzRoutes.FindAsync(asked);
        var name = asked.Query("name") ?? throw Refused.Invalid("The parameter 'name' is missing.");
        return Answer.Ok(SettingsText.Of(client, server, server.Resources.FirstOrDefault(one => one.Name == name && one.Owner is null) ?? throw Refused.Missing("Resource")));
    }

    private static async Task<Answer> AddAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var json = (await asked.ReadAsync()).Whole();
        Resource? made = null;
        await AuthzRoutes.ChangeAsync(asked, client, "CREATE", "AUTHORIZATION_RESOURCE", "/resource", old =>
        {
            var server = SettingsReader.WithResource(old, json, null, client, out var resource);
            if (old.Resources.Any(one => one.Id == resource.Id || (one.Name == resource.Name && one.Owner == resource.Owner))) throw new Refused(Reasons.Conflict, $"Resource with name [{resource.Name}] already exists.");
            made = resource;
            return server;
        });
        var (_, now) = await AuthzRoutes.FindAsync(asked);
        return new Answer(201, SettingsText.Of(client, now, now.Find(made!.Id) ?? made), $"{asked.Root}clients/{client.Id}/authz/resource-server/resource/{Uri.EscapeDataString(made.Id)}");
    }

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var (client, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(SettingsText.Of(client, server, Of(server, asked.Route("resource"))));
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var (id, json) = (asked.Route("resource"), (await asked.ReadAsync()).Whole());
        await AuthzRoutes.ChangeAsync(asked, client, "UPDATE", "AUTHORIZATION_RESOURCE", $"/resource/{id}", old => SettingsReader.WithResource(old, json, Of(old, id), client, out _));
        return Answer.Done;
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var id = asked.Route("resource");
        await AuthzRoutes.ChangeAsync(asked, client, "DELETE", "AUTHORIZATION_RESOURCE", $"/resource/{id}", old => Removal.OfResource(old, Of(old, id)));
        return Answer.Done;
    }

    private static async Task<Answer> ListScopesAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        _ = asked.Flag("deep");
        var (name, id) = (asked.Query("name"), asked.Query("scopeId"));
        return Answer.Ok(new JsonArray([.. Page(asked, server.Scopes.Where(one => (name is null || one.Name.Contains(name, StringComparison.OrdinalIgnoreCase)) && (id is null || one.Id == id))).Select(SettingsText.Of)]));
    }

    private static async Task<Answer> AddScopeAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var json = (await asked.ReadAsync()).Whole();
        ResourceScope? made = null;
        await AuthzRoutes.ChangeAsync(asked, client, "CREATE", "AUTHORIZATION_SCOPE", "/scope", old =>
        {
            var server = SettingsReader.WithScope(old, json, out made);
            return old.Scopes.Any(one => one.Name == made.Name) ? throw new Refused(Reasons.Conflict, $"Scope with name [{made.Name}] already exists.") : server;
        });
        return new Answer(201, SettingsText.Of(made!), $"{asked.Root}clients/{client.Id}/authz/resource-server/scope/{made!.Id}");
    }

    private static async Task<Answer> ShowScopeAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(SettingsText.Of(ScopeOf(server, asked.Route("scope"))));
    }

    private static async Task<Answer> RemoveScopeAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var id = asked.Route("scope");
        await AuthzRoutes.ChangeAsync(asked, client, "DELETE", "AUTHORIZATION_SCOPE", $"/scope/{id}", old => Removal.OfScope(old, ScopeOf(old, id)));
        return Answer.Done;
    }

    public static IEnumerable<T> Page<T>(Asked asked, IEnumerable<T> all) => all.Skip(asked.Number("first", 0, 10_000)).Take(asked.Number("max", 500, ResourceServer.MostPolicies));

    private static Resource Of(ResourceServer server, string id) => server.Resources.FirstOrDefault(one => one.Id == id) ?? throw Refused.Missing("Resource");

    private static ResourceScope ScopeOf(ResourceServer server, string id) => server.Scopes.FirstOrDefault(one => one.Id == id) ?? throw Refused.Missing("Scope");
}
