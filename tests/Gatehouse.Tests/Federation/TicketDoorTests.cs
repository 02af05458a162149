using System.Net;
using System.Text.RegularExpressions;
using Gatehouse.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Who is asked for a ticket, how often, and which provider judges it.</summary>
public sealed partial class TicketDoorTests
{
    [Fact]
    public async Task A_browser_is_asked_once_for_each_sign_in_and_nobody_where_it_would_be_wrong()
    {
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        var keytab = Path.Combine(desk.Data, "none.keytab");
        await outpost.AddAsync("desk", "kerberos", new Dictionary<string, string> { ["keytab"] = keytab, ["service"] = "HTTP/localhost" }, more: one => one with { Realm = Desk.Realm, Id = "a" });
        using var browser = new Browser(desk);
        var (asked, at) = await browser.FollowAsync(browser.Authorize());
        Assert.Equal((401, "Negotiate"), ((int)asked.StatusCode, asked.Headers.WwwAuthenticate.ToString()));
        Assert.Contains("name=\"password\"", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var again = await browser.GetAsync(at.PathAndQuery);
        Assert.Equal((200, 0), ((int)again.StatusCode, again.Headers.WwwAuthenticate.Count));

        // The form that came with the 401 is as good as any.
        using var arrived = await browser.SubmitAsync(asked, at, "alice", Desk.Password);
        Assert.Equal(HttpStatusCode.SeeOther, arrived.StatusCode);
        Assert.Equal(200, (int)(await browser.FollowAsync(browser.Authorize(("prompt", "login")))).Answer.StatusCode);

        // Elsewhere only where the application asks for it by name; a fresh proof is never a ticket.
        await outpost.ChangeAsync(desk.Part<Upstreams>().Find(Desk.Realm, "desk")! with { Config = desk.Part<Upstreams>().Find(Desk.Realm, "desk")!.Config.Add("networks", "10.0.0.0/8 2001:db8::/32") });
        using var other = new Browser(desk);
        Assert.Equal(200, (int)(await other.FollowAsync(other.Authorize())).Answer.StatusCode);
        Assert.Equal(401, (int)(await other.FollowAsync(other.Authorize(("kc_idp_hint", "desk")))).Answer.StatusCode);
        Assert.Equal(200, (int)(await other.FollowAsync(other.Authorize(("kc_idp_hint", "desk"), ("prompt", "login")))).Answer.StatusCode);
    }

    [Fact]
    public async Task Several_providers_of_a_realm_judge_each_its_own_tickets_and_prove_themselves()
    {
        await using var kdc = await KdcKit.StartAsync();
        await kdc.ServiceAsync("HTTP/branch.localhost", kdc.In("branch.keytab"));
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("hq", "kerberos", new Dictionary<string, string> { ["keytab"] = kdc.Keytab, ["service"] = "HTTP/localhost" });
        await outpost.AddAsync("branch", "kerberos", new Dictionary<string, string> { ["keytab"] = kdc.In("branch.keytab"), ["service"] = "HTTP/branch.localhost", ["keepRealm"] = "true" });
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        foreach (var (host, name) in ((string, string)[])[("localhost", "mina"), ("branch.localhost", "mina@site.example")])
        {
            kdc.ForgetCookies();
            var said = await kdc.CurlAsync("--resolve", $"{host}:{desk.Url.Port}:127.0.0.1", $"http://{host}:{desk.Url.Port}/realms/{Outpost.Realm}/sign-in");
            Assert.Contains("HTTP/1.1 303", said, StringComparison.Ordinal);

            // curl asks for mutual authentication, and would not go on without the answer.
            Assert.Matches(Proof(), said);
            Assert.NotNull(await outpost.UserAsync(name));
        }
    }

    [Fact]
    public async Task Providers_that_need_care_are_told_to_whoever_watches()
    {
        await using var desk = await Desk.OpenAsync();
        Assert.Equal("in order", await desk.Http.GetStringAsync("/health/providers"));
        var outpost = await Outpost.MakeAsync(desk);
        var keytab = Path.Combine(desk.Data, "none.keytab");
        await outpost.AddAsync("desk", "kerberos", new Dictionary<string, string> { ["keytab"] = keytab });
        using var care = await desk.Http.GetAsync("/health/providers");
        var said = await care.Content.ReadAsStringAsync();
        Assert.Equal(503, (int)care.StatusCode);
        Assert.Contains("'desk'", said, StringComparison.Ordinal);
        Assert.DoesNotContain(desk.Data, said, StringComparison.Ordinal);
    }

    [GeneratedRegex("< WWW-Authenticate: Negotiate [A-Za-z0-9+/=]{40,}")]
    private static partial Regex Proof();
}
