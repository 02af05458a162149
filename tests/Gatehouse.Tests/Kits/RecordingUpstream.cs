using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Tests.Kits;

/// <summary>A service behind the gate that notes exactly what reaches it, answers 200, and echoes WebSockets.</summary>
public sealed class RecordingUpstream : IAsyncDisposable
{
    private readonly WebApplication app;

    private RecordingUpstream(WebApplication app) => this.app = app;

    public sealed record Seen(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body = "");

    public ConcurrentQueue<Seen> All { get; } = new();

    public Seen Last => All.Last();

    public string Url => app.Urls.First();

    public static async Task<RecordingUpstream> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var upstream = new RecordingUpstream(builder.Build());
        upstream.app.UseWebSockets();
        upstream.app.Run(upstream.AnswerAsync);
        await upstream.app.StartAsync();
        return upstream;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }

    // A stream that ends only when somebody cuts it.
    private static async Task DripAsync(HttpContext context)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        try
        {
            do
            {
                await context.Response.WriteAsync("more", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
            while (await tick.WaitForNextTickAsync(context.RequestAborted));
        }
        catch (OperationCanceledException)
        {
            // It was cut.
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var body = "";
        if (!context.WebSockets.IsWebSocketRequest)
        {
            using var reader = new StreamReader(context.Request.Body);
            body = await reader.ReadToEndAsync(context.RequestAborted);
        }

        All.Enqueue(new Seen(context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Headers.ToDictionary(one => one.Key, one => one.Value.ToString(), StringComparer.OrdinalIgnoreCase), body));
        if (context.WebSockets.IsWebSocketRequest)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            try
            {
                while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } read)
                    await socket.SendAsync(buffer.AsMemory(0, read.Count), read.MessageType, read.EndOfMessage, context.RequestAborted);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            }
            catch (Exception wrong) when (wrong is WebSocketException or OperationCanceledException)
            {
                // The gate has ended it.
            }

            return;
        }

        if (context.Request.Path.Value!.EndsWith("/endless", StringComparison.Ordinal))
        {
            await DripAsync(context);
            return;
        }

        await context.Response.WriteAsync("from the upstream");
    }
}
