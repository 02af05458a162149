using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Facades.Expertflow;

/// <summary>A server of the vendor's on loopback that answers what a test says, and notes what it was asked.</summary>
internal sealed class FixedServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private FixedServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<string> Asked { get; } = new();

    public string Url => app.Urls.First();

    public static async Task<FixedServer> StartAsync(Func<HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = new FixedServer(builder.Build());
        server.app.Run(context =>
        {
            server.Asked.Enqueue(context.Request.Path + context.Request.QueryString.ToString());
            return answer(context);
        });
        await server.app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }
}
