using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Gatehouse.Tests.Admin;

/// <summary>What the admin tests share: calls that say what they expect, and things to work on.</summary>
public abstract class AdminKit(AdminHost host)
{
    protected const string Root = $"/admin/realms/{AdminHost.Realm}/";

    protected AdminHost Host { get; } = host;

    protected static string Name(string kind) => $"{kind}-{Guid.NewGuid():n}";

    protected Task<HttpClient> AdminAsync() => Host.AdminAsync();

    /// <summary>A client that holds the given rights of realm-management.</summary>
    protected Task<HttpClient> WithAsync(params string[] rights) => Host.AsAsync(AdminHost.Realm, [.. rights.Select(right => $"realm-management/{right}")]);

    protected static async Task<JsonNode> GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(Under(path));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"GET {path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    protected static async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> SendAsync(HttpClient http, string verb, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), Under(path));
        if (body is string raw) request.Content = new StringContent(raw, Encoding.UTF8, "application/json");
        else if (body is not null) request.Content = JsonContent.Create(body);
        var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), answer);
    }

    protected static async Task<JsonNode?> ExpectAsync(HttpClient http, HttpStatusCode expected, string verb, string path, object? body = null)
    {
        var (status, json, _) = await SendAsync(http, verb, path, body);
        Assert.True(status == expected, $"{verb} {path}: {(int)status} instead of {(int)expected}: {json}");
        return json;
    }

    protected static Task<JsonNode?> DoneAsync(HttpClient http, string verb, string path, object? body = null) => ExpectAsync(http, HttpStatusCode.NoContent, verb, path, body);

    /// <summary>Makes something and returns the last part of its address.</summary>
    protected static async Task<string> MakeAsync(HttpClient http, string path, object body)
    {
        var (status, json, answer) = await SendAsync(http, "POST", path, body);
        Assert.True(status == HttpStatusCode.Created, $"POST {path}: {(int)status} {json}");
        return answer.Headers.Location!.OriginalString.Split('/')[^1];
    }

    protected static async Task<JsonNode> RoleAsync(HttpClient http, string name) => await GetAsync(http, $"roles/{name}");

    /// <summary>The internal id of realm-management, and one of its roles as a representation.</summary>
    protected static async Task<(string Client, JsonNode Role)> RightAsync(HttpClient http, string name)
    {
        var client = (await GetAsync(http, "clients?clientId=realm-management"))[0]!["id"]!.GetValue<string>();
        return (client, await GetAsync(http, $"clients/{client}/roles/{name}"));
    }

    private static string Under(string path) => path.StartsWith('/') ? path : Root + path;
}
