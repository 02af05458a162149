using System.Net;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Cas;
using Xunit;

namespace Gatehouse.Tests.Protocols;

/// <summary>Old applications sign in by CAS: a real client of others' making (SimpleSAMLphp's), each version by hand, and what somebody may try.</summary>
public sealed class CasServerTests(CasServerTests.Fixture fixture) : IClassFixture<CasServerTests.Fixture>
{
    private const string Service = "https://wallboard.example/login?next=%2Fa%3Fb%3Dc&x=y z";
    private const string Sound = "https://wallboard.example/login?next=%2Fa%3Fb%3Dc&x=y";

    private Desk Desk => fixture.Desk;

    private string Cas => new Uri(Desk.RealmUrl, "protocol/cas").AbsoluteUri;

    [Fact]
    public async Task SimpleSAMLphps_cas_client_signs_a_person_in()
    {
        using var walker = new Walker();
        await walker.OpenAsync($"{fixture.Ssp.Url}/module.php/core/authenticate.php?as=cas-client");
        Assert.True(walker.At.AbsolutePath.EndsWith("/sign-in", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{fixture.Ssp.Output}");
        await walker.SubmitAsync(("username", "alice"), ("password", Desk.Password));
        Assert.True(walker.At.AbsolutePath == "/module.php/core/authenticate.php" && walker.Text.Contains("alice@example.org", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{fixture.Ssp.Output}");
    }

    [Fact]
    public async Task Each_version_answers_in_its_form_and_a_ticket_counts_once()
    {
        using var browser = await SignedInAsync();
        Assert.Equal("yes\nalice\n", await ValidateAsync("validate", await TicketAsync(browser)));
        Assert.Equal("alice", Good(await ValidateAsync("serviceValidate", await TicketAsync(browser))).User);
        var ticket = await TicketAsync(browser);
        var full = Good(await ValidateAsync("p3/serviceValidate", ticket));
        Assert.Equal("alice@example.org", Assert.Single(full.Attributes["mail"]));
        Assert.Contains("agent", full.Attributes["Role"]);
        Assert.Equal("INVALID_TICKET", Bad(await ValidateAsync("p3/serviceValidate", ticket)).Code);
        Assert.Equal("no\n\n", await ValidateAsync("validate", ticket));
        Assert.Contains("\"user\":\"alice\"", await ValidateAsync("p3/serviceValidate", await TicketAsync(browser), more: "&format=JSON"), StringComparison.Ordinal);
        Assert.Equal("alice", Good(await ValidateAsync("p3/proxyValidate", await TicketAsync(browser))).User);

        // By POST, where the application asks for that.
        var (posted, _) = await browser.FollowAsync($"{new Uri(Cas).AbsolutePath}/login?service={Uri.EscapeDataString(Sound)}&method=POST");
        Assert.Contains("name=\"ticket\" value=\"ST-", await posted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renew_wants_a_sign_in_and_gateway_wants_none()
    {
        using var nobody = new Browser(Desk);
        Assert.Equal(Sound, (await nobody.FollowAsync(Login(Sound) + "&gateway=true")).At.OriginalString);
        using var browser = await SignedInAsync();
        var old = await TicketAsync(browser);
        Assert.Equal("INVALID_TICKET", Bad(await ValidateAsync("serviceValidate", old, more: "&renew=true")).Code);
        var (page, at) = await browser.FollowAsync(Login(Sound) + "&renew=true");
        Assert.EndsWith("/sign-in", at.AbsolutePath, StringComparison.Ordinal);
        using var done = await browser.SubmitAsync(page, at, "alice", Desk.Password);
        var back = (await browser.FollowAsync(done.Headers.Location!.ToString())).At;
        Assert.Equal("alice", Good(await ValidateAsync("serviceValidate", Browser.Query(back, "ticket"), more: "&renew=true")).User);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("https://wallboard.example/login")]
    [InlineData("https://wallboard.example/login?next=%2Fa%3Fb%3Dc&x=yy")]
    [InlineData("https://wallboard.example/login?next=/a?b=c&x=y")]
    [InlineData(Service)]
    [InlineData("https://intranet.example/app")]
    [InlineData("https://intranet.example/app/../admin")]
    [InlineData("https://intranet.example/app/%2e%2e/admin")]
    [InlineData("https://intranet.example/app/\\evil")]
    [InlineData("https://intranet.example.evil.example/app/x")]
    [InlineData("https://intranet.example@evil.example/app/")]
    [InlineData("http://intranet.example/app/x")]
    [InlineData("javascript:alert(1)//https://intranet.example/app/")]
    [InlineData("https://intranet.example/app/#x")]
    [InlineData("https://intranet.example/app/\r\nSet-Cookie: a=b")]
    public async Task A_service_that_is_not_registered_gets_no_ticket(string service)
    {
        using var browser = await SignedInAsync();
        var (page, at) = await browser.FollowAsync(Login(service));
        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
        Assert.Equal(Desk.Url.Authority, at.Authority);
        var (left, end) = await browser.FollowAsync($"{new Uri(Cas).AbsolutePath}/logout?service={Uri.EscapeDataString(service)}");
        Assert.Equal($"/realms/{Desk.Realm}/signed-out", end.AbsolutePath);
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
    }

    [Fact]
    public async Task Services_below_a_starred_address_are_served()
    {
        using var browser = await SignedInAsync();
        var (_, at) = await browser.FollowAsync(Login("https://intranet.example/app/deep?x=1"));
        Assert.Equal("alice", Good(await ValidateAsync("serviceValidate", Browser.Query(at, "ticket"), "https://intranet.example/app/deep?x=1")).User);
    }

    [Fact]
    public async Task Whatever_is_wrong_uses_the_ticket_up()
    {
        using var browser = await SignedInAsync();
        var ticket = await TicketAsync(browser);
        Assert.Equal("INVALID_SERVICE", Bad(await ValidateAsync("serviceValidate", ticket, "https://intranet.example/app/x")).Code);
        Assert.Equal("INVALID_TICKET", Bad(await ValidateAsync("serviceValidate", ticket)).Code);
        foreach (var bad in (string[])["ST-unknown", "ST-" + new string('a', 64)]) Assert.Equal("INVALID_TICKET", Bad(await ValidateAsync("serviceValidate", bad)).Code);
        foreach (var bad in (string[])["x", "ST-<a>", "PGT-1", "ST-" + new string('a', 600)]) Assert.Equal("INVALID_TICKET_SPEC", Bad(await ValidateAsync("serviceValidate", bad)).Code);
        foreach (var query in (string[])["", "?ticket=ST-1", $"?service={Uri.EscapeDataString(Sound)}", "?ticket=ST-1&ticket=ST-2&service=x"]) Assert.Equal("INVALID_REQUEST", Bad(await Desk.Http.GetStringAsync($"{Cas}/serviceValidate{query}")).Code);

        // A session that ended in between vouches for nobody.
        ticket = await TicketAsync(browser);
        var session = (await Desk.Part<SessionStore>().FindByCookieAsync(Desk.Realm, browser.SessionCookie, default))!;
        await Desk.Part<Gatehouse.SignIn.SignOut>().EndAsync(session, null, null, default);
        Assert.Equal("INVALID_TICKET", Bad(await ValidateAsync("serviceValidate", ticket)).Code);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_at_once_and_tells_the_application_its_ticket()
    {
        await using var application = new Listener();
        await application.StartAsync();
        var service = application.Url + "/login";
        await fixture.AddAsync("listener", service);
        using var browser = await SignedInAsync();
        var ticket = Browser.Query((await browser.FollowAsync(Login(service))).At, "ticket");
        Good(await ValidateAsync("serviceValidate", ticket, service));
        var (_, at) = await browser.FollowAsync($"{new Uri(Cas).AbsolutePath}/logout?service={Uri.EscapeDataString(service)}");
        Assert.Equal(service, at.AbsoluteUri);
        Assert.Null(await Desk.Part<SessionStore>().FindByCookieAsync(Desk.Realm, browser.SessionCookie, default));
        var told = await application.Heard.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Contains($"SessionIndex>{ticket}<", told, StringComparison.Ordinal);
    }

    private static CasAnswer.Success Good(string xml) => Assert.IsType<CasAnswer.Success>(CasAnswer.ReadXml(System.Text.Encoding.UTF8.GetBytes(xml)));

    private static CasAnswer.Failure Bad(string xml) => Assert.IsType<CasAnswer.Failure>(CasAnswer.ReadXml(System.Text.Encoding.UTF8.GetBytes(xml)));

    private string Login(string service) => $"{new Uri(Cas).AbsolutePath}/login?service={Uri.EscapeDataString(service)}";

    private Task<string> ValidateAsync(string how, string ticket, string service = Sound, string more = "") => Desk.Http.GetStringAsync($"{Cas}/{how}?service={Uri.EscapeDataString(service)}&ticket={Uri.EscapeDataString(ticket)}{more}");

    private async Task<string> TicketAsync(Browser browser)
    {
        var (_, at) = await browser.FollowAsync(Login(Sound));
        Assert.StartsWith(Sound + "&ticket=ST-", at.OriginalString, StringComparison.Ordinal);
        return Browser.Query(at, "ticket");
    }

    private async Task<Browser> SignedInAsync()
    {
        var browser = new Browser(Desk);
        await browser.SignInAsync();
        return browser;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public Desk Desk { get; private set; } = null!;

        public SimpleSamlKit Ssp { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Desk = await Desk.OpenAsync();
            Ssp = await SimpleSamlKit.StartAsync();
            await Ssp.TrustIdpAsync("<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>", "", new Uri(Desk.RealmUrl, "protocol/cas").AbsoluteUri);
            await AddAsync("wallboard", Sound, "https://intranet.example/app/*", Ssp.Url + "/module.php/cas/linkback.php*");
        }

        public async Task AddAsync(string id, params string[] services)
        {
            var cas = new CasApplication { Services = [.. services] };
            Assert.Null(cas.Fault);
            await Desk.Part<Database>().WriteAsync(work => Desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = id, StandardFlow = false, Cas = cas }), default);
        }

        public async ValueTask DisposeAsync()
        {
            await Ssp.DisposeAsync();
            await Desk.DisposeAsync();
        }
    }

    // An application's web server, which takes one message.
    private sealed class Listener : IAsyncDisposable
    {
        private readonly TaskCompletionSource<string> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Microsoft.AspNetCore.Builder.WebApplication app;

        public Listener()
        {
            var builder = Microsoft.AspNetCore.Builder.WebApplication.CreateEmptyBuilder(new Microsoft.AspNetCore.Builder.WebApplicationOptions());
            Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls(Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions.UseKestrelCore(builder.WebHost), "http://127.0.0.1:0");
            app = builder.Build();
            Microsoft.AspNetCore.Builder.RunExtensions.Run(app, async context =>
            {
                if (context.Request.HasFormContentType) heard.TrySetResult((await context.Request.ReadFormAsync())["logoutRequest"].ToString());
            });
        }

        public string Url => app.Urls.First();

        public Task<string> Heard => heard.Task;

        public Task StartAsync() => app.StartAsync();

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync(new CancellationToken(true));
            await app.DisposeAsync();
        }
    }
}
