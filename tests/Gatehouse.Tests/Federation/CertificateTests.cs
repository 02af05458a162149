using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by client certificate: at our own TLS, and by a real proxy (HAProxy) that sends on what it saw (RFC 9440); revocation by a list and by OpenSSL's OCSP responder.</summary>
public sealed class CertificateTests : IAsyncLifetime
{
    private readonly AuthorityKit authority = new();
    private readonly AuthorityKit stranger = new();
    private readonly string folder = Directory.CreateTempSubdirectory("gatehouse-certificates-").FullName;

    public async ValueTask InitializeAsync()
    {
        ServerCertificate.Write(folder, "127.0.0.1");
        await authority.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await authority.DisposeAsync();
        await stranger.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task At_our_own_tls_a_good_certificate_is_a_sign_in_and_no_other()
    {
        await using var desk = await Desk.OpenAsync(with: one => one with { Certificate = Path.Combine(folder, "server.pem"), CertificateKey = Path.Combine(folder, "server.key"), CertificatePort = 0 });
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("card", "certificate", new Dictionary<string, string> { ["caFile"] = authority.CaFile, ["username"] = "uid" }, null, one => one with { Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent")] });
        await outpost.AddAsync("soft", "certificate", new Dictionary<string, string> { ["caFile"] = authority.CaFile, ["revocation"] = "soft", ["username"] = "uid" });

        var mina = authority.Issue("UID=mina, CN=Mina Okafor, SURNAME=Okafor, GIVENNAME=Mina, OU=agents, O=Site", email: "mina@site.example");
        var byOcsp = authority.Issue("UID=omar, CN=Omar Haddad", by: "ocsp");
        var (revoked, revokedByOcsp) = (authority.Issue("UID=gone, CN=Gone"), authority.Issue("UID=gone2, CN=Gone", by: "ocsp", revoked: true));
        var silent = authority.Issue("UID=silent, CN=Silent", by: "none");
        authority.Publish(revoked);
        await authority.RespondAsync();

        using (var walker = new Walker(mina))
        {
            await SignInAsync(walker, outpost, "CARD");
            Assert.Equal($"{outpost.Url}/signed-in", walker.At.AbsoluteUri);
            Assert.Contains(walker.Trail, one => one.Port != desk.Url.Port && one.AbsolutePath.EndsWith("/broker/card/endpoint", StringComparison.Ordinal));
            var user = (await outpost.UserAsync("mina"))!;
            Assert.Equal(("mina@site.example", "Mina", "Okafor"), (user.Email, user.FirstName, user.LastName));
            Assert.Contains("agent", await outpost.RolesAsync("mina"));
            Assert.NotNull(await SessionAsync(walker, outpost));
        }

        using (var walker = new Walker(byOcsp))
        {
            await SignInAsync(walker, outpost, "CARD");
            Assert.True(walker.Status == HttpStatusCode.OK, $"{walker.Status}: {string.Join("; ", (await desk.Part<AuditLog>().ListAsync(new AuditQuery(Outpost.Realm), default)).Events.Select(one => one.Event.Error + " " + one.Event.Details?.GetValueOrDefault("detail")))}\n{authority.Said}");
            Assert.NotNull(await SessionAsync(walker, outpost));
        }

        await RefusedAsync(outpost, null, "no_certificate");
        await RefusedAsync(outpost, revoked, "revoked");
        await RefusedAsync(outpost, revokedByOcsp, "revoked");
        await RefusedAsync(outpost, authority.Issue("UID=late, CN=Late", fromDays: -20, toDays: -10), "expired");
        await RefusedAsync(outpost, authority.Issue("UID=server, CN=Server", usage: "1.3.6.1.5.5.7.3.1"), "wrong_usage");
        await RefusedAsync(outpost, stranger.Issue("UID=mina, CN=Mina Okafor", by: "none"), "untrusted");

        // Nobody says whether it is revoked: not a refusal, but nobody is let in; where that was chosen, they are.
        await RefusedAsync(outpost, silent, "upstream_unavailable", HttpStatusCode.ServiceUnavailable);
        using (var walker = new Walker(silent))
        {
            await SignInAsync(walker, outpost, "SOFT");
            Assert.NotNull(await SessionAsync(walker, outpost));
        }

        // A certificate in a header, sent by the client itself, counts for nothing.
        using var liar = new Walker();
        await SignInAsync(liar, outpost, "CARD", new() { ["Client-Cert"] = $":{Convert.ToBase64String(mina.RawData)}:" });
        Assert.Equal(HttpStatusCode.Forbidden, liar.Status);
    }

    [Fact]
    public async Task A_trusted_proxy_sends_on_what_it_saw_and_nobody_else_can()
    {
        if (!File.Exists("/usr/sbin/haproxy")) Assert.Skip("HAProxy is not installed: apt-get install haproxy");
        var port = Loopback.FreePort();
        var settings = Path.Combine(folder, "settings.json");
        await File.WriteAllTextAsync(settings, """{ "gateway": { "trustedProxies": ["127.0.0.1/32"] } }""");
        await using var desk = await Desk.OpenAsync(with: one => one with { PublicUrl = $"https://127.0.0.1:{port}", Settings = settings, Port = Loopback.FreePort() });
        using var proxy = await ProxyAsync(port, desk);
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("card", "certificate", new Dictionary<string, string> { ["caFile"] = authority.CaFile, ["fromProxy"] = "true", ["username"] = "cn" });
        await outpost.AddAsync("own", "certificate", new Dictionary<string, string> { ["caFile"] = authority.CaFile, ["address"] = $"https://127.0.0.1:{port}" });
        var lena = authority.Issue("CN=lena");
        using (var walker = new Walker(lena))
        {
            await SignInAsync(walker, outpost, "CARD");
            Assert.True(walker.At.AbsoluteUri == $"{outpost.Url}/signed-in", $"{walker.At} {walker.Status}\n{walker.Text}");
            Assert.Equal("lena", (await outpost.UserAsync("lena"))!.Username);
        }

        // Without one; with one that the client writes itself, which the proxy takes away; and where the setting does not say that a proxy may.
        await RefusedAsync(outpost, null, "no_certificate");
        using (var walker = new Walker())
        {
            await SignInAsync(walker, outpost, "CARD", new() { ["Client-Cert"] = $":{Convert.ToBase64String(lena.RawData)}:" });
            Assert.Equal(HttpStatusCode.Forbidden, walker.Status);
        }

        using (var walker = new Walker(lena))
        {
            await SignInAsync(walker, outpost, "OWN");
            Assert.Equal(HttpStatusCode.Forbidden, walker.Status);
        }

        // The proxy dies in the middle; nothing has to be restarted here.
        using var late = new Walker(lena);
        await late.OpenAsync($"{outpost.Url}/sign-in");
        proxy.Kill();
        await proxy.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<HttpRequestException>(() => late.FollowAsync("CARD"));
        using var again = await ProxyAsync(port, desk);
        await late.FollowAsync("CARD");
        Assert.NotNull(await SessionAsync(late, outpost));
        again.Kill();
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("::")]
    [InlineData("AAAA")]
    [InlineData(":AAA:")]
    [InlineData(":AA AA:")]
    [InlineData(":AAAA:;a=1")]
    [InlineData(":AAAA:, :AAAA:")]
    [InlineData("\"AAAA\"")]
    public void An_odd_header_is_no_certificate(string field) => Assert.False(ClientCertHeader.TryRead(field, out _));

    [Fact]
    public void Chains_are_bounded_and_read_whole_or_not_at_all()
    {
        Assert.Equal(2, ClientCertHeader.ReadChain(":AAAA:, :BBBB:")!.Count);
        Assert.Empty(ClientCertHeader.ReadChain(null)!);
        Assert.Null(ClientCertHeader.ReadChain(":AAAA:, nonsense"));
        Assert.Null(ClientCertHeader.ReadChain(string.Join(',', Enumerable.Repeat(":AAAA:", 9))));
        Assert.Null(ClientCertHeader.ReadChain(":" + new string('A', 100_000) + ":"));
        var random = new Random(3);
        for (var i = 0; i < 2000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => ":AB=+/, ;\"\t"[random.Next(11)])]);
            ClientCertHeader.ReadChain(text);
            ClientCertHeader.TryRead(text, out _);
        }
    }

    [Theory]
    [InlineData("revocation", "sometimes")]
    [InlineData("subject", "shoe size")]
    [InlineData("address", "http://plain.example")]
    [InlineData("caFile", "/nowhere/ca.pem")]
    public void Settings_that_cannot_hold_are_refused(string name, string value)
    {
        var upstream = new Upstream { Id = "1", Realm = "r", Alias = "a", Kind = "certificate", Config = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("caFile", authority.CaFile).SetItem(name, value) };
        Assert.NotNull(UpstreamKinds.Fault(upstream));
    }

    private static async Task SignInAsync(Walker walker, Outpost outpost, string way, Dictionary<string, string>? headers = null)
    {
        walker.Headers = headers;
        await walker.OpenAsync($"{outpost.Url}/sign-in");
        await walker.FollowAsync(way);
    }

    private static async Task RefusedAsync(Outpost outpost, X509Certificate2? certificate, string code, HttpStatusCode status = HttpStatusCode.Forbidden)
    {
        using var walker = new Walker(certificate);
        await SignInAsync(walker, outpost, "CARD");
        Assert.True(walker.Status == status, $"{code}: {walker.Status}\n{walker.Text}");
        Assert.Null(await SessionAsync(walker, outpost));
        var audit = outpost.Desk.Part<AuditLog>();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (IReadOnlyList<string?> seen = []; !seen.Contains(code); await tick.WaitForNextTickAsync(CancellationToken.None))
        {
            seen = [.. (await audit.ListAsync(new AuditQuery(Outpost.Realm, "IDENTITY_PROVIDER_LOGIN_ERROR"), default)).Events.Select(one => $"{one.Event.Error}"), .. (await audit.ListAsync(new AuditQuery(Outpost.Realm, "IDENTITY_PROVIDER_LOGIN_ERROR"), default)).Events.Select(one => one.Event.Details?.GetValueOrDefault("detail"))];
            Assert.False(late.IsCancellationRequested, $"no {code} among: {string.Join("; ", seen)}");
        }
    }

    private static async Task<Session?> SessionAsync(Walker walker, Outpost outpost)
        => walker.Jar[outpost.Desk.Url.Host, Gatehouse.Sessions.Cookie.NameOf(Outpost.Realm, tls: true)] is { Length: > 0 } cookie ? await outpost.Desk.Part<SessionStore>().FindByCookieAsync(Outpost.Realm, cookie, default) : null;

    private async Task<Process> ProxyAsync(int port, Desk desk)
    {
        var pair = Path.Combine(folder, "pair.pem");
        await File.WriteAllTextAsync(pair, await File.ReadAllTextAsync(Path.Combine(folder, "server.pem")) + "\n" + await File.ReadAllTextAsync(Path.Combine(folder, "server.key")));
        var config = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(config, $$"""
            global
              nbthread 1
            defaults
              mode http
              timeout connect 5s
              timeout client 30s
              timeout server 30s
            frontend web
              bind 127.0.0.1:{{port}} ssl crt {{pair}} ca-file {{authority.CaFile}} verify optional
              http-request del-header Client-Cert
              http-request del-header Client-Cert-Chain
              http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
              http-request set-header X-Forwarded-For %[src]
              default_backend gatehouse
            backend gatehouse
              server one 127.0.0.1:{{desk.ListensOn}}

            """);
        var process = Process.Start(new ProcessStartInfo("/usr/sbin/haproxy", ["-f", config, "-db"]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await Loopback.ListensAsync(port, TimeSpan.FromSeconds(10));
        return process;
    }
}
