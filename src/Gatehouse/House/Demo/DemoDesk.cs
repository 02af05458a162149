using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.House.Demo;

/// <summary>
/// The demo's upstream services: the eleven components of the Expertflow deployment as one small server on a loopback port of its own. It trusts nobody but the gate:
/// it shows what the gate told it about the principal, so that a newcomer sees what an upstream sees.
/// </summary>
public sealed class DemoDesk : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly WebApplication app;

    private DemoDesk(WebApplication app) => this.app = app;

    /// <summary>The third party beside the components: gadgets and their service.</summary>
    public DemoGadgets Gadgets { get; } = new();

    /// <summary>Where the desk listens.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Starts the desk on a free loopback port.</summary>
    public static async Task<DemoDesk> StartAsync(CancellationToken stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false).UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        var desk = new DemoDesk(builder.Build());
        desk.Map();
        await desk.app.StartAsync(stop);
        desk.Url = new Uri(desk.app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        return desk;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Gadgets.Dispose();
    }

    private void Map()
    {
        app.MapGet("/cim-customer/customers", (HttpContext context) => Answer(context, new JsonArray(
            Customer("5f1a", "Mina Okafor", "+49 30 901820"),
            Customer("5f1b", "Jonas Weber", "+43 1 58858"),
            Customer("5f1c", "Claire Dubois", "+33 1 53060"))));
        app.MapGet("/routing-engine/precision-queues", (HttpContext context) => Answer(context, new JsonArray(
            new JsonObject { ["name"] = "Billing", ["waiting"] = 3 },
            new JsonObject { ["name"] = "Support", ["waiting"] = 7 })));
        app.MapGet("/team-announcement/announcement", (HttpContext context) => Answer(context, new JsonArray(
            new JsonObject { ["text"] = "Welcome to the demo desk." })));
        Gadgets.Map(app);
        app.MapFallback((HttpContext context) => Answer(context, null));
    }

    private static JsonObject Customer(string id, string name, string phone) => new() { ["_id"] = id, ["firstName"] = name, ["phoneNumber"] = phone };

    private static async Task Answer(HttpContext context, JsonNode? items)
    {
        var answer = new JsonObject
        {
            ["service"] = context.Request.Path.Value?.Split('/', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(),
            ["method"] = context.Request.Method,
            ["path"] = context.Request.Path.Value + context.Request.QueryString.Value,
            ["principal"] = Principal(context),
        };
        if (items is not null) answer["items"] = items;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(Readable) + "\n", context.RequestAborted);
    }

    // The desk listens on loopback and shows the claims only; a real upstream checks the signature against the realm's certs address (see docs/guides).
    private static JsonNode? Principal(HttpContext context)
    {
        foreach (var header in context.Request.Headers)
        {
            var value = header.Value.ToString();
            var token = value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value["Bearer ".Length..] : value;
            var parts = token.Split('.');
            if (parts.Length != 3 || !token.StartsWith("eyJ", StringComparison.Ordinal)) continue;
            try
            {
                return JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
            }
            catch (Exception wrong) when (wrong is FormatException or JsonException)
            {
                continue;
            }
        }

        return null;
    }

    // The program's own lifetime stops the desk; a second handler of Ctrl-C would race with it.
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
