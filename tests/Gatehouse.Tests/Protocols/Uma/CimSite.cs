using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.Uma;

/// <summary>A desk with a client as Expertflow's <c>cim</c>: direct grants, service account and authorization settings, all made by the admin API with ada's posted password.</summary>
public sealed class CimSite : IAsyncLifetime
{
    public const string Secret = "secret-of-the-client-cim";
    public const string Until = "2999-12-31";

    /// <summary>Settings as a vendor's realm has them: a permission stands before its policies, a scope has a trailing blank.</summary>
    public const string Settings = """
        {"allowRemoteResourceManagement":true,"policyEnforcementMode":"ENFORCING","decisionStrategy":"AFFIRMATIVE",
         "policies":[
          {"name":"senior","type":"scope","logic":"POSITIVE","decisionStrategy":"AFFIRMATIVE","config":{"resources":"[\"general-settings\"]","scopes":"[\"view\",\"manage\"]","applyPolicies":"[\"Supervisor Policy\"]"}},
          {"name":"agents","type":"scope","logic":"POSITIVE","decisionStrategy":"AFFIRMATIVE","config":{"resources":"[\"agent-conversation-control\"]","scopes":"[\"view_history\",\"view_history_active_customer \"]","applyPolicies":"[\"Agent Policy\",\"Supervisor Policy\"]"}},
          {"name":"everybody's dashboard","type":"resource","decisionStrategy":"UNANIMOUS","config":{"defaultResourceType":"urn:cim:dashboard","default":"true","applyPolicies":"[\"Agents' group\"]"}},
          {"name":"ccm read","type":"scope","decisionStrategy":"AFFIRMATIVE","config":{"resources":"[\"ccm\"]","scopes":"[\"GET\"]","applyPolicies":"[\"Agent Policy\"]"}},
          {"name":"Agent Policy","type":"role","logic":"POSITIVE","decisionStrategy":"UNANIMOUS","config":{"roles":"[{\"id\":\"agent\",\"required\":false}]"}},
          {"name":"Supervisor Policy","type":"role","config":{"roles":"[{\"id\":\"supervisor\",\"required\":true}]"}},
          {"name":"Agents' group","type":"group","config":{"groups":"[{\"path\":\"/agents_permission\",\"extendChildren\":true}]"}}],
         "resources":[
          {"name":"agent-conversation-control","ownerManagedAccess":false,"displayName":"","attributes":{},"_id":"acc","uris":[],"scopes":[{"name":"view_history"},{"name":"view_history_active_customer "},{"name":"view_leave_chat"}]},
          {"name":"general-settings","_id":"gs","uris":[],"scopes":[{"name":"view"},{"name":"manage"}]},
          {"name":"agent-dashboard","_id":"ad","type":"urn:cim:dashboard","scopes":[{"name":"view"}]},
          {"name":"ccm","_id":"ccm","type":"urn:cim:resources:api","uris":["/ccm/*"],"scopes":[{"name":"GET"},{"name":"POST"}]}],
         "scopes":[{"name":"view_history"},{"name":"view_history_active_customer "},{"name":"view_leave_chat"},{"name":"view"},{"name":"manage"},{"name":"GET"},{"name":"POST"}]}
        """;

    public Desk Desk { get; private set; } = null!;

    public string CimId { get; private set; } = "";

    public string AdminToken { get; private set; } = "";

    public Uri Token => new(Desk.RealmUrl, "protocol/openid-connect/token");

    public async ValueTask InitializeAsync()
    {
        Desk = await Desk.OpenAsync(with: options =>
        {
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""
                { "tokens": { "issuerPath": "/auth" }, "facades": { "finesse": { "realm": "{{Desk.Realm}}", "mode": "HYBRID" }, "keycloak": { "prefix": "/auth", "passwordClients": [
                  { "realm": "{{Desk.Realm}}", "client": "cim", "until": "{{Until}}", "handOver": true }, { "realm": "{{Desk.Realm}}", "client": "gone", "until": "2020-01-01" }, { "realm": "{{Desk.Realm}}", "client": "unswitched", "until": "{{Until}}" } ] } } }
                """);
            return options;
        });
        var store = Desk.Part<Gatehouse.Clients.ClientStore>();
        var cim = new Gatehouse.Clients.Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "cim", ServiceAccount = true, DirectGrants = true, StandardFlow = false, SigningAlgorithm = "RS256" };
        CimId = cim.Id;
        await Desk.Part<Gatehouse.Storage.Database>().WriteAsync(async work =>
        {
            await store.AddAsync(work, cim);
            await store.SetSecretAsync(work, Desk.Realm, cim.Id, new Gatehouse.Terms.Secret(Secret));
            foreach (var (id, direct) in ((string, bool)[])[("gone", true), ("unswitched", false), ("unnamed", true), ("plain", false)])
            {
                var other = new Gatehouse.Clients.Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = id, ServiceAccount = true, DirectGrants = direct };
                await store.AddAsync(work, other);
                await store.SetSecretAsync(work, Desk.Realm, other.Id, new Gatehouse.Terms.Secret(Secret));
            }

            await store.AddAsync(work, new Gatehouse.Clients.Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "gadgeteer", StandardFlow = false, Exchanges = true, Audiences = ["crm"] });
            return true;
        }, default);
        await Desk.Part<Gatehouse.Storage.ChangeFeed>().CatchUpAsync(default);
        AdminToken = (await PasswordAsync("ada"))["access_token"]!.GetValue<string>();
        var (status, body) = await AdminAsync("PUT", $"clients/{CimId}", $$"""{"authorizationServicesEnabled":true,"authorizationSettings":{{Settings}}}""");
        Assert.True(status == HttpStatusCode.NoContent, body?.ToJsonString());
    }

    public ValueTask DisposeAsync() => Desk.DisposeAsync();

    /// <summary>A user's tokens by posted password, as Expertflow's library asks for them.</summary>
    public async Task<JsonObject> PasswordAsync(string user)
    {
        var (status, body, _) = await PostAsync(Token, null, ("username", user), ("password", Desk.Password), ("client_id", "cim"), ("client_secret", Secret), ("grant_type", "password"));
        Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
        return body!.AsObject();
    }

    /// <summary>The token of a client's own service account.</summary>
    public async Task<string> ServiceAsync(string client = "cim")
    {
        var (_, body, _) = await PostAsync(Token, null, ("client_id", client), ("client_secret", Secret), ("grant_type", "client_credentials"));
        return body!["access_token"]!.GetValue<string>();
    }

    /// <summary>Asks for permissions with a bearer token.</summary>
    public Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> UmaAsync(string? bearer, params (string Name, string Value)[] form)
        => PostAsync(Token, bearer, [("grant_type", "urn:ietf:params:oauth:grant-type:uma-ticket"), .. form]);

    public async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> PostAsync(Uri url, string? bearer, params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(one => KeyValuePair.Create(one.Name, one.Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        var answer = await Desk.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), answer);
    }

    public Task<(HttpStatusCode Status, JsonNode? Body)> AdminAsync(string verb, string path, string? body = null) => SendAsync(verb, new Uri(Desk.Url, $"/admin/realms/{Desk.Realm}/{path}"), AdminToken, body);

    public Task<(HttpStatusCode Status, JsonNode? Body)> ProtectAsync(string verb, string path, string bearer, string? body = null) => SendAsync(verb, new Uri(Desk.RealmUrl, "authz/protection/" + path), bearer, body);

    public async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(string verb, Uri url, string? bearer, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), url);
        if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Desk.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
}
