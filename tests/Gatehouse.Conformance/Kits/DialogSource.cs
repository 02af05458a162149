using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Conformance.Kits;

/// <summary>An event source with its own service account, and the bot whom it gives tokens. When its node is away it sends the same again to the next.</summary>
public sealed class DialogSource : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly DialogSite site;
    private readonly KeyValuePair<string, string> client;
    private int at;
    private string? token;

    public DialogSource(DialogSite site, KeyValuePair<string, string> client, int at) => (this.site, this.client, this.at) = (site, client, at % site.Nodes.Count);

    /// <summary>The node to which it speaks.</summary>
    public DialogSite.Node Node => site.Nodes[Volatile.Read(ref at)];

    /// <summary>How often a call got no answer.</summary>
    public int Cut { get; private set; }

    /// <summary>Sends until it is acknowledged; with <paramref name="once"/> gives up when there is no answer, and is false.</summary>
    public async Task<bool> SayAsync(KnownDialog dialog, string path, object body, bool once = false)
    {
        while (true)
        {
            var mine = Volatile.Read(ref at);
            try
            {
                await site.Nodes[mine].Up.WaitAsync(TimeSpan.FromSeconds(60));
                var bearer = Volatile.Read(ref token) ?? await RenewAsync();
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(site.Nodes[mine].Url, $"/realms/{DialogSite.Realm}/{path}")) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
                using var answer = await http.SendAsync(request);
                var text = await answer.Content.ReadAsStringAsync();
                if (answer.StatusCode == HttpStatusCode.Unauthorized)
                {
                    Interlocked.CompareExchange(ref token, null, bearer);
                    continue;
                }

                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created, $"{path}: {answer.StatusCode} {text}");
                using var told = JsonDocument.Parse(text);
                Assert.Equal(dialog.Id, told.RootElement.GetProperty("id").GetString());
                dialog.AliveUntil = told.RootElement.GetProperty("aliveUntil").GetInt64();
                if (told.RootElement.TryGetProperty("token", out var fresh)) dialog.Hold(fresh.GetString()!);
                return true;
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException or JsonException)
            {
                Cut++;
                Interlocked.CompareExchange(ref at, (mine + 1) % site.Nodes.Count, mine);
                if (once) return false;
            }
        }
    }

    /// <summary>The bot's call through a node's gate: <c>pass</c>, or the refusal's code; null when the node is away.</summary>
    public async Task<string?> CallAsync(DialogSite.Node node, string place, KnownDialog dialog, string bearer)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Url, $"/v1/{place}/{dialog.Id}"));
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
            using var answer = await http.SendAsync(request);
            if (answer.IsSuccessStatusCode) return "pass";
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            return problem.RootElement.GetProperty("code").GetString();
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or JsonException)
        {
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    // Access tokens live five minutes.
    private async Task<string> RenewAsync()
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", client.Key), new("client_secret", client.Value)]);
        using var answer = await http.PostAsync(new Uri(Node.Url, $"/realms/{DialogSite.Realm}/protocol/openid-connect/token"), form);
        using var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.True(answer.IsSuccessStatusCode, told.RootElement.ToString());
        return token = told.RootElement.GetProperty("access_token").GetString()!;
    }
}
