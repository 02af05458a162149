using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Gatehouse.Conformance.Kits;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Conformance.Gateway;

/// <summary>A real nginx with auth_request and the files of examples/nginx: Gatehouse decides, nginx forwards, and what a client forges reaches nobody.</summary>
public sealed class NginxAuthTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-nginx-auth-").FullName;
    private RecordingUpstream upstream = null!;
    private RunningProgram program = null!;
    private NginxKit nginx = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        upstream = await RecordingUpstream.StartAsync();
        var access = Path.Combine(folder, "access.yaml");
        await File.WriteAllTextAsync(access, """
            realm: contact-centre
            services:
              ccm:
                upstreams: ["http://127.0.0.1:1"]
                accept: [token, session]
                identity: [jwt, userinfo]
                strip-prefix: true
                rules:
                  - { path: "/ccm/secret/**", allow: { roles: [chief] } }
                  - allow: { roles: [integration] }
              counted:
                upstreams: ["http://127.0.0.1:1"]
                rate: { requests: 2, per: 1h, by: address }
                rules: [{ allow: {} }]
            public:
              - { reason: a test, lines: "GET /ccm/open\nGET /counted/open" }
            """);
        var data = Path.Combine(folder, "data");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(Path.Combine(data, "gatehouse.json"), """{ "protocols": { "forwardauth": { "proxies": ["127.0.0.1"] } } }""");
        program = await RunningProgram.StartWithAsync(access, data);
        nginx = await NginxKit.StartAsync(program.Url, $"upstream ccm {{ server {new Uri(upstream.Url).Authority}; }}", """
            include server.conf;
            location / { include location.conf; proxy_pass http://ccm$gatehouse_target; }
            # As many sites have it, and two lines short: nothing says which request it is.
            location = /_forgotten { internal; proxy_pass http://gatehouse/forward-auth/nginx; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header X-Forwarded-For $remote_addr; }
            location /forgotten/ { auth_request /_forgotten; proxy_pass http://ccm; }
            """);
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = nginx.Url, Timeout = Patience };
    }

    public async ValueTask DisposeAsync()
    {
        http?.Dispose();
        if (nginx is not null) await nginx.DisposeAsync();
        if (program is not null) await program.DisposeAsync();
        if (upstream is not null) await upstream.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Gatehouse_decides_and_nginx_forwards()
    {
        var token = await TokenAsync();

        // Yes, with our word for who it is and nobody else's.
        Assert.Equal("200 from the upstream", await AskAsync("POST", "/ccm/message/send?a=1&b=%20", $"Authorization: Bearer {token}", "X-Userinfo: forged", "Remote-User: forged", "X-HTTP-Method-Override: forged", "X-Original-URL: /forged", "Cookie: theme=dark; gh.contact-centre=forged"));
        var seen = upstream.Last;
        Assert.Equal(("POST", "/message/send?a=1&b=%20", "theme=dark"), (seen.Method, seen.Target, seen.Headers["Cookie"]));
        Assert.DoesNotContain(seen.Headers, one => one.Value.Contains("forged", StringComparison.Ordinal));
        Assert.StartsWith("Bearer eyJ", seen.Headers["Authorization"], StringComparison.Ordinal);
        Assert.NotEqual("Bearer " + token, seen.Headers["Authorization"]);
        Assert.Contains("crm-sync", Encoding.UTF8.GetString(Convert.FromBase64String(seen.Headers["X-Userinfo"])), StringComparison.Ordinal);
        Assert.Equal("200 from the upstream", await AskAsync("GET", "/ccm/open", "Authorization: Basic forged"));
        Assert.DoesNotContain("Authorization", upstream.Last.Headers.Keys);

        // No, in the numbers that the gate would give.
        var before = upstream.All.Count;
        Assert.Equal("401", await StatusAsync("GET", "/ccm/x"));
        Assert.Equal("403", await StatusAsync("GET", "/ccm/secret/x", $"Authorization: Bearer {token}"));
        Assert.Equal("401", await StatusAsync("GET", "/ccm/x", "Authorization: Bearer nonsense"));
        Assert.Equal("404", await StatusAsync("GET", "/nowhere"));
        Assert.Equal("400", await StatusAsync("GET", $"/ccm/x?access_token={token}"));
        using (var person = await SendAsync("GET", "/ccm/x", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")) Assert.Equal((302, "/realms/contact-centre/sign-in?back=%2Fccm%2Fx"), ((int)person.StatusCode, person.Headers.Location!.PathAndQuery));
        using (var script = await SendAsync("GET", "/ccm/x", "Sec-Fetch-Mode: cors"))
        {
            Assert.Equal(401, (int)script.StatusCode);
            Assert.Contains("Bearer realm=\"contact-centre\"", script.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(before, upstream.All.Count);

        // Limits go by the client's address.
        Assert.Equal("200 200", $"{await StatusAsync("GET", "/counted/open")} {await StatusAsync("GET", "/counted/open", "X-Forwarded-For: 203.0.113.9")}");
        using (var over = await SendAsync("GET", "/counted/open", "X-Forwarded-For: 203.0.113.10")) Assert.Equal((429, true), ((int)over.StatusCode, over.Headers.RetryAfter is not null));

        // Identity's own addresses pass as they are.
        Assert.Equal("200", await StatusAsync("GET", "/realms/contact-centre/.well-known/openid-configuration"));
    }

    [Fact]
    public async Task What_a_client_writes_of_its_request_counts_for_nothing()
    {
        // Here nginx is told as the file says, and a client describes another request.
        Assert.Equal("401", await StatusAsync("GET", "/ccm/x", "X-Original-URI: /ccm/open", "X-Original-Method: GET", "X-Forwarded-Uri: /ccm/open", "X-Forwarded-Method: GET"));

        // Here nginx forgot to say which request it is: nobody passes, whatever the client writes.
        Assert.Equal("403", await StatusAsync("GET", "/forgotten/x"));
        Assert.Equal("403", await StatusAsync("GET", "/forgotten/x", "X-Original-URI: /ccm/open", "X-Original-Method: GET"));
        Assert.Empty(upstream.All);

        // Nobody but nginx gets to the question.
        Assert.Equal("404", await StatusAsync("GET", "/_gatehouse"));
        Assert.NotEqual("200", await StatusAsync("GET", "/forward-auth/nginx/ccm/open"));
    }

    [Theory]
    [InlineData("/ccm//x")]
    [InlineData("//ccm/secret/x")]
    [InlineData("/ccm/open/../secret/x")]
    [InlineData("/ccm/open/%2e%2e/secret/x")]
    [InlineData("/ccm/open%2f..%2fsecret")]
    [InlineData("/ccm/%2fopen")]
    [InlineData("/ccm/open;x=/../secret")]
    [InlineData("/ccm/open%00")]
    [InlineData("/ccm/open%5c..%5csecret")]
    [InlineData("/ccm/%252e%252e/secret")]
    [InlineData("/../../health/live")]
    [InlineData("/..%2f..%2fhealth/live")]
    [InlineData("http://elsewhere.example/ccm/secret/x")]
    [InlineData("http://elsewhere.example//ccm/open")]
    [InlineData("*")]
    [InlineData("/forward-auth/nginx/ccm/open")]
    [InlineData("/forward-auth/nginx/ccm/open/../../../../realms/x")]
    [InlineData("/forward-auth/traefik/..%2f..%2frealms/x")]
    [InlineData("/forward-auth/../realms/contact-centre")]
    [InlineData("/forward-auth/traefik/%2e%2e/%2e%2e/realms")]
    public async Task No_spelling_gets_past(string target)
    {
        var status = await RawAsync(target, $"Authorization: Bearer {await TokenAsync()}", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /ccm/open");
        Assert.InRange(status, 400, 499);
        Assert.Empty(upstream.All);
    }

    [Fact]
    public async Task A_WebSocket_is_decided_about_too()
    {
        var address = new Uri(nginx.Url.ToString().Replace("http://", "ws://", StringComparison.Ordinal) + "ccm/socket");
        using var late = new CancellationTokenSource(Patience);
        using (var nobody = new ClientWebSocket()) await Assert.ThrowsAsync<WebSocketException>(() => nobody.ConnectAsync(address, late.Token));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + await TokenAsync());
        await socket.ConnectAsync(address, late.Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, late.Token);
        var buffer = new byte[16];
        var read = await socket.ReceiveAsync(buffer, late.Token);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, read.Count));
        Assert.Equal("/socket", upstream.Last.Target);
    }

    private async Task<string> TokenAsync()
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "crm-sync"), new("client_secret", RunningProgram.ClientSecret)]);
        using var answer = await http.PostAsync(new Uri("/realms/contact-centre/protocol/openid-connect/token", UriKind.Relative), form);
        using var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var line in headers) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        return await http.SendAsync(request);
    }

    private async Task<string> StatusAsync(string method, string path, params string[] headers)
    {
        using var answer = await SendAsync(method, path, headers);
        return ((int)answer.StatusCode).ToString();
    }

    private async Task<string> AskAsync(string method, string path, params string[] headers)
    {
        using var answer = await SendAsync(method, path, headers);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
    }

    private async Task<int> RawAsync(string target, params string[] headers)
    {
        using var late = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(nginx.Url.Host, nginx.Url.Port, late.Token);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"GET {target} HTTP/1.1\r\nHost: cx.example.org\r\nConnection: close\r\n{string.Concat(headers.Select(line => line + "\r\n"))}\r\n"), late.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var status = await reader.ReadLineAsync(late.Token) ?? "";
        return status.Length > 12 ? int.Parse(status[9..12]) : 0;
    }
}
