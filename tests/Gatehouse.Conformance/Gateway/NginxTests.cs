using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.Conformance.Gateway;

/// <summary>A real nginx in front, once as a listed proxy and once as a stranger: what it says of the client counts only where it is listed.</summary>
public sealed class NginxTests : IAsyncLifetime
{
    private const string Listed = "127.0.0.2";
    private const string Stranger = "127.0.0.3";
    private const string Client = "127.0.0.9";
    private const string OtherClient = "127.0.0.10";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-nginx-").FullName;
    private WebApplication? upstream;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        upstream = builder.Build();
        upstream.Urls.Add("http://127.0.0.1:0");
        upstream.MapGet("/{**path}", (HttpContext context) => $"{context.Request.Headers["X-Forwarded-For"]} {context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Headers["X-Forwarded-Host"]}");
        await upstream.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (upstream is not null) await upstream.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_listed_proxys_word_counts(bool listedInTheAccessFile)
    {
        var stop = TestContext.Current.CancellationToken;
        var data = Directory.CreateTempSubdirectory("gatehouse-conformance-").FullName;
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, $$"""
            realm: contact-centre
            {{(listedInTheAccessFile ? $"trusted-proxies: [{Listed}]" : "")}}
            services:
              board:
                upstreams: ["{{upstream!.Urls.First()}}"]
                rules:
                  - allow: { roles: [agent] }
              counted:
                upstreams: ["{{upstream.Urls.First()}}"]
                rate: { requests: 2, per: 1h, by: address }
                rules:
                  - allow: { roles: [agent] }
            public:
              - reason: a test
                lines: |
                  GET /board/open
                  GET /counted/open
            """, stop);
        if (!listedInTheAccessFile) await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), $$"""{"gateway": {"trustedProxies": ["{{Listed}}"] } }""", stop);
        await using var program = await RunningProgram.StartWithAsync(access, data);
        var (listed, stranger) = (Loopback.FreePort(), Loopback.FreePort());
        using var nginx = await NginxAsync(program.Url, (listed, Listed), (stranger, Stranger));
        try
        {
            var (listedUrl, strangerUrl) = ($"http://127.0.0.1:{listed}", $"http://127.0.0.1:{stranger}");
            using var client = From(Client);
            using var other = From(OtherClient);

            // The gate: what the upstream is told. The client's own X-Forwarded-For never counts.
            Assert.Equal($"{Client} https cx.example.org", await client.GetStringAsync($"{listedUrl}/board/open", stop));
            Assert.Equal($"{Stranger} http 127.0.0.1", await client.GetStringAsync($"{strangerUrl}/board/open", stop));
            Assert.Equal($"{Client} http {program.Url.Authority}", await client.GetStringAsync(new Uri(program.Url, "/board/open"), stop));

            // Limits by address: each client its own behind the listed proxy, one for all behind the stranger.
            Assert.Equal("200 200 429 200", $"{await StatusAsync(client, listedUrl)} {await StatusAsync(client, listedUrl)} {await StatusAsync(client, listedUrl)} {await StatusAsync(other, listedUrl)}");
            Assert.Equal("200 200 429", $"{await StatusAsync(client, strangerUrl)} {await StatusAsync(other, strangerUrl)} {await StatusAsync(other, strangerUrl)}");

            // Identity: the address in the audit log; issuers never follow a header.
            Assert.Equal("401 401", $"{await WrongSecretAsync(client, listedUrl)} {await WrongSecretAsync(other, strangerUrl)}");
            foreach (var at in (string[])[listedUrl, strangerUrl])
            {
                using var discovery = JsonDocument.Parse(await client.GetStringAsync($"{at}/realms/contact-centre/.well-known/openid-configuration", stop));
                Assert.Equal(program.Issuer, discovery.RootElement.GetProperty("issuer").GetString());
            }

            using var late = new CancellationTokenSource(Patience);
            List<string?> addresses = [];
            while (addresses.Count < 2)
            {
                late.Token.ThrowIfCancellationRequested();
                using var audit = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "gatehouse"), ["audit", "list", "--realm", "contact-centre", "--type", "CLIENT_LOGIN_ERROR", "--json", "--data", data]) { RedirectStandardOutput = true, UseShellExecute = false })!;
                using var events = JsonDocument.Parse(await audit.StandardOutput.ReadToEndAsync(late.Token));
                addresses = [.. events.RootElement.EnumerateArray().Select(one => one.GetProperty("ipAddress").GetString())];
            }

            Assert.Equal([Client, Stranger], addresses);
        }
        finally
        {
            nginx.Kill(entireProcessTree: true);
            await nginx.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<int> StatusAsync(HttpClient client, string at)
    {
        using var answer = await client.GetAsync($"{at}/counted/open");
        return (int)answer.StatusCode;
    }

    private static async Task<int> WrongSecretAsync(HttpClient client, string at)
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "crm-sync"), new("client_secret", "wrong-wrong-wrong-wrong")]);
        using var answer = await client.PostAsync($"{at}/realms/contact-centre/protocol/openid-connect/token", form);
        return (int)answer.StatusCode;
    }

    // A client with an address of its own, that claims another.
    private static HttpClient From(string address)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, stop) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { Timeout = Patience };
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.66");
        return client;
    }

    private async Task<Process> NginxAsync(Uri gatehouse, params (int Port, string From)[] servers)
    {
        var temporary = string.Join(' ', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind};"));
        var each = string.Join('\n', servers.Select(server => $$"""
            server {
              listen 127.0.0.1:{{server.Port}};
              location / {
                proxy_bind {{server.From}};
                proxy_pass {{gatehouse.GetLeftPart(UriPartial.Authority)}};
                proxy_http_version 1.1;
                proxy_set_header Host $host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto https;
                proxy_set_header X-Forwarded-Host cx.example.org;
              }
            }
            """));
        var file = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(file, $"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {temporary}\n{each}\n}}\n");
        var nginx = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-c", file, "-p", folder]) { UseShellExecute = false })!;
        using var late = new CancellationTokenSource(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        foreach (var (port, _) in servers)
        {
            while (true)
            {
                Assert.False(nginx.HasExited, "nginx ended.");
                try
                {
                    using var socket = new TcpClient();
                    await socket.ConnectAsync(IPAddress.Loopback, port, late.Token);
                    break;
                }
                catch (SocketException)
                {
                    await tick.WaitForNextTickAsync(late.Token);
                }
            }
        }

        return nginx;
    }
}
