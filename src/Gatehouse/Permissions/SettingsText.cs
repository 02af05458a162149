using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Clients;
using Gatehouse.Clients.Resources;

namespace Gatehouse.Permissions;

/// <summary>Authorization settings in Keycloak's form: what an import reads.</summary>
public static class SettingsText
{
    /// <summary>The whole document (<c>authorizationSettings</c>). <paramref name="userNames"/> are the names of users that policies keep by id.</summary>
    public static JsonObject Of(Client client, ResourceServer server, IReadOnlyDictionary<string, string> userNames) => new()
    {
        ["allowRemoteResourceManagement"] = server.RemoteManagement, ["policyEnforcementMode"] = Name(server.Mode), ["decisionStrategy"] = Name(server.Strategy),
        ["resources"] = List(server.Resources.Select(one => Of(client, server, one))),
        ["policies"] = List(server.Policies.OrderBy(one => one.IsPermission).Select(one => Of(server, one, userNames))),
        ["scopes"] = List(server.Scopes.Select(Of)),
    };

    /// <summary>A resource.</summary>
    public static JsonObject Of(Client client, ResourceServer server, Resource resource)
    {
        var made = new JsonObject { ["_id"] = resource.Id, ["name"] = resource.Name };
        if (resource.DisplayName is not null) made["displayName"] = resource.DisplayName;
        if (resource.Type is not null) made["type"] = resource.Type;
        if (resource.IconUri is not null) made["icon_uri"] = resource.IconUri;
        made["owner"] = resource.Owner is { } owner ? new JsonObject { ["id"] = owner } : new JsonObject { ["id"] = client.Id, ["name"] = client.ClientId };
        made["ownerManagedAccess"] = resource.OwnerManagedAccess;
        made["attributes"] = new JsonObject(resource.Attributes.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create<string, JsonNode?>(one.Key, Texts(one.Value))));
        made["uris"] = Texts(resource.Uris);
        made["scopes"] = List(resource.Scopes.Select(name => server.FindScope(name) is { } scope ? new JsonObject { ["id"] = scope.Id, ["name"] = scope.Name } : new JsonObject { ["name"] = name }));
        return made;
    }

    /// <summary>A scope.</summary>
    public static JsonObject Of(ResourceScope scope)
    {
        var made = new JsonObject { ["id"] = scope.Id, ["name"] = scope.Name };
        if (scope.DisplayName is not null) made["displayName"] = scope.DisplayName;
        if (scope.IconUri is not null) made["iconUri"] = scope.IconUri;
        return made;
    }

    /// <summary>A policy or permission, with its configuration as JSON in strings.</summary>
    public static JsonObject Of(ResourceServer server, ResourcePolicy policy, IReadOnlyDictionary<string, string> userNames)
    {
        var made = new JsonObject { ["id"] = policy.Id, ["name"] = policy.Name };
        if (policy.Description is not null) made["description"] = policy.Description;
        made["type"] = policy.Condition.Kind;
        made["logic"] = policy.Negative ? "NEGATIVE" : "POSITIVE";
        made["decisionStrategy"] = Name(policy.Strategy);
        made["config"] = ConfigOf(server, policy.Condition, userNames);
        return made;
    }

    /// <summary>The name of a mode.</summary>
    public static string Name(EnforcementMode mode) => mode.ToString().ToUpperInvariant();

    /// <summary>The name of a strategy.</summary>
    public static string Name(DecisionStrategy strategy) => strategy.ToString().ToUpperInvariant();

    private static JsonObject ConfigOf(ResourceServer server, Condition condition, IReadOnlyDictionary<string, string> userNames)
    {
        var config = new JsonObject();
        switch (condition)
        {
            case Condition.Roles one:
                Put("roles", List(one.Named.Select(role => new JsonObject { ["id"] = role.Name, ["required"] = role.Required })));
                break;
            case Condition.Users one:
                Put("users", Texts(one.Ids.Select(id => userNames.GetValueOrDefault(id, id))));
                break;
            case Condition.Groups one:
                Put("groups", List(one.Named.Select(group => new JsonObject { ["path"] = group.Path, ["extendChildren"] = group.ExtendChildren })));
                break;
            case Condition.Clients one:
                Put("clients", Texts(one.Ids));
                break;
            case Condition.ClientScopes one:
                Put("clientScopes", List(one.Named.Select(scope => new JsonObject { ["id"] = scope.Name, ["required"] = scope.Required })));
                break;
            case Condition.Time { Window: var window }:
                Window(config, window);
                break;
            case Condition.Pattern one:
                (config["targetClaim"], config["pattern"]) = (one.Claim, one.Expression);
                break;
            case Condition.OnResources one:
                if (one.Type is not null) (config["defaultResourceType"], config["default"]) = (one.Type, "true");
                if (!one.Resources.IsEmpty) Put("resources", Names(one.Resources));
                break;
            case Condition.OnScopes one:
                if (!one.Resources.IsEmpty) Put("resources", Names(one.Resources));
                Put("scopes", Texts(one.Scopes));
                break;
        }

        if (condition is Condition.All or Condition.OnResources or Condition.OnScopes) Put("applyPolicies", Texts(condition.Below.Select(id => server.FindPolicy(id)?.Name ?? id)));
        return config;

        void Put(string name, JsonArray list) => config[name] = list.ToJsonString(SettingsJson.Options);
        JsonArray Names(ImmutableArray<string> ids) => Texts(ids.Select(id => server.Find(id) is { Owner: null } found ? found.Name : id));
    }

    private static void Window(JsonObject config, TimeWindow window)
    {
        if (window.NotBefore is { } from) config["nbf"] = from.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        if (window.NotOnOrAfter is { } until) config["noa"] = until.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        foreach (var (name, span) in ((string, TimeWindow.Span?)[])[("dayMonth", window.Day), ("month", window.Month), ("year", window.Year), ("hour", window.Hour), ("minute", window.Minute)])
        {
            if (span is null) continue;
            config[name] = span.From.ToString(CultureInfo.InvariantCulture);
            if (span.To is { } to) config[name + "End"] = to.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(one => (JsonNode?)JsonValue.Create(one))]);

    private static JsonArray List(IEnumerable<JsonObject> objects) => new([.. objects]);
}

/// <summary>How settings are written: readable by people, paths not escaped.</summary>
public static class SettingsJson
{
    /// <summary>On one line.</summary>
    public static readonly JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>For files.</summary>
    public static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };
}
