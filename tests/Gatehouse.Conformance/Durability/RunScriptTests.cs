using System.Diagnostics;
using System.Net;
using Gatehouse.Conformance.Kits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Conformance.Durability;

/// <summary><c>./run</c> ended while requests are under way: what can finish does, what never ends is cut off, and nobody waits for half a minute.</summary>
public sealed class RunScriptTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-run-").FullName;
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? upstream;

    private string Access => Path.Combine(folder, "access.yaml");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        upstream = builder.Build();
        upstream.Urls.Add("http://127.0.0.1:0");
        upstream.MapGet("/slow/answer", async () =>
        {
            asked.TrySetResult();
            await release.Task.WaitAsync(Patience);
            return "done";
        });
        upstream.MapPost("/slow/upload", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            return body.Length.ToString();
        });
        upstream.MapGet("/slow/events", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: first\n\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await upstream.StartAsync();
        await File.WriteAllTextAsync(Access, $$"""
            realm: contact-centre
            services:
              slow:
                upstreams: ["{{upstream.Urls.First()}}"]
                rules:
                  - allow: { roles: [agent] }
            public:
              - reason: a test
                lines: |
                  GET /slow/answer
                  GET /slow/events
                  POST /slow/upload
            """);
    }

    public async ValueTask DisposeAsync()
    {
        if (upstream is not null) await upstream.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Requests_under_way_finish_or_are_told(string signal)
    {
        var stop = TestContext.Current.CancellationToken;
        var program = await RunningProgram.StartByScriptAsync(Path.Combine(folder, "built"), Access);
        using var client = new HttpClient { BaseAddress = program.Url };
        var slow = client.GetStringAsync("/slow/answer", stop);
        await asked.Task.WaitAsync(Patience, stop);
        using var upload = new Upload();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/slow/upload") { Content = upload };
        var uploaded = client.SendAsync(request, stop);
        await upload.Begun.WaitAsync(Patience, stop);
        using var events = await client.GetAsync("/slow/events", HttpCompletionOption.ResponseHeadersRead, stop);
        using var lines = new StreamReader(await events.Content.ReadAsStreamAsync(stop));
        Assert.Equal("data: first", await lines.ReadLineAsync(stop));

        var watch = Stopwatch.StartNew();
        await program.SignalAsync(signal);
        // It is ending as soon as nobody new is let in.
        using (var late = new CancellationTokenSource(Patience))
        {
            while (await IsOpenAsync(program.Url)) late.Token.ThrowIfCancellationRequested();
        }

        release.SetResult();
        upload.Finish();
        Assert.Equal("done", await slow.WaitAsync(Patience, stop));
        using var answer = await uploaded.WaitAsync(Patience, stop);
        Assert.Equal((HttpStatusCode.OK, "6"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(stop)));
        try
        {
            while (await lines.ReadLineAsync(stop).AsTask().WaitAsync(Patience, stop) is { } line) Assert.Equal("", line);
        }
        catch (IOException)
        {
            // Cut off: a stream has no other word for it, and its client comes back by itself.
        }

        await program.Process.WaitForExitAsync(stop).WaitAsync(Patience, stop);
        Assert.Equal(0, program.Process.ExitCode);
        Assert.DoesNotContain("Exception", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", program.Output, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"It took {watch.Elapsed.TotalSeconds:0.0} s.");

        await using var next = await RunningProgram.StartByScriptAsync(Path.Combine(folder, "built"), Access, program.Data);
        Assert.DoesNotContain("fail:", next.Output, StringComparison.Ordinal);
        using var again = new HttpClient { BaseAddress = next.Url };
        Assert.Equal("ready", await again.GetStringAsync("/health/ready", stop));
    }

    private static async Task<bool> IsOpenAsync(Uri url)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        try
        {
            await socket.ConnectAsync(url.Host, url.Port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private sealed class Upload : HttpContent
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public void Finish() => finish.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("abc"u8.ToArray());
            await stream.FlushAsync();
            begun.SetResult();
            await finish.Task;
            await stream.WriteAsync("def"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 6;
            return true;
        }
    }
}
