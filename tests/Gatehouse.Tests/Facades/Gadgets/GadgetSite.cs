using System.Net;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>A desk with gadgets on a third party's host: <c>lookup</c> (narrow), <c>trusted</c> (full) and <c>other</c> (narrow, another back end).</summary>
public sealed class GadgetSite : IAsyncLifetime
{
    public const string Spec = """
        <?xml version="1.0" encoding="UTF-8"?>
        <Module>
          <ModulePrefs title="__MSG_title__ __UP_team__" height="210">
            <Require feature="setprefs"/>
            <Locale><msg name="title">Customers</msg><msg name="hello">Hello</msg></Locale>
            <Locale lang="de" messages="words_de.xml"/>
          </ModulePrefs>
          <UserPref name="team" display_name="Team" default_value="A &quot;1&quot;"/>
          <Content type="html"><![CDATA[<p>__MSG_hello__ [__UP_team__] __MODULE_ID__ __BIDI_START_EDGE__ __OTHER_x__</p><script>var a = "__UP_team__";</script>]]></Content>
        </Module>
        """;

    public Desk Desk { get; private set; } = null!;

    public Thirds Third { get; private set; } = null!;

    internal Agents Agents { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Third = await Thirds.StartAsync();
        Third.Put("/gadget.xml", Spec, "text/xml");
        Third.Put("/words_de.xml", """<messagebundle><msg name="hello">Grüß <![CDATA[<b>Gott</b>]]></msg></messagebundle>""", "text/xml; charset=utf-8");
        Third.Put("/page.xml", """<Module><ModulePrefs title="Page"/><Content type="url" href="/page.html"/></Module>""");
        Third.Put("/broken.xml", """<!DOCTYPE Module [<!ENTITY a SYSTEM "file:///etc/passwd">]><Module><ModulePrefs title="&a;"/><Content type="html">&a;</Content></Module>""");
        Desk = await Desk.OpenAsync(with: options =>
        {
            string Gadget(string id, string spec, string more) => $$"""{ "id": "{{id}}", "spec": "{{Third.Url}}/{{spec}}", {{more}} }""";
            File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""
                { "facades": { "gadgets": { "realm": "{{Desk.Realm}}", "client": "desktop", "list": [
                  {{Gadget("lookup", "gadget.xml", $"\"audiences\": [\"crm\"], \"roles\": [\"agent\"], \"targets\": [\"{Third.Url}/api\", \"http://localhost:{new Uri(Third.Url).Port}\", \"http://changing.example\"]")}},
                  {{Gadget("trusted", "gadget.xml?full", $"\"audiences\": [\"crm\"], \"trust\": \"full\", \"title\": \"Trusted\", \"targets\": [\"{Third.Url}/api\"]")}},
                  {{Gadget("page", "page.xml", "\"audiences\": [\"billing\"]")}},
                  {{Gadget("broken", "broken.xml", "\"audiences\": [\"billing\"]")}},
                  {{Gadget("beyond", "gadget.xml?beyond", "\"audiences\": [\"nobodys\"]")}}
                ] } } }
                """);
            return options;
        });
        Agents = await new Agents(Desk).AddClientAsync("crm", "billing");
    }

    public async ValueTask DisposeAsync()
    {
        await Desk.DisposeAsync();
        await Third.DisposeAsync();
    }

    /// <summary>What the desktop is given for an agent's token, by gadget.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> TokensAsync(string? token, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens" + query);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await Desk.Http.SendAsync(request);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    /// <summary>A gadget's token and security token for an agent.</summary>
    public async Task<(string Token, string St)> HoldAsync(string full, string gadget)
    {
        var one = (await TokensAsync(full, "?gadget=" + gadget)).Body.GetProperty("gadgets")[0];
        return (one.GetProperty("token").GetString()!, one.GetProperty("st").GetString()!);
    }

    /// <summary>Asks the proxy as gadgets do; the vendor's <c>rc</c>, the first error's code, the body.</summary>
    public async Task<(int Rc, string Code, string Body)> AskAsync(string st, string url, string method = "GET", (string Name, string Value)[]? headers = null, string? body = null, string? origin = "null")
    {
        var sent = string.Join('&', (headers ?? []).Select(one => $"{Uri.EscapeDataString(one.Name)}={Uri.EscapeDataString(one.Value)}"));
        using var form = new FormUrlEncodedContent([new("url", url), new("httpMethod", method), new("headers", sent), new("st", st), new("authz", "none"), new("contentType", "JSON"), .. body is null ? Array.Empty<KeyValuePair<string, string>>() : [new("postData", body)]]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/makeRequest") { Content = form };
        if (origin is not null) request.Headers.TryAddWithoutValidation("Origin", origin);
        using var answer = await Desk.Http.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.OK) return ((int)answer.StatusCode, "", "");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.StartsWith("throw 1; < don't be evil' >{", text, StringComparison.Ordinal);
        var one = JsonDocument.Parse(text["throw 1; < don't be evil' >".Length..]).RootElement.EnumerateObject().Single();
        Assert.Equal(url.Length > 4096 ? "" : url, one.Name);
        return (one.Value.GetProperty("rc").GetInt32(), one.Value.TryGetProperty("errors", out var errors) ? errors[0].GetString()!.Split(':')[0] : "", one.Value.GetProperty("body").GetString()!);
    }

    /// <summary>Waits until the audit log has a refusal.</summary>
    public async Task<AuditEvent> AuditedAsync(string error, Func<AuditEvent, bool>? fits = null)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            var page = await Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, "GADGET_REQUEST_ERROR", Limit: 500), late.Token);
            if (page.Events.FirstOrDefault(one => one.Event.Error == error && fits?.Invoke(one.Event) != false) is { } found) return found.Event;
            await tick.WaitForNextTickAsync(late.Token);
        }
    }
}
