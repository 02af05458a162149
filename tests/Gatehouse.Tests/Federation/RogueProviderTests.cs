using System.Net;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>What an OpenID provider, or somebody between, may try: each is refused with a clear page, an audit event, and no trace of a user.</summary>
public sealed class RogueProviderTests(RogueProviderTests.Fixture fixture) : IClassFixture<RogueProviderTests.Fixture>
{
    private static readonly long Now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private ForeignIssuer Rogue => fixture.Rogue;

    private Outpost Outpost => fixture.Outpost;

    public static TheoryData<string> Tricks =>
        ["another nonce", "no nonce", "another audience", "another party", "two audiences and no party", "another issuer", "expired", "from the future", "no expiry", "no subject", "unsigned", "symmetric", "a key that is not listed", "an altered payload", "an access token", "no id token", "nonsense", "an error"];

    [Theory, MemberData(nameof(Tricks))]
    public async Task A_bad_id_token_is_refused(string trick)
    {
        using var browser = new Browser(Outpost.Desk);
        var left = await Outpost.LeaveAsync(browser, "rogue");
        var (state, nonce) = (Browser.Query(left, "state"), Browser.Query(left, "nonce"));
        Assert.Equal(("S256", 43), (Browser.Query(left, "code_challenge_method"), Browser.Query(left, "code_challenge").Length));
        Rogue.Redeem = _ => trick switch
        {
            "another nonce" => Tokens(Claims(nonce + "x")),
            "no nonce" => Tokens(new { iss = Rogue.Url, sub = "m", aud = "outpost", iat = Now, exp = Now + 300 }),
            "another audience" => Tokens(Claims(nonce, audience: ["another"])),
            "another party" => Tokens(Claims(nonce, party: "another")),
            "two audiences and no party" => Tokens(Claims(nonce, audience: ["outpost", "another"])),
            "another issuer" => Tokens(Claims(nonce, issuer: "https://other.example")),
            "expired" => Tokens(Claims(nonce, life: -120)),
            "from the future" => Tokens(Claims(nonce, shift: 600)),
            "no expiry" => Tokens(new { iss = Rogue.Url, sub = "m", aud = "outpost", iat = Now, nonce }),
            "no subject" => Tokens(new { iss = Rogue.Url, aud = "outpost", iat = Now, exp = Now + 300, nonce }),
            "unsigned" => new { access_token = "a", id_token = string.Join('.', Rogue.Token("k1", Claims(nonce), "none").Split('.')[..2]) + "." },
            "symmetric" => new { access_token = "a", id_token = Rogue.Token("k1", Claims(nonce), "HS256") },
            "a key that is not listed" => new { access_token = "a", id_token = Rogue.Token("hidden", Claims(nonce)) },
            "an altered payload" => new { access_token = "a", id_token = Swap(Rogue.Token("k1", Claims(nonce)), Rogue.Token("k1", Claims(nonce, subject: "somebody-else"))) },
            "an access token" => new { access_token = Rogue.Token("k1", Claims(nonce)) },
            "no id token" => new { access_token = "a" },
            "nonsense" => new { id_token = "a.b.c" },
            _ => new { error = "invalid_grant" },
        };
        using var answer = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/rogue/endpoint?state={state}&code=abc");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("Signing in with ROGUE did not work", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await NobodyAsync(browser);
    }

    [Fact]
    public async Task An_answer_counts_once_by_the_browser_that_left_and_at_the_provider_that_was_asked()
    {
        Rogue.Redeem = _ => throw new InvalidOperationException("The code must not be redeemed.");
        using var browser = new Browser(Outpost.Desk);
        var state = Browser.Query(await Outpost.LeaveAsync(browser, "rogue"), "state");

        using var thief = new Browser(Outpost.Desk);
        await thief.GetAsync($"/realms/{Outpost.Realm}/sign-in");
        await LostAsync(thief, $"broker/rogue/endpoint?state={state}&code=abc");

        // The thief has used it up; the victim begins again, and at the wrong address it does not count either.
        await LostAsync(browser, $"broker/rogue/endpoint?state={state}&code=abc");
        state = Browser.Query(await Outpost.LeaveAsync(browser, "rogue"), "state");
        await LostAsync(browser, $"broker/second/endpoint?state={state}&code=abc");
        foreach (var wrong in (string[])["", "state=", "state=unknown&code=x", $"state={new string('a', 5000)}", "held=unknown", $"state={state}"]) await LostAsync(browser, $"broker/rogue/endpoint?{wrong}");
        using var twice = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/rogue/endpoint?state=a&state=b");
        Assert.Equal(HttpStatusCode.BadRequest, twice.StatusCode);
        await NobodyAsync(browser);
    }

    [Fact]
    public async Task An_answer_of_another_issuer_is_a_mix_up()
    {
        Rogue.Redeem = _ => throw new InvalidOperationException("The code must not be redeemed.");
        using var browser = new Browser(Outpost.Desk);
        var state = Browser.Query(await Outpost.LeaveAsync(browser, "rogue"), "state");
        using var other = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/rogue/endpoint?state={state}&code=abc&iss=https%3A%2F%2Fother.example");
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        state = Browser.Query(await Outpost.LeaveAsync(browser, "rogue"), "state");
        using var denied = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/rogue/endpoint?state={state}&error=access_denied&error_description=%3Cscript%3E");
        var page = await denied.Content.ReadAsStringAsync();
        Assert.Contains("did not let you in", page, StringComparison.Ordinal);
        Assert.DoesNotContain("script", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_dies_in_the_middle_leaves_no_half_made_user_and_recovers()
    {
        using var browser = new Browser(Outpost.Desk);
        var left = await Outpost.LeaveAsync(browser, "mortal");
        fixture.Mortal.Down = true;
        using var answer = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/mortal/endpoint?state={Browser.Query(left, "state")}&code=abc&iss={Uri.EscapeDataString(fixture.Mortal.Url)}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("MORTAL cannot be reached right now", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(await Outpost.UserAsync("mina"));

        fixture.Mortal.Down = false;
        left = await Outpost.LeaveAsync(browser, "mortal");
        fixture.Mortal.Redeem = form => form["code_verifier"].Count == 1 ? new { access_token = "a", id_token = fixture.Mortal.Token("k1", new { iss = fixture.Mortal.Url, sub = "m-1", aud = "outpost", iat = Now, exp = Now + 300, nonce = Browser.Query(left, "nonce"), preferred_username = "Mina", email = "mina@example.org", email_verified = true }) } : new { error = "invalid_grant" };
        using var good = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/mortal/endpoint?state={Browser.Query(left, "state")}&code=abc&iss={Uri.EscapeDataString(fixture.Mortal.Url)}");
        Assert.Equal(HttpStatusCode.SeeOther, good.StatusCode);
        var mina = (await Outpost.UserAsync("mina"))!;
        Assert.Equal((mina.Id, "mortal"), ((await Outpost.SessionAsync(browser))!.User, (await Outpost.SessionAsync(browser))!.Upstream));
        Assert.False(mina.EmailVerified);
    }

    [Fact]
    public async Task A_session_ends_when_its_provider_says_so_and_by_nobody_elses_word()
    {
        async Task<Browser> InAsync(string subject, string session)
        {
            var browser = new Browser(Outpost.Desk);
            var left = await Outpost.LeaveAsync(browser, "rogue");
            Rogue.Redeem = _ => new { access_token = "a", id_token = Rogue.Token("k1", new { iss = Rogue.Url, sub = subject, aud = "outpost", iat = Now, exp = Now + 300, nonce = Browser.Query(left, "nonce"), preferred_username = subject, sid = session }) };
            (await browser.GetAsync($"/realms/{Outpost.Realm}/broker/rogue/endpoint?state={Browser.Query(left, "state")}&code=abc")).Dispose();
            Assert.NotNull(await Outpost.SessionAsync(browser));
            return browser;
        }

        async Task<int> TellAsync(string token)
        {
            using var form = new FormUrlEncodedContent([new("logout_token", token)]);
            return (int)(await Outpost.Desk.Http.PostAsync($"/realms/{Outpost.Realm}/protocol/openid-connect/logout/backchannel-logout", form)).StatusCode;
        }

        Dictionary<string, object> Said() => new() { ["iss"] = Rogue.Url, ["aud"] = "outpost", ["iat"] = Now, ["exp"] = Now + 120, ["jti"] = "j", ["sub"] = "bc-user", ["sid"] = "there-1", ["events"] = new Dictionary<string, object> { ["http://schemas.openid.net/event/backchannel-logout"] = new { } } };
        Dictionary<string, object> But(string name, object? value)
        {
            var claims = Said();
            if (value is null) claims.Remove(name);
            else claims[name] = value;
            return claims;
        }

        using var first = await InAsync("bc-user", "there-1");
        using var second = await InAsync("bc-user", "there-2");
        foreach (var bad in (Dictionary<string, object>[])[But("aud", "another"), But("iss", "https://other.example"), But("events", null), But("events", new { }), But("nonce", "n"), But("iat", Now - 3600), But("iat", null), But("exp", Now - 300)]) Assert.Equal(400, await TellAsync(Rogue.Token("k1", bad)));
        Assert.Equal(400, await TellAsync(Rogue.Token("hidden", Said())));
        Assert.Equal(400, await TellAsync(Rogue.Token("k1", Said(), "HS256")));
        Assert.Equal(400, await TellAsync("nonsense"));
        var neither = Said();
        neither.Remove("sub");
        neither.Remove("sid");
        Assert.Equal(400, await TellAsync(Rogue.Token("k1", neither)));
        Assert.NotNull(await Outpost.SessionAsync(first));

        Assert.Equal(200, await TellAsync(Rogue.Token("k1", Said())));
        Assert.Null(await Outpost.SessionAsync(first));
        Assert.NotNull(await Outpost.SessionAsync(second));
        Assert.Equal(200, await TellAsync(Rogue.Token("k1", But("sid", null))));
        Assert.Null(await Outpost.SessionAsync(second));
        Assert.Equal(200, await TellAsync(Rogue.Token("k1", Said())));
    }

    [Fact]
    public async Task An_answer_by_post_is_fetched_by_our_own_redirect_so_that_the_browser_shows_its_cookies()
    {
        using var browser = new Browser(Outpost.Desk);
        var left = await Outpost.LeaveAsync(browser, "second");
        using var form = new FormUrlEncodedContent([new("state", Browser.Query(left, "state")), new("code", "abc")]);
        using var posted = await Outpost.Desk.Http.PostAsync($"/realms/{Outpost.Realm}/broker/second/endpoint", form);
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Rogue.Redeem = _ => new { access_token = "a", id_token = Rogue.Token("k1", Claims(Browser.Query(left, "nonce"), subject: "post-1")) };
        using var good = await browser.GetAsync(posted.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.SeeOther, good.StatusCode);
        Assert.NotNull(await Outpost.SessionAsync(browser));
        await LostAsync(browser, posted.Headers.Location!.ToString()[$"/realms/{Outpost.Realm}/".Length..]);
    }

    private async Task LostAsync(Browser browser, string path)
    {
        using var answer = await browser.GetAsync($"/realms/{Outpost.Realm}/{path}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("Please start again", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task NobodyAsync(Browser browser)
    {
        Assert.Null(await Outpost.SessionAsync(browser));
        Assert.Null(await Outpost.UserAsync("somebody"));
    }

    private object Claims(string nonce, string[]? audience = null, string? party = null, string? issuer = null, int life = 300, int shift = 0, string subject = "m")
    {
        var claims = new Dictionary<string, object> { ["iss"] = issuer ?? Rogue.Url, ["sub"] = subject, ["aud"] = audience ?? ["outpost"], ["iat"] = Now + shift, ["exp"] = Now + shift + life, ["nonce"] = nonce, ["preferred_username"] = subject == "m" ? "somebody" : subject };
        if (party is not null) claims["azp"] = party;
        return claims;
    }

    private object Tokens(object claims) => new { access_token = "a", token_type = "Bearer", id_token = Rogue.Token("k1", claims) };

    private static string Swap(string signed, string other) => string.Join('.', signed.Split('.')[0], other.Split('.')[1], signed.Split('.')[2]);

    /// <summary>One program and two providers for the class.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal Outpost Outpost { get; private set; } = null!;

        public ForeignIssuer Rogue { get; private set; } = null!;

        public ForeignIssuer Mortal { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            (Rogue, Mortal) = (await ForeignIssuer.StartAsync(), await ForeignIssuer.StartAsync());
            Rogue.AddKey("hidden");
            Rogue.Withdraw("hidden");
            Mortal.NamesItself = true;
            Outpost = await Outpost.MakeAsync(await Desk.OpenAsync());
            foreach (var (alias, issuer) in ((string, ForeignIssuer)[])[("rogue", Rogue), ("second", Rogue), ("mortal", Mortal)])
                await Outpost.AddAsync(alias, "oidc", new Dictionary<string, string> { ["issuer"] = issuer.Url, ["clientId"] = "outpost", ["clientAuthMethod"] = "client_secret_post" }, new Dictionary<string, string> { ["clientSecret"] = "secret-of-the-outpost" });
        }

        public async ValueTask DisposeAsync()
        {
            await Outpost.Desk.DisposeAsync();
            await Rogue.DisposeAsync();
            await Mortal.DisposeAsync();
        }
    }
}
