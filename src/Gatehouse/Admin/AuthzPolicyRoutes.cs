using System.Text.Json.Nodes;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Gatehouse.Terms;

namespace Gatehouse.Admin;

/// <summary>Policies and permissions of a client's authorization settings. Keycloak has them at two addresses, with the kind in the address or in the body.</summary>
internal static class AuthzPolicyRoutes
{
    private const string Root = AuthzRoutes.Root;

    public static void Map(AdminRoutes admin)
    {
        foreach (var (path, permissions) in ((string, bool)[])[("/policy", false), ("/permission", true)])
        {
            var what = permissions ? "permission" : "policy";
            admin.Get(Root + path, permissions ? "Lists permissions" : "Lists policies and permissions", Right.ViewAuthorization, asked => ListAsync(asked, permissions ? true : null)).Queries("name", "exact", "type", "resource", "scope", "permission", "policyId", "owner", "fields", "first", "max");
            admin.Get(Root + path + "/search", $"Finds a {what} by its exact name", Right.ViewAuthorization, SearchAsync).Queries("name", "fields");
            admin.Post(Root + path, $"Makes a {what}, its kind in the body", Right.ManageAuthorization, asked => AddAsync(asked, null)).Gives(201);
            admin.Post(Root + path + "/{kind}", $"Makes a {what} of a kind", Right.ManageAuthorization, asked => AddAsync(asked, asked.Route("kind"))).Gives(201);
            admin.Get(Root + path + "/{policy}", $"Shows a {what}", Right.ViewAuthorization, ShowAsync);
            admin.Delete(Root + path + "/{policy}", $"Deletes a {what}", Right.ManageAuthorization, RemoveAsync).Gives(204);
            admin.Get(Root + path + "/{kind}/{policy}", $"Shows a {what} of a kind", Right.ViewAuthorization, ShowOfKindAsync);
            admin.Put(Root + path + "/{kind}/{policy}", "Changes the members that are sent, and leaves the others", Right.ManageAuthorization, ChangeAsync).Gives(201);
            admin.Delete(Root + path + "/{kind}/{policy}", $"Deletes a {what} of a kind", Right.ManageAuthorization, RemoveAsync).Gives(204);
        }

        admin.Get(Root + "/policy/{policy}/associatedPolicies", "Lists the policies that a policy or permission stands on", Right.ViewAuthorization, BelowAsync);
        admin.Get(Root + "/policy/{policy}/dependentPolicies", "Lists what stands on a policy", Right.ViewAuthorization, AboveAsync);
        admin.Get(Root + "/policy/{policy}/resources", "Lists the resources that a permission speaks of", Right.ViewAuthorization, ResourcesAsync);
        admin.Get(Root + "/policy/{policy}/scopes", "Lists the scopes that a permission speaks of", Right.ViewAuthorization, ScopesAsync);
    }

    private static async Task<Answer> ListAsync(Asked asked, bool? permissions)
    {
        var (client, server) = await AuthzRoutes.FindAsync(asked);
        permissions ??= asked.Flag("permission");
        _ = asked.Query("fields");
        if (asked.Query("owner") is { } owner && owner != client.Id && owner != client.ClientId) return Answer.Ok(new JsonArray());
        var (name, exact, type, id) = (asked.Query("name"), asked.Flag("exact") == true, asked.Query("type"), asked.Query("policyId"));
        var resource = asked.Query("resource") is { } wanted ? server.Find(wanted)?.Id ?? "" : null;
        var scope = asked.Query("scope") is { } named ? server.FindScope(named)?.Name ?? "" : null;
        var found = server.Policies.Where(one => (permissions is null || one.IsPermission == permissions) && (id is null || one.Id == id) && (type is null || one.Condition.Kind == type)
            && (name is null || (exact ? one.Name == name : one.Name.Contains(name, StringComparison.OrdinalIgnoreCase)))
            && (resource is null || ResourcesOf(one).Contains(resource)) && (scope is null || one.Condition is Condition.OnScopes on && on.Scopes.Contains(scope)));
        return Answer.Ok(new JsonArray([.. AuthzResourceRoutes.Page(asked, found).Select(one => Shown(server, one))]));
    }

    private static async Task<Answer> SearchAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        _ = asked.Query("fields");
        var name = asked.Query("name") ?? throw Refused.Invalid("The parameter 'name' is missing.");
        return Answer.Ok(Shown(server, server.Policies.FirstOrDefault(one => one.Name == name) ?? throw Refused.Missing("Policy")));
    }

    private static async Task<Answer> AddAsync(Asked asked, string? kind)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var json = (await asked.ReadAsync()).Whole();
        ResourcePolicy? made = null;
        await AuthzRoutes.ChangeAsync(asked, client, "CREATE", "AUTHORIZATION_POLICY", "/policy", old =>
        {
            var server = SettingsReader.WithPolicy(old, json, kind, null, out var policy);
            if (old.Policies.Any(one => one.Name == policy.Name || one.Id == policy.Id)) throw new Refused(Reasons.Conflict, $"Policy with name [{policy.Name}] already exists");
            made = policy;
            return server;
        });
        var (_, now) = await AuthzRoutes.FindAsync(asked);
        return new Answer(201, Shown(now, now.FindPolicy(made!.Id) ?? made), $"{asked.Root}clients/{client.Id}/authz/resource-server/policy/{Uri.EscapeDataString(made.Id)}");
    }

    private static async Task<Answer> ShowAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(Shown(server, Of(server, asked, null)));
    }

    private static async Task<Answer> ShowOfKindAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(Shown(server, Of(server, asked, asked.Route("kind"))));
    }

    private static async Task<Answer> ChangeAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        var (kind, json) = (asked.Route("kind"), (await asked.ReadAsync()).Whole());
        await AuthzRoutes.ChangeAsync(asked, client, "UPDATE", "AUTHORIZATION_POLICY", $"/policy/{asked.Route("policy")}", old => SettingsReader.WithPolicy(old, json, kind, Of(old, asked, kind), out _));
        var (_, now) = await AuthzRoutes.FindAsync(asked);
        // Keycloak answers a change with 201 and what it has become.
        return new Answer(201, Shown(now, Of(now, asked, kind)));
    }

    private static async Task<Answer> RemoveAsync(Asked asked)
    {
        var (client, _) = await AuthzRoutes.FindAsync(asked);
        // Vendors' adapters name the kind at will when they delete: only the id counts.
        await AuthzRoutes.ChangeAsync(asked, client, "DELETE", "AUTHORIZATION_POLICY", $"/policy/{asked.Route("policy")}", old => Removal.OfPolicy(old, Of(old, asked, null)));
        return Answer.Done;
    }

    private static async Task<Answer> BelowAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(new JsonArray([.. Of(server, asked, null).Condition.Below.Select(server.FindPolicy).OfType<ResourcePolicy>().Select(one => Shown(server, one))]));
    }

    private static async Task<Answer> AboveAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        var id = Of(server, asked, null).Id;
        return Answer.Ok(new JsonArray([.. server.Policies.Where(one => one.Condition.Below.Contains(id)).Select(one => Shown(server, one))]));
    }

    private static async Task<Answer> ResourcesAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(new JsonArray([.. ResourcesOf(Of(server, asked, null)).Select(server.Find).OfType<Resource>().Select(one => new JsonObject { ["_id"] = one.Id, ["name"] = one.Name })]));
    }

    private static async Task<Answer> ScopesAsync(Asked asked)
    {
        var (_, server) = await AuthzRoutes.FindAsync(asked);
        return Answer.Ok(new JsonArray([.. (Of(server, asked, null).Condition is Condition.OnScopes on ? on.Scopes : []).Select(server.FindScope).OfType<ResourceScope>().Select(SettingsText.Of)]));
    }

    // In the admin API Keycloak shows what a policy has beside its name; the configuration stays for those who read exports. Users stand by id.
    private static JsonObject Shown(ResourceServer server, ResourcePolicy policy)
    {
        var made = SettingsText.Of(server, policy, new Dictionary<string, string>());
        switch (policy.Condition)
        {
            case Condition.Roles or Condition.Users or Condition.Groups or Condition.Clients or Condition.ClientScopes:
                foreach (var (name, value) in made["config"]!.AsObject().ToList()) made[name] = JsonNode.Parse(value!.GetValue<string>());
                break;
            case Condition.Pattern pattern:
                (made["targetClaim"], made["pattern"]) = (pattern.Claim, pattern.Expression);
                break;
            case Condition.OnResources { Type: { } type }:
                made["resourceType"] = type;
                break;
        }

        return made;
    }

    private static System.Collections.Immutable.ImmutableArray<string> ResourcesOf(ResourcePolicy policy) => policy.Condition switch { Condition.OnResources one => one.Resources, Condition.OnScopes one => one.Resources, _ => [] };

    private static ResourcePolicy Of(ResourceServer server, Asked asked, string? kind)
    {
        var id = asked.Route("policy");
        return server.Policies.FirstOrDefault(one => one.Id == id && (kind is null || one.Condition.Kind == kind)) ?? throw Refused.Missing("Policy");
    }
}
