using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Tests.Kits;

/// <summary>A third party's host on this machine: serves what a test puts there, and notes what it is asked.</summary>
public sealed class Thirds : IAsyncDisposable
{
    private readonly WebApplication app;

    private Thirds(WebApplication app) => this.app = app;

    public sealed record Asked(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body);

    public ConcurrentQueue<Asked> All { get; } = new();

    public ConcurrentDictionary<string, Func<HttpContext, Task>> Pages { get; } = new();

    public string Url => app.Urls.First();

    public static async Task<Thirds> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var third = new Thirds(builder.Build());
        third.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            third.All.Enqueue(new Asked(context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.Headers.ToDictionary(one => one.Key, one => one.Value.ToString(), StringComparer.OrdinalIgnoreCase), await reader.ReadToEndAsync()));
            if (third.Pages.TryGetValue(context.Request.Path, out var page)) await page(context);
            else context.Response.StatusCode = 404;
        });
        await third.app.StartAsync();
        return third;
    }

    public void Put(string path, string text, string type = "text/plain; charset=utf-8", int status = 200) => Pages[path] = context =>
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, type);
        return context.Response.WriteAsync(text);
    };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(true));
        await app.DisposeAsync();
    }
}
