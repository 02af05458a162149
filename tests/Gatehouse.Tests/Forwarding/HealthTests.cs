using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Forwarding;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Tests.Forwarding;

public sealed class HealthTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    private static RawUpstream Named(string name, Func<bool>? well = null, SemaphoreSlim? hold = null) => new(async (peer, _) =>
    {
        while (await peer.UntilAsync("\r\n\r\n") is { } head)
        {
            if (head.StartsWith("GET /health", StringComparison.Ordinal))
            {
                await peer.SendAsync($"HTTP/1.1 {(well?.Invoke() == false ? 503 : 200)} X\r\nContent-Length: 0\r\n\r\n");
                return;
            }

            if (hold is not null) await hold.WaitAsync();
            await peer.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\n\r\n{name}");
        }
    });

    private static async Task<string> AskAsync(Rig rig, int times)
    {
        var answers = new List<string>();
        for (var i = 0; i < times; i++) answers.Add(await rig.Client.GetStringAsync("/", Stop));
        return string.Concat(answers);
    }

    [Fact]
    public async Task Round_robin_goes_by_weight()
    {
        await using var a = Named("a");
        await using var b = Named("b");
        await using var rig = await Rig.StartAsync([], p => p with { Addresses = [new(a.Uri, 2), new(b.Uri)] });
        Assert.Equal("abaabaaba", await AskAsync(rig, 9));
    }

    [Fact]
    public async Task Least_requests_goes_to_the_idle_one()
    {
        using var hold = new SemaphoreSlim(0);
        await using var a = Named("a", hold: hold);
        await using var b = Named("b");
        await using var rig = await Rig.StartAsync([a.Uri, b.Uri], p => p with { Balance = BalanceKind.LeastRequests });
        var first = rig.Client.GetStringAsync("/", Stop);
        if (await Task.WhenAny(first, Task.Delay(200, Stop)) == first) first = rig.Client.GetStringAsync("/", Stop);
        while (rig.Upstream.Load < 1) await Task.Yield();
        Assert.Equal("bbbb", await AskAsync(rig, 4));
        hold.Release(10);
        Assert.Equal("a", await first);
    }

    [Fact]
    public async Task The_active_check_takes_an_address_out_and_back()
    {
        var well = false;
        await using var a = Named("a", () => Volatile.Read(ref well));
        await using var b = Named("b");
        await using var rig = await Rig.StartAsync([a.Uri, b.Uri], p => p with
        {
            Health = new HealthPlan { Path = "/health", Interval = TimeSpan.FromMilliseconds(20), UnhealthyAfter = 2, HealthyAfter = 2 },
        });
        while (rig.Upstream.Look()[0].Available) await Task.Delay(5, Stop);
        Assert.Equal("bbbb", await AskAsync(rig, 4));
        Volatile.Write(ref well, true);
        while (!rig.Upstream.Look()[0].Available) await Task.Delay(5, Stop);
        Assert.Contains("a", await AskAsync(rig, 4), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_down_by_the_active_check_is_503()
    {
        await using var a = Named("a", () => false);
        await using var rig = await Rig.StartAsync([a.Uri], p => p with { Health = new HealthPlan { Path = "/health", Interval = TimeSpan.FromMilliseconds(20), UnhealthyAfter = 1 } });
        while (rig.Upstream.Look()[0].Available) await Task.Delay(5, Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.Client.GetAsync("/", Stop)).StatusCode);
    }

    [Fact]
    public async Task All_in_quarantine_are_tried_all_the_same()
    {
        var refuse = true;
        await using var a = new RawUpstream(async (peer, _) =>
        {
            await peer.UntilAsync("\r\n\r\n");
            if (!Volatile.Read(ref refuse)) await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        });
        await using var rig = await Rig.StartAsync([a.Uri], p => p with { Health = new HealthPlan { FailuresToQuarantine = 1, Quarantine = TimeSpan.FromHours(1) } });
        Assert.Equal(HttpStatusCode.BadGateway, (await rig.Client.GetAsync("/", Stop)).StatusCode);
        Assert.False(rig.Upstream.Look()[0].Available);
        Volatile.Write(ref refuse, false);
        Assert.Equal("a", await rig.Client.GetStringAsync("/", Stop));
        Assert.True(rig.Upstream.Look()[0].Available);
    }

    [Fact]
    public async Task A_changed_plan_keeps_the_connections_of_addresses_that_stay()
    {
        await using var a = Named("a");
        await using var b = Named("b");
        await using var rig = await Rig.StartAsync([a.Uri, b.Uri]);
        Assert.Equal("abab", await AskAsync(rig, 4));
        rig.Upstream.ApplyPlan(rig.Upstream.Plan with { Addresses = [new(a.Uri)] });
        Assert.Equal("aaaa", await AskAsync(rig, 4));
        Assert.Equal(1, a.Accepted);
        rig.Upstream.ApplyPlan(rig.Upstream.Plan with { Addresses = [new(b.Uri)] });
        Assert.Equal("bb", await AskAsync(rig, 2));
        Assert.Equal(2, b.Accepted);
    }

    [Fact]
    public async Task Tls_upstreams_are_believed_by_root_and_name_only()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var ask = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        ask.CertificateExtensions.Add(names.Build());
        ask.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = ask.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var host = await Rig.HostAsync(c => c.Response.WriteAsync("secret " + c.Request.IsHttps), listen: l => l.UseHttps(certificate));
        await using var owned = host;
        var port = new Uri(host.Urls.First()).Port;
        ImmutableArray<X509Certificate2> roots = [X509CertificateLoader.LoadCertificate(certificate.RawData)];

        await using var good = await Rig.StartAsync([new Uri($"https://localhost:{port}")], p => p with { TrustedRoots = roots });
        for (var i = 0; i < 3; i++) Assert.Equal("secret True", await good.Client.GetStringAsync("/", Stop));
        Assert.Equal(1, good.Upstream.Look()[0].Connections);

        await using var wrongName = await Rig.StartAsync([new Uri($"https://127.0.0.1:{port}")], p => p with { TrustedRoots = roots });
        await wrongName.Client.GetAsync("/", Stop);
        Assert.Equal(ForwardError.TlsFailed, (await wrongName.Results.Reader.ReadAsync(Stop)).Error);

        await using var wrongRoot = await Rig.StartAsync([new Uri($"https://localhost:{port}")]);
        await wrongRoot.Client.GetAsync("/", Stop);
        Assert.Equal(ForwardError.TlsFailed, (await wrongRoot.Results.Reader.ReadAsync(Stop)).Error);
    }
}
