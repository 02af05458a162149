using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Gatehouse.Tests.Kits;

/// <summary>The whole program with an access file of a test's own and a recording upstream behind the gate.</summary>
public sealed class GateDesk : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private GateDesk(Desk desk, RecordingUpstream upstream, string file) => (Desk, Upstream, AccessFile) = (desk, upstream, file);

    public Desk Desk { get; }

    public RecordingUpstream Upstream { get; }

    public string AccessFile { get; }

    /// <summary>Opens it; <c>{upstream}</c> in the access file becomes the upstream's address.</summary>
    public static async Task<GateDesk> OpenAsync(string access, Func<Gatehouse.House.ServeOptions, Gatehouse.House.ServeOptions>? with = null)
    {
        var upstream = await RecordingUpstream.StartAsync();
        var file = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-gate-").FullName, "access.yaml");
        await File.WriteAllTextAsync(file, access.Replace("{upstream}", upstream.Url, StringComparison.Ordinal));
        return new GateDesk(await Desk.OpenAsync(file, with: with), upstream, file);
    }

    /// <summary>Sends a request through the gate; header lines as <c>Name: value</c>.</summary>
    public async Task<HttpResponseMessage> SendAsync(string method, string path, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var line in headers) request.Headers.TryAddWithoutValidation(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        return await Desk.Http.SendAsync(request);
    }

    /// <summary>Status and the problem's code; <c>pass</c> when the upstream answered.</summary>
    public async Task<(int Status, string Code)> AskAsync(string method, string path, params string[] headers)
    {
        using var answer = await SendAsync(method, path, headers);
        return ((int)answer.StatusCode, await CodeOfAsync(answer));
    }

    /// <summary>A request as it stands on the wire, for spellings that a client library would mend: the status of the answer.</summary>
    public async Task<int> RawAsync(string method, string target, params string[] headers)
    {
        using var late = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(Desk.Url.Host, Desk.Url.Port, late.Token);
        await using var stream = client.GetStream();
        var lines = string.Concat(headers.Select(line => line + "\r\n"));
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {Desk.Url.Authority}\r\nConnection: close\r\nContent-Length: 0\r\n{lines}\r\n"), late.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var status = await reader.ReadLineAsync(late.Token) ?? "";
        return status.Length > 12 ? int.Parse(status[9..12]) : 0;
    }

    /// <summary>Waits until the gate's answer is as wanted, without guessing how long that takes.</summary>
    public async Task BecomesAsync(int status, string method, string path, params string[] headers)
    {
        using var late = new CancellationTokenSource(Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (true)
        {
            var (now, code) = await AskAsync(method, path, headers);
            if (now == status) return;
            Assert.False(late.IsCancellationRequested, $"still {now} {code}, not {status}");
            await tick.WaitForNextTickAsync();
        }
    }

    public static async Task<string> CodeOfAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (text == "from the upstream") return "pass";
        return answer.Content.Headers.ContentType?.MediaType == "application/problem+json" ? JsonDocument.Parse(text).RootElement.GetProperty("code").GetString()! : "";
    }

    public async ValueTask DisposeAsync()
    {
        await Desk.DisposeAsync();
        await Upstream.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(AccessFile)!, recursive: true);
    }
}
