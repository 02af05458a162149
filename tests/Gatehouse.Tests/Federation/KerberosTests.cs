using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Kerberos;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Single sign-on by tickets of a real MIT Kerberos realm, shown by curl: who is let in, who falls back to the form, and why.</summary>
public sealed partial class KerberosTests
{
    [Fact]
    public async Task Tickets_sign_in_and_everything_else_falls_back_to_the_form()
    {
        await using var kdc = await KdcKit.StartAsync("HTTP/127.0.0.1");
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        var config = new Dictionary<string, string> { ["keytab"] = kdc.Keytab, ["service"] = "HTTP/localhost" };
        await kdc.ServiceAsync("HTTP/localhost", kdc.Keytab);
        await outpost.AddAsync("desk", "kerberos", config, null, one => one with { Mapping = [] });
        var page = $"http://localhost:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in";

        // No ticket: asked, and shown the form in the same answer.
        var none = await kdc.CurlAsync(page);
        Assert.Contains("WWW-Authenticate: Negotiate", none, StringComparison.Ordinal);
        Assert.Contains("name=\"password\"", none, StringComparison.Ordinal);
        Assert.Contains("why-no-ticket", none, StringComparison.Ordinal);

        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        Assert.False(await kdc.SignInAsync("mina", "wrong"));
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        kdc.ForgetCookies();
        var good = await kdc.CurlAsync("-L", page);
        Assert.True(good.Contains("/signed-in", StringComparison.Ordinal), good);
        var user = (await outpost.UserAsync("mina"))!;
        var link = Assert.Single(await desk.Part<Gatehouse.People.Links>().OfUserAsync(Outpost.Realm, user.Id, default));
        Assert.Equal("mina@SITE.EXAMPLE", link.Subject);

        // The very token again, from wherever.
        var token = Sent().Match(good).Groups[1].Value;
        Assert.Equal("replayed", await RefusedAsync(desk, token));

        // A ticket for another service; NTLM; nonsense; too much.
        var other = Sent().Match(await kdc.CurlAsync($"http://127.0.0.1:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in")).Groups[1].Value;
        Assert.Equal("wrong_service", await RefusedAsync(desk, other));
        Assert.Equal("ntlm", await RefusedAsync(desk, Convert.ToBase64String([.. "NTLMSSP\0"u8, 1, 0, 0, 0, 0, 0, 0, 0])));
        Assert.Equal("malformed", await RefusedAsync(desk, "AAAA"));
        Assert.Equal("malformed", await RefusedAsync(desk, "%%%"));
        Assert.Equal("malformed", await RefusedAsync(desk, token[..(token.Length / 2 / 4 * 4)]));
        var altered = Convert.FromBase64String(token);
        altered[^20] ^= 1;
        Assert.Equal("bad_ticket", await RefusedAsync(desk, Convert.ToBase64String(altered)));

        // The page that tells why.
        Assert.Contains("sent no ticket", await (await AskAsync(desk, "sign-in/why-no-ticket", null)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        foreach (var (sent, said) in new[] { (other, "another service"), (Convert.ToBase64String([.. "NTLMSSP\0"u8, 1, 0, 0, 0]), "NTLM"), ("AAAA", "no Kerberos ticket"), (token, "that fits") })
            Assert.Contains(said, await (await AskAsync(desk, "sign-in/why-no-ticket", sent)).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // As a proof at the token endpoint's door: the same judge.
        var proof = (IAcceptsProof)desk.Part<Upstreams>().Open(desk.Part<Upstreams>().Find(Outpost.Realm, "desk")!).Upstream;
        kdc.ForgetCookies();
        var fresh = Sent().Match(await kdc.CurlAsync($"http://localhost:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in/why-no-ticket")).Groups[1].Value;
        Assert.Equal("mina@SITE.EXAMPLE", Assert.IsType<Finding.Known>(await proof.AcceptAsync(new Secret(fresh), null, Trace.None, default)).Identity.Subject);

        // And by the one endpoint that trades proofs (RFC 8693).
        await outpost.AddTraderAsync();
        kdc.ForgetCookies();
        fresh = Sent().Match(await kdc.CurlAsync($"http://localhost:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in/why-no-ticket")).Groups[1].Value;
        var (traded, body) = await outpost.TradeAsync(ProofType.Kerberos, fresh);
        Assert.True(traded == HttpStatusCode.OK, body.ToString());
        Assert.Contains("replayed", (await outpost.TradeAsync(ProofType.Kerberos, fresh)).Body.ToString(), StringComparison.Ordinal);

        // The KDC dies: the tickets that people have still count; nobody new gets one, and falls back to the form.
        kdc.Kill();
        kdc.ForgetCookies();
        Assert.Contains("/signed-in", await kdc.CurlAsync("-L", page), StringComparison.Ordinal);
        Assert.False(await kdc.SignInAsync("otto", "ottos-password"));
        await kdc.ServeAsync();

        // A new key: old tickets say which version they are for; the new keytab counts without a restart.
        await kdc.AdminAsync("cpw -randkey HTTP/localhost");
        File.Delete(kdc.In("ccache"));
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        kdc.ForgetCookies();
        var newer = Sent().Match(await kdc.CurlAsync(page)).Groups[1].Value;
        Assert.Equal("key_version", await RefusedAsync(desk, newer));
        await kdc.ServiceAsync("HTTP/localhost", kdc.Keytab, again: true);
        File.Delete(kdc.In("ccache"));
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        kdc.ForgetCookies();
        Assert.Contains("/signed-in", await kdc.CurlAsync("-L", page), StringComparison.Ordinal);
        Assert.Null(await outpost.UserAsync("otto"));

        // prompt=login wants more than this morning's ticket: covered by Fresh; and a network that is not listed is not asked.
        var upstream = desk.Part<Upstreams>().Find(Outpost.Realm, "desk")!;
        await outpost.ChangeAsync(upstream with { Config = upstream.Config.Add("networks", "10.0.0.0/8") });
        kdc.ForgetCookies();
        Assert.DoesNotContain("WWW-Authenticate", await kdc.CurlAsync(page), StringComparison.Ordinal);
        await outpost.ChangeAsync(upstream with { Config = upstream.Config.SetItem("keytab", kdc.In("nowhere.keytab")) });
        kdc.ForgetCookies();
        var broken = await kdc.CurlAsync(page);
        Assert.Contains("name=\"password\"", broken, StringComparison.Ordinal);

        async Task<string> RefusedAsync(Desk at, string sent)
        {
            using var answer = await AskAsync(at, "sign-in", sent);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.False(answer.Headers.Contains("WWW-Authenticate"));
            Assert.Contains("name=\"password\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            var audit = at.Part<AuditLog>();
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            var before = refusals;
            while (true)
            {
                var seen = (await audit.ListAsync(new AuditQuery(Outpost.Realm, "IDENTITY_PROVIDER_LOGIN_ERROR", Limit: 100), late.Token)).Events;
                if (seen.Count > before)
                {
                    refusals = seen.Count;
                    return seen[0].Event.Error!;
                }

                await tick.WaitForNextTickAsync(late.Token);
            }
        }
    }

    private int refusals;

    [Fact]
    public async Task A_directorys_people_are_signed_in_by_their_tickets_only_where_somebody_said_they_are_the_same()
    {
        await using var kdc = await KdcKit.StartAsync();
        await using var slapd = await SlapdKit.StartAsync(LdapTests.Fixture.Ldif);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("site", "ldap", new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = "ou=people," + SlapdKit.Base, ["bindDn"] = SlapdKit.Admin }, new Dictionary<string, string> { ["bindPassword"] = SlapdKit.AdminPassword });
        var tickets = await outpost.AddAsync("desk", "kerberos", new Dictionary<string, string> { ["keytab"] = kdc.Keytab, ["service"] = "HTTP/localhost" });
        await outpost.AddUserAsync("otto", "a-password-of-ottos-own");
        using (var browser = new Browser(desk))
        {
            var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
            Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
            using var answer = await browser.SubmitAsync(page, at, "mina", "minas-password");
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        }

        var address = $"http://localhost:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in";
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        Assert.DoesNotContain("/signed-in", await kdc.CurlAsync("-L", address), StringComparison.Ordinal);
        await outpost.ChangeAsync(tickets with { Config = tickets.Config.Add("sameAs", "site") });
        kdc.ForgetCookies();
        Assert.Contains("/signed-in", await kdc.CurlAsync("-L", address), StringComparison.Ordinal);
        Assert.Equal(2, (await desk.Part<Gatehouse.People.Links>().OfUserAsync(Outpost.Realm, (await outpost.UserAsync("mina"))!.Id, default)).Count);

        // otto is a user of this realm, and not the directory's.
        Assert.True(await kdc.SignInAsync("otto", "ottos-password"));
        kdc.ForgetCookies();
        Assert.DoesNotContain("/signed-in", await kdc.CurlAsync("-L", address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_keytab_is_read_without_its_keys_and_raises_alarms()
    {
        await using var kdc = await KdcKit.StartAsync();
        File.SetUnixFileMode(kdc.Keytab, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.True(Keytab.TryRead(await File.ReadAllBytesAsync(kdc.Keytab), out var keys));
        Assert.Equal(["aes128-cts-hmac-sha1-96", "aes256-cts-hmac-sha1-96"], keys.Select(key => key.Encryption).Order());
        Assert.All(keys, key => Assert.Equal(("HTTP/localhost@SITE.EXAMPLE", false), (key.Principal, key.IsWeak)));

        var upstream = new Upstream { Id = "1", Realm = "r", Alias = "a", Kind = "kerberos", Config = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("keytab", kdc.Keytab).Add("service", "HTTP/localhost") };
        var clock = new AheadClock();
        IAsksForTickets Open(Upstream one) => (IAsksForTickets)UpstreamKinds.All["kerberos"].Open(one, new Surroundings(null!, clock, "https://localhost"));
        Assert.Contains("chmod 600", Assert.Single(Open(upstream).Alarms()), StringComparison.Ordinal);
        File.SetUnixFileMode(kdc.Keytab, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Empty(Open(upstream).Alarms());
        clock.Advance(TimeSpan.FromDays(400));
        Assert.Contains("days old", Assert.Single(Open(upstream).Alarms()), StringComparison.Ordinal);
        Assert.Contains("has no key of HTTP/other", Assert.Single(Open(upstream with { Config = upstream.Config.SetItem("service", "HTTP/other") }).Alarms()), StringComparison.Ordinal);
        var trace = new Trace();
        Assert.Null(await Open(upstream).ProbeAsync(trace, default));
        Assert.Contains(trace.Lines, line => line.StartsWith("key HTTP/localhost@SITE.EXAMPLE, version 2", StringComparison.Ordinal));
    }

    [Fact]
    public void Random_and_truncated_bytes_never_throw()
    {
        var random = new Random(11);
        byte[] good = [0x60, 0x28, 0x06, 0x06, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x02, 0xA0, 0x1E, 0x30, 0x1C, 0xA0, 0x0D, 0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0xA2, 0x0B, 0x04, 0x09, 0x4E, 0x54, 0x4C, 0x4D, 0x53, 0x53, 0x50, 0x00, 0x01];
        Assert.True(NegotiateToken.TryRead(good, out var read));
        Assert.Equal(NegotiateKind.Ntlm, read.Kind);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = good.ToArray();
            for (var j = 0; j <= random.Next(4); j++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            NegotiateToken.TryRead(bytes.AsMemory(0, random.Next(bytes.Length + 1)), out _);
            random.NextBytes(bytes);
            NegotiateToken.TryRead(bytes, out _);
            bytes[0] = 5;
            bytes[1] = 2;
            Keytab.TryRead(bytes, out _);
        }
    }

    private static Task<HttpResponseMessage> AskAsync(Desk desk, string path, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/realms/{Outpost.Realm}/{path}");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Negotiate " + token);
        return desk.Http.SendAsync(request);
    }

    [GeneratedRegex("> Authorization: Negotiate ([A-Za-z0-9+/=]+)")]
    private static partial Regex Sent();
}
