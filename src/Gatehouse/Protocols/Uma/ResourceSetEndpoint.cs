using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Audit;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;
using Gatehouse.Permissions;
using Gatehouse.Policy;
using Gatehouse.Protocols.OpenId;
using Gatehouse.SignIn;
using Gatehouse.Terms;
using Gatehouse.Wire.OAuth;
using Gatehouse.Wire.Text;

namespace Gatehouse.Protocols.Uma;

/// <summary>The resource registration endpoint (UMA 2.0 Federated Authorization, 3), with Keycloak's searches. A client sees and changes its own resources and nobody else's.</summary>
public sealed class ResourceSetEndpoint(ProtectionAdmission admission, GuardedResources settings)
{
    /// <summary>Finds resources: a list of ids, or of resources with <c>deep=true</c>.</summary>
    public async Task FindAsync(HttpContext context)
    {
        if (await admission.AdmitAsync(context, changes: false) is not var (client, server, _)) return;
        var query = context.Request.Query;
        if (query.Any(pair => pair.Value.Count > 1 || pair.Value.ToString().Length > 2000))
        {
            await Exchange.ErrorAsync(context, OAuthError.InvalidRequest("A parameter stands twice, or is too long."));
            return;
        }

        var (id, name, uri, owner, type, scope) = (Text("_id"), Text("name"), Text("uri"), Text("owner"), Text("type"), Text("scope"));
        IEnumerable<Resource> all = uri is null ? server.Resources : PathMatch.Find(server, uri, Text("matchingUri") == "true");
        var exact = Text("exactName") == "true";
        all = all.Where(one => (id is null || one.Id == id) && (type is null || one.Type == type) && (owner is null || (one.Owner ?? client.Id) == owner || (one.Owner is null && owner == client.ClientId))
            && (name is null || (exact ? one.Name == name : one.Name.Contains(name, StringComparison.OrdinalIgnoreCase))) && (scope is null || one.Scopes.Any(held => held == scope || held.Trim() == scope.Trim())));
        var first = int.TryParse(Text("first"), out var from) && from > 0 ? from : 0;
        var max = int.TryParse(Text("max"), out var most) && most >= 0 ? most : ResourceServer.MostResources;
        var page = all.Skip(first).Take(Math.Min(max, ResourceServer.MostResources));
        await AnswerAsync(context, Text("deep") == "true" ? new JsonArray([.. page.Select(one => Shown(client, server, one))]) : new JsonArray([.. page.Select(one => (JsonNode)one.Id)]));

        string? Text(string parameter) => query[parameter].ToString() is { Length: > 0 } text ? text : null;
    }

    /// <summary>Shows one.</summary>
    public async Task ShowAsync(HttpContext context)
    {
        if (await admission.AdmitAsync(context, changes: false) is not var (client, server, _)) return;
        if (Of(server, context) is { } resource) await AnswerAsync(context, Shown(client, server, resource));
        else await MissingAsync(context);
    }

    /// <summary>Makes one.</summary>
    public async Task AddAsync(HttpContext context)
    {
        if (await admission.AdmitAsync(context, changes: true) is not var (client, _, principal) || await ReadAsync(context) is not { } json) return;
        Resource? made = null;
        if (!await ChangeAsync(context, client, principal, "CREATE", "", old =>
            {
                var next = SettingsReader.WithResource(old, json, null, client, out made);
                return old.Resources.Any(one => one.Id == made.Id || (one.Name == made.Name && one.Owner == made.Owner)) ? throw new Taken(made.Name) : next;
            })) return;
        context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{Uri.EscapeDataString(made!.Id)}";
        await AnswerAsync(context, Shown(client, await settings.FindAsync(client with { AuthorizationServices = true }, context.RequestAborted) ?? new ResourceServer(), made), 201);
    }

    /// <summary>Changes one.</summary>
    public async Task ChangeAsync(HttpContext context)
    {
        if (await admission.AdmitAsync(context, changes: true) is not var (client, server, principal)) return;
        if (Of(server, context) is not { } known)
        {
            await MissingAsync(context);
            return;
        }

        if (await ReadAsync(context) is not { } json) return;
        if (await ChangeAsync(context, client, principal, "UPDATE", "/" + known.Id, old => old.Resources.FirstOrDefault(one => one.Id == known.Id) is { } resource ? SettingsReader.WithResource(old, json, resource, client, out _) : old)) context.Response.StatusCode = 204;
    }

    /// <summary>Deletes one, with the permissions that spoke of nothing else.</summary>
    public async Task RemoveAsync(HttpContext context)
    {
        if (await admission.AdmitAsync(context, changes: true) is not var (client, server, principal)) return;
        if (Of(server, context) is not { } known) await MissingAsync(context);
        else if (await ChangeAsync(context, client, principal, "DELETE", "/" + known.Id, old => old.Resources.FirstOrDefault(one => one.Id == known.Id) is { } resource ? Removal.OfResource(old, resource) : old)) context.Response.StatusCode = 204;
    }

    private async Task<bool> ChangeAsync(HttpContext context, Client client, Principal principal, string operation, string resource, Func<ResourceServer, ResourceServer> change)
    {
        var by = new AuditEvent
        {
            Realm = client.Realm, Type = operation, Resource = $"clients/{client.Id}/authz/resource-server/resource{resource}", User = principal.Subject, Client = client.ClientId, Address = Exchange.AddressOf(context),
            Details = new Dictionary<string, string> { ["resourceType"] = "AUTHORIZATION_RESOURCE" },
        };
        try
        {
            if (await settings.ChangeAsync(client, change, by, context.RequestAborted)) return true;
            await Exchange.ErrorAsync(context, new OAuthError("temporarily_unavailable", "The settings are changed by many at once; try again.", 503));
        }
        catch (Taken taken)
        {
            await Exchange.ErrorAsync(context, new OAuthError("invalid_request", $"Resource with name [{Shown(taken.Name)}] already exists.", 409));
        }
        catch (ArgumentException wrong) when (wrong is not ArgumentNullException and not ArgumentOutOfRangeException)
        {
            await Exchange.ErrorAsync(context, OAuthError.InvalidRequest(Shown(wrong.Message)));
        }

        return false;
    }

    private static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        var limits = Limits.Default;
        if (context.Request.HasJsonContentType() && await PatientBody.ReadAsync(context, limits.JsonBytes) is { } body && StrictJson.TryParse(body, limits, JsonValueKind.Object, out var document, out _))
        {
            using (document) return document.RootElement.Clone();
        }

        await Exchange.ErrorAsync(context, OAuthError.InvalidRequest("The body must be a JSON object, application/json."));
        return null;
    }

    private static Resource? Of(ResourceServer server, HttpContext context) => server.Resources.FirstOrDefault(one => one.Id == (string?)context.Request.RouteValues["id"]);

    private static Task MissingAsync(HttpContext context) => Exchange.ErrorAsync(context, new OAuthError("invalid_resource", "Resource not found.", 404));

    // Here scopes are called so, beside the name that the admin API has for them.
    private static JsonObject Shown(Client client, ResourceServer server, Resource resource)
    {
        var made = SettingsText.Of(client, server, resource);
        made["resource_scopes"] = made["scopes"]!.DeepClone();
        return made;
    }

    private static string Shown(string text) => new([.. text.Take(300).Select(c => c is >= ' ' and < '\x7f' and not '"' and not '\\' ? c : '?')]);

    private static Task AnswerAsync(HttpContext context, JsonNode body, int status = 200) => Exchange.JsonAsync(context, JsonSerializer.SerializeToUtf8Bytes(body, SettingsJson.Options), status);

    private sealed class Taken(string name) : Exception(name)
    {
        public string Name => Message;
    }
}
