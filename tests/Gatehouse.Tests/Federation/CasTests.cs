using System.Net;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by a real CAS server of others' making, LemonLDAP::NG, in the protocol's three versions.</summary>
public sealed class CasTests(CasTests.Fixture fixture) : IClassFixture<CasTests.Fixture>
{
    private Outpost Outpost => fixture.Outpost;

    private LemonldapKit Llng => fixture.Llng;

    [Theory]
    [InlineData("1", "rtyler", null)]
    [InlineData("2", "msmith", "msmith@badwolf.org")]
    [InlineData("3", "dwho", "dwho@badwolf.org")]
    public async Task A_person_signs_in_there_and_is_a_user_here(string version, string name, string? email)
    {
        using var walker = new Walker();
        await SignInAsync(walker, $"CAS{version}", name);
        Assert.Equal($"/realms/{Outpost.Realm}/signed-in", walker.At.AbsolutePath);
        var user = (await Outpost.Desk.Part<Gatehouse.People.Users>().FindAsync(Outpost.Realm, (await SessionAsync(walker))!.User, default))!;
        Assert.Equal((name, email), (user.Username, user.Email));
        Assert.Equal(name == "dwho", (await Outpost.Desk.Part<Gatehouse.People.Roles>().OfAsync(Outpost.Realm, Gatehouse.People.RoleHolder.User, user.Id, default)).Any(role => role.Name == "agent"));
    }

    [Fact]
    public async Task Signing_out_here_signs_out_there_and_comes_back()
    {
        using var walker = new Walker();
        await SignInAsync(walker, "CAS3");
        await walker.OpenAsync($"{Outpost.Url}/sign-out");
        await walker.SubmitAsync();
        Assert.Contains(walker.Trail, one => one.AbsolutePath == "/cas/logout");
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("CAS3");
        Assert.Contains("name=\"password\"", walker.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_logout_request_with_the_ticket_ends_the_session_here()
    {
        using var walker = new Walker();
        await SignInAsync(walker, "CAS3");
        var session = (await SessionAsync(walker))!;
        async Task<HttpStatusCode> TellAsync(string request)
        {
            using var form = new FormUrlEncodedContent([new("logoutRequest", request)]);
            using var answer = await Outpost.Desk.Http.PostAsync($"/realms/{Outpost.Realm}/broker/cas3/endpoint", form);
            return answer.StatusCode;
        }

        string Wish(string ticket) => $"<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"x\" Version=\"2.0\" IssueInstant=\"2026-01-01T00:00:00Z\"><saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">@NOT_USED@</saml:NameID><samlp:SessionIndex>{ticket}</samlp:SessionIndex></samlp:LogoutRequest>";
        foreach (var bad in (string[])["", "nonsense", "<!DOCTYPE a>" + Wish(session.UpstreamSession!), Wish("not a ticket")]) Assert.Equal(HttpStatusCode.BadRequest, await TellAsync(bad));
        await TellAsync(Wish("ST-another"));
        Assert.NotNull(await SessionAsync(walker));
        Assert.Equal(HttpStatusCode.NoContent, await TellAsync(Wish(session.UpstreamSession!)));
        Assert.Null(await SessionAsync(walker));
    }

    [Fact]
    public async Task A_ticket_counts_once_for_the_very_service_and_a_made_up_one_never()
    {
        using var walker = new Walker();
        await SignInAsync(walker, "CAS3");
        var used = walker.Trail.Last(one => one.Query.Contains("ticket=", StringComparison.Ordinal));
        foreach (var ticket in (string[])["ST-" + new string('0', 64), "PT-1", "ST-a&service=http://evil.example", "../logout", "", new string('A', 600)])
        {
            await walker.OpenAsync($"{Outpost.Url}/sign-in");
            using var other = new Walker();
            await other.OpenAsync($"{Outpost.Url}/sign-in");
            await other.FollowAsync("CAS3");
            var back = Uri.UnescapeDataString(other.At.Query["?service=".Length..].Split('&')[0]);
            await other.OpenAsync($"{back}&ticket={Uri.EscapeDataString(ticket)}");
            Assert.Equal(HttpStatusCode.Forbidden, other.Status);
            Assert.Null(await SessionAsync(other));
        }

        // The used one, at the same address: the way is taken.
        await walker.OpenAsync(used.AbsoluteUri);
        Assert.Equal(HttpStatusCode.BadRequest, walker.Status);
    }

    [Fact]
    public async Task A_ticket_of_a_listed_service_is_accepted_as_proof_once()
    {
        const string Service = "http://127.0.0.1:9/xivo?a=b&c=d";
        var proof = (IAcceptsProof)Outpost.Desk.Part<Upstreams>().Open(Outpost.Desk.Part<Upstreams>().Find(Outpost.Realm, "cas3")!).Upstream;
        using var walker = new Walker();
        await walker.OpenAsync($"{Llng.Cas}/login?service={Uri.EscapeDataString($"{Outpost.Url}/signed-in")}");
        await walker.SubmitAsync(("user", "dwho"), ("password", "dwho"));
        async Task<Secret> TicketAsync(string service)
        {
            try
            {
                await walker.OpenAsync($"{Llng.Cas}/login?service={Uri.EscapeDataString(service)}");
            }
            catch (HttpRequestException)
            {
                // Nothing listens there: the address is all that counts.
            }

            return new Secret(walker.At.Query.Split("ticket=")[1]);
        }

        // The same by the one endpoint that trades proofs (RFC 8693).
        await Outpost.AddTraderAsync();
        var (status, body) = await Outpost.TradeAsync(ProofType.CasTicket, (await TicketAsync(Service)).Reveal(), ("service", Service), ("subject_issuer", "cas3"));
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        (status, body) = await Outpost.TradeAsync(ProofType.CasTicket, (await TicketAsync(Service)).Reveal(), ("service", "http://127.0.0.1:9/unlisted"), ("subject_issuer", "cas3"));
        Assert.Contains("wrong_service", body.ToString(), StringComparison.Ordinal);

        var ticket = await TicketAsync(Service);
        Assert.Equal("dwho", Assert.IsType<Finding.Known>(await proof.AcceptAsync(ticket, Service, Trace.None, default)).Identity.Subject);
        Assert.Equal("invalid_ticket", Assert.IsType<Finding.Refused>(await proof.AcceptAsync(ticket, Service, Trace.None, default)).Code);
        Assert.Equal("invalid_service", Assert.IsType<Finding.Refused>(await proof.AcceptAsync(await TicketAsync("http://127.0.0.1:9/other"), Service, Trace.None, default)).Code);
        Assert.Equal("wrong_service", Assert.IsType<Finding.Refused>(await proof.AcceptAsync(await TicketAsync(Service), "http://127.0.0.1:9/xivo", Trace.None, default)).Code);
    }

    [Fact]
    public async Task A_server_that_dies_in_the_middle_leaves_a_clear_page_and_no_half_made_user_and_needs_no_restart()
    {
        await using var mortal = await LemonldapKit.StartAsync();

        // A realm of its own: the person made here must not stand in another test's way.
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("mortal", "cas", new Dictionary<string, string> { ["url"] = mortal.Cas });
        using var walker = new Walker();
        await walker.OpenAsync($"{outpost.Url}/sign-in");
        await walker.FollowAsync("MORTAL");
        var back = Uri.UnescapeDataString(walker.At.Query["?service=".Length..].Split('&')[0]);
        mortal.Kill();
        await walker.OpenAsync($"{back}&ticket=ST-1234");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, walker.Status);
        Assert.Contains("MORTAL", walker.Text, StringComparison.Ordinal);
        Assert.Null(await outpost.UserAsync("rtyler"));
        await mortal.ServeAsync();
        using var next = new Walker();
        await next.OpenAsync($"{outpost.Url}/sign-in");
        await next.FollowAsync("MORTAL");
        await next.SubmitAsync(("user", "rtyler"), ("password", "rtyler"));
        Assert.Equal($"{outpost.Url}/signed-in", next.At.AbsoluteUri);
        Assert.NotNull(await outpost.UserAsync("rtyler"));
    }

    private async Task SignInAsync(Walker walker, string way, string name = "dwho")
    {
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync(way);
        await walker.SubmitAsync(("user", name), ("password", name));
        Assert.True(walker.At.AbsolutePath.StartsWith($"/realms/{Outpost.Realm}/", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{Llng.Output}");
    }

    private async Task<Session?> SessionAsync(Walker walker)
        => walker.Jar[Outpost.Desk.Url.Host, $"gh.{Outpost.Realm}"] is { Length: > 0 } cookie ? await Outpost.Desk.Part<SessionStore>().FindByCookieAsync(Outpost.Realm, cookie, default) : null;

    public sealed class Fixture : IAsyncLifetime
    {
        private Desk desk = null!;

        internal Outpost Outpost { get; private set; } = null!;

        public LemonldapKit Llng { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            desk = await Desk.OpenAsync();
            Outpost = await Outpost.MakeAsync(desk);
            Llng = await LemonldapKit.StartAsync();
            foreach (var version in (string[])["1", "2", "3"])
            {
                var kept = new Dictionary<string, string> { ["url"] = Llng.Cas, ["protocol"] = version, ["services"] = "http://127.0.0.1:9/other2 http://127.0.0.1:9/xivo?a=b&c=d", ["signOutThere"] = "true" };
                await Outpost.AddAsync($"cas{version}", "cas", kept, null, one => one with { Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent")] });
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Llng.DisposeAsync();
            await desk.DisposeAsync();
        }
    }
}
