using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gatehouse.House;
using Gatehouse.Tests.Kits;

namespace Gatehouse.Tests.Protocols.ForwardAuth;

/// <summary>What proxies send to the door, byte for byte: no client library mends a spelling here.</summary>
internal static class ProxyKit
{
    public static readonly string[] Brands = ["nginx", "nginx-headers", "traefik", "caddy", "apisix", "envoy"];

    public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        /// <summary>The reason's code; <c>pass</c> for yes.</summary>
        public string Code => Status == 200 ? "pass" : Headers.TryGetValue("Gatehouse-Code", out var code) ? code : CodeOf(Body);

        /// <summary>The status as the gate would give it.</summary>
        public int TrueStatus => Headers.TryGetValue("Gatehouse-Status", out var status) ? int.Parse(status) : Status;

        private static string CodeOf(string body)
        {
            if (!body.StartsWith('{')) return body == "from the upstream" ? "pass" : "";
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.TryGetProperty("code", out var code) ? code.GetString()! : "";
        }
    }

    /// <summary>Settings that list this machine as a proxy.</summary>
    public static Func<ServeOptions, ServeOptions> On(string more = """, "originalUri": true""", string proxies = "127.0.0.0/8") => options =>
    {
        File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "protocols": { "forwardauth": { "proxies": ["{{proxies}}"]{{more}} } } }""");
        return options;
    };

    /// <summary>How a brand asks about a client's request; header lines as <c>Name: value</c>.</summary>
    public static Task<Answer> AskAsync(Desk desk, string brand, string method, string target, params string[] headers)
    {
        string[] common = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: http", $"X-Forwarded-Host: {desk.Url.Authority}"];
        return brand switch
        {
            "nginx" => SendAsync(desk, method, "/forward-auth/nginx" + target, [.. common, .. headers]),
            "nginx-headers" => SendAsync(desk, "GET", "/forward-auth/nginx", [.. common, $"X-Original-Method: {method}", $"X-Original-URI: {target}", .. headers]),
            "envoy" => SendAsync(desk, method, "/forward-auth/envoy" + target, [.. common, .. headers]),
            _ => SendAsync(desk, "GET", "/forward-auth/" + brand, [.. common, $"X-Forwarded-Method: {method}", $"X-Forwarded-Uri: {target}", .. headers]),
        };
    }

    /// <summary>Sends these very bytes.</summary>
    public static async Task<Answer> SendAsync(Desk desk, string method, string target, params string[] headers)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(desk.Url.Host, desk.Url.Port, late.Token);
        await using var stream = client.GetStream();
        var lines = string.Concat(headers.Select(line => line + "\r\n"));
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {desk.Url.Authority}\r\nConnection: close\r\nContent-Length: 0\r\n{lines}\r\n"), late.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = await reader.ReadToEndAsync(late.Token);
        var (head, body) = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is > 0 and var end ? (text[..end], text[(end + 4)..]) : (text, "");
        var all = head.Split("\r\n");
        var named = all.Skip(1).GroupBy(line => line[..line.IndexOf(':', StringComparison.Ordinal)], StringComparer.OrdinalIgnoreCase).ToDictionary(group => group.Key, group => string.Join(" ## ", group.Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())), StringComparer.OrdinalIgnoreCase);
        return new Answer(all[0].Length > 12 ? int.Parse(all[0][9..12]) : 0, named, body);
    }
}
