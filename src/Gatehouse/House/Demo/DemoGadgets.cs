using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Credentials;

namespace Gatehouse.House.Demo;

/// <summary>The demo's third party: two gadgets and the REST service that they call. It knows nothing of the program but the address where tokens are introspected (RFC 7662), and believes nothing else.</summary>
public sealed class DemoGadgets : IDisposable
{
    /// <summary>Client id under which the service asks, and audience of the gadgets' tokens.</summary>
    public const string Audience = "customers";

    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
    private Uri? gatehouse;
    private string secret = "";

    /// <summary>Settings that switch the desktop on in the demo; what the settings file says of a facade counts instead.</summary>
    public static IReadOnlyDictionary<string, string?> Settings(Uri desk, IConfiguration given)
    {
        var (settings, host) = (new Dictionary<string, string?>(), desk.GetLeftPart(UriPartial.Authority));
        if (!IsSaid("finesse")) Add("finesse", ("realm", Demo.RealmName), ("mode", "HYBRID"), ("seats", "mobility"), ("seatPage", "false"));
        if (IsSaid("gadgets")) return settings;
        Add("gadgets", ("realm", Demo.RealmName), ("passwords", "true"));
        foreach (var (at, id) in ((int, string)[])[(0, "customers"), (1, "queues")])
            Add($"gadgets:list:{at}", ("id", id), ("spec", $"{host}/third-party/{id}.xml"), ("audiences:0", Audience), ("targets:0", $"{host}/third-party"));
        return settings;

        // Said to be empty is said too: it switches the facade off.
        bool IsSaid(string section) => given.GetSection($"facades:{section}").GetChildren().Any(one => one.Key.Equals("realm", StringComparison.OrdinalIgnoreCase));

        void Add(string section, params (string Key, string Value)[] all)
        {
            foreach (var (key, value) in all)
                if (given[$"facades:{section}:{key}"] is null) settings[$"facades:{section}:{key}"] = value;
        }
    }

    /// <summary>Where tokens are asked about, and what the service proves itself with.</summary>
    public void Ask(Uri server, string clientSecret) => (gatehouse, secret) = (new Uri(server, $"/realms/{Demo.RealmName}/protocol/openid-connect/token/introspect"), clientSecret);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    internal void Map(WebApplication app)
    {
        app.MapGet("/third-party/{name}.xml", SpecAsync);
        app.MapGet("/third-party/customers", context => AnswerAsync(context, Customer(context.Request.Query["number"].ToString())));
        app.MapGet("/third-party/queues", context => AnswerAsync(context, new JsonArray(Queue("Billing", 3, "1:12", 4), Queue("Support", 7, "4:05", 9), Queue("Orders", 1, "0:18", 5))));
    }

    private static JsonObject Queue(string name, int waiting, string longest, int ready) => new() { ["name"] = name, ["waiting"] = waiting, ["longest"] = longest, ["ready"] = ready };

    private static JsonObject? Customer(string number) => string.Concat(number.Where(char.IsAsciiDigit)) == "4930901820"
        ? new JsonObject
        {
            ["name"] = "Mina Okafor", ["company"] = "Okafor & Daughters", ["phone"] = "+49 30 901820",
            ["orders"] = new JsonArray(new JsonObject { ["what"] = "Headset HX-2", ["price"] = "€ 89.00" }, new JsonObject { ["what"] = "Desk phone, 2 ×", ["price"] = "€ 310.00" }, new JsonObject { ["what"] = "Support, one year", ["price"] = "€ 120.00" }),
        }
        : null;

    private async Task SpecAsync(HttpContext context)
    {
        await using var stream = typeof(DemoGadgets).Assembly.GetManifestResourceStream($"demo/{context.Request.RouteValues["name"]}.xml");
        if (stream is null || gatehouse is null)
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var reader = new StreamReader(stream);
        var text = (await reader.ReadToEndAsync(context.RequestAborted)).Replace("{service}", $"{context.Request.Scheme}://{context.Request.Host}/third-party", StringComparison.Ordinal).Replace("{gatehouse}", PublicUrl, StringComparison.Ordinal);
        context.Response.ContentType = "text/xml; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Address under which browsers see the program.</summary>
    public string PublicUrl { get; set; } = "";

    // What any third-party service does: who is it, for whom was this token made, and does it still count?
    private async Task AnswerAsync(HttpContext context, JsonNode? body)
    {
        if (Finder.Find(context.Request.Headers, null, false) is not Found.One { Credential: { Kind: CredentialKind.Bearer } bearer } || gatehouse is null || !await CountsAsync(bearer.Value.Reveal(), context.RequestAborted))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
            return;
        }

        context.Response.StatusCode = body is null ? 404 : 200;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body?.ToJsonString() ?? "null"), context.RequestAborted);
    }

    private async Task<bool> CountsAsync(string token, CancellationToken stop)
    {
        using var form = new FormUrlEncodedContent([new("token", token), new("client_id", Audience), new("client_secret", secret)]);
        using var answer = await http.PostAsync(gatehouse, form, stop);
        if (!answer.IsSuccessStatusCode) return false;
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(stop));
        return json.RootElement.GetProperty("active").GetBoolean();
    }
}
