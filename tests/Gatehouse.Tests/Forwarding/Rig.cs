using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Tests.Forwarding;

/// <summary>A front of our own that forwards everything to the given upstreams, on real sockets.</summary>
public sealed class Rig : IAsyncDisposable
{
    private readonly WebApplication _front;
    private readonly List<IAsyncDisposable> _owned = [];

    private Rig(WebApplication front, Upstream upstream)
    {
        (_front, Upstream) = (front, upstream);
        Address = new Uri(front.Urls.First());
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = Address };
    }

    public Upstream Upstream { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>How each forwarding ended, in order.</summary>
    public Channel<ForwardResult> Results { get; } = Channel.CreateUnbounded<ForwardResult>();

    public static async Task<Rig> StartAsync(
        IEnumerable<Uri> upstreams,
        Func<UpstreamPlan, UpstreamPlan>? plan = null,
        Func<HttpContext, OutgoingRequest>? request = null,
        HttpProtocols protocols = HttpProtocols.Http1,
        TimeProvider? time = null)
    {
        var made = new UpstreamPlan { Name = "test", Addresses = [.. upstreams.Select(u => new UpstreamAddress(u))] };
        if (plan is not null) made = plan(made);
        var upstream = new Upstream(made, time ?? TimeProvider.System, NullLogger.Instance);
        var forwarder = new Forwarder();
        Rig? rig = null;
        var front = await HostAsync(
            async context =>
            {
                var result = await forwarder.ForwardAsync(context, upstream, (request ?? Plain)(context), CancellationToken.None);
                rig!.Results.Writer.TryWrite(result);
                if (result.Error != ForwardError.None && !result.ResponseStarted)
                {
                    context.Response.StatusCode = ForwardErrors.ReasonOf(result.Error)?.Status ?? 499;
                    await context.Response.WriteAsync(result.Error.ToString());
                }
            },
            protocols);
        rig = new Rig(front, upstream);
        return rig;
    }

    public static OutgoingRequest Plain(HttpContext context) => new()
    {
        Method = context.Request.Method,
        Target = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget is ['/', ..] target ? target : "/",
        ClientAddress = context.Connection.RemoteIpAddress!.ToString(),
        Scheme = context.Request.Scheme,
        Host = context.Request.Host.Value ?? "",
        MayUpgrade = true,
    };

    /// <summary>A Kestrel of any behaviour.</summary>
    public static async Task<WebApplication> HostAsync(RequestDelegate handle, HttpProtocols protocols = HttpProtocols.Http1, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k =>
        {
            ForwardingRoom.Prepare(k);
            k.Limits.MaxRequestBodySize = null;
            k.Limits.MinResponseDataRate = null;
            k.Limits.MinRequestBodyDataRate = null;
            k.Listen(IPAddress.Loopback, 0, l =>
            {
                l.Protocols = protocols;
                listen?.Invoke(l);
            });
        });
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync();
        return app;
    }

    /// <summary>A raw client connection to the front.</summary>
    public async Task<RawPeer> RawAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        return new RawPeer(socket);
    }

    public T Own<T>(T owned)
        where T : IAsyncDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Upstream.DisposeAsync();
        await _front.DisposeAsync();
        foreach (var owned in _owned) await owned.DisposeAsync();
    }
}

/// <summary>One end of a TCP connection, read and written by hand.</summary>
public sealed class RawPeer(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private string _text = "";

    public Socket Socket => socket;

    public Task SendAsync(string text) => socket.SendAsync(Encoding.Latin1.GetBytes(text), SocketFlags.None);

    /// <summary>Reads until the text holds the mark, and takes all up to its end; null when the stream ends first.</summary>
    public async Task<string?> UntilAsync(string mark)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            var at = _text.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                var found = _text[..(at + mark.Length)];
                _text = _text[(at + mark.Length)..];
                return found;
            }

            if (await MoreAsync(late.Token) == 0) return null;
        }
    }

    /// <summary>Everything until the other side closes or resets.</summary>
    public async Task<string> ToEndAsync()
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await MoreAsync(late.Token) > 0)
        {
        }

        return _text;
    }

    private async Task<int> MoreAsync(CancellationToken stop)
    {
        try
        {
            var count = await socket.ReceiveAsync(_buffer, SocketFlags.None, stop);
            _text += Encoding.Latin1.GetString(_buffer, 0, count);
            return count;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public void Dispose() => socket.Dispose();
}

/// <summary>An upstream that speaks raw bytes: each accepted connection is handed to the script.</summary>
public sealed class RawUpstream : IAsyncDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly Task _accepting;
    private int _accepted;

    public RawUpstream(Func<RawPeer, int, Task> script)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync(script);
    }

    public Uri Uri => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    public int Accepted => Volatile.Read(ref _accepted);

    private async Task AcceptAsync(Func<RawPeer, int, Task> script)
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                var number = Interlocked.Increment(ref _accepted);
                _ = ServeAsync(script, socket, number);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private static async Task ServeAsync(Func<RawPeer, int, Task> script, Socket socket, int number)
    {
        using var peer = new RawPeer(socket);
        try
        {
            await script(peer, number);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The other side has gone.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }
}
