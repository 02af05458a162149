using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Kits;

/// <summary>One document at one address, as a web server publishes it.</summary>
public sealed class WebFile : IAsyncDisposable
{
    private readonly WebApplication app;
    private int asked;

    public WebFile()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(async context =>
        {
            Interlocked.Increment(ref asked);
            if (Down) context.Response.StatusCode = 503;
            else await context.Response.Body.WriteAsync(Body, context.RequestAborted);
        });
    }

    public byte[] Body { get; set; } = [];

    public bool Down { get; set; }

    public int Asked => asked;

    public string Url => app.Urls.First() + "/file";

    public Task StartAsync() => app.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }
}
