using System.Collections.Immutable;
using System.Net;
using System.Text;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.People;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by SAML over HTTP with a scripted identity provider: what works, and what somebody may try, each refused with a page, an audit event and no trace of a user.</summary>
public sealed class SamlTests(SamlTests.Fixture fixture) : IClassFixture<SamlTests.Fixture>
{
    private Outpost Outpost => fixture.Outpost;

    private ScriptedIdp Idp => fixture.Idp;

    [Fact]
    public async Task A_person_signs_in_with_groups_mapped_and_our_request_is_signed()
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, binding) = await Idp.LeaveAsync(browser);
        Assert.Equal((Outpost.Url, Idp.Endpoint, "https://idp.example/sso"), (request.Issuer, request.AssertionConsumer, request.Destination));
        var ours = await MetadataAsync();
        Assert.Equal(SamlError.None, binding.Verify(new SamlTrust(ours.Sp!.SigningKeys)));

        var (_, at) = await Idp.PostAsync(browser, Idp.Answer(request.Id, "mina").ToXml(Idp.Key), relay);
        Assert.Equal($"/realms/{Outpost.Realm}/signed-in", at.AbsolutePath);
        var user = (await Outpost.UserAsync("mina"))!;
        Assert.Equal("mina@example.org", user.Email);
        Assert.False(user.EmailVerified);
        Assert.Contains("agent", await Outpost.RolesAsync("mina"));
        Assert.Equal(("idp", user.Id, "s-mina"), ((await Outpost.SessionAsync(browser))!.Upstream, (await Outpost.SessionAsync(browser))!.User, (await Outpost.SessionAsync(browser))!.UpstreamSession));
    }

    [Fact]
    public async Task An_encrypted_assertion_is_opened_and_one_in_the_clear_is_refused_where_it_must_be()
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, _) = await Idp.LeaveAsync(browser);
        var ours = (await MetadataAsync()).Sp!.EncryptionKeys[0];
        await Idp.PostAsync(browser, Idp.Answer(request.Id, "sealed").ToXml(Idp.Key, receiver: ours), relay);
        Assert.NotNull(await Outpost.SessionAsync(browser));

        using var strict = new Browser(Outpost.Desk);
        (request, relay, _) = await fixture.Strict.LeaveAsync(strict);
        await fixture.Strict.PostAsync(strict, fixture.Strict.Answer(request.Id, "clear").ToXml(fixture.Strict.Key), relay);
        Assert.Null(await Outpost.SessionAsync(strict));
        await ErrorAsync("not_encrypted");
    }

    public static TheoryData<string, string> Tricks => new()
    {
        { "unsigned", "not_signed" }, { "another key", "bad_signature" }, { "altered", "bad_signature" }, { "wrapped", "many_assertions" }, { "comment", "comment" }, { "doctype", "doctype" }, { "entity bomb", "doctype" }, { "another audience", "wrong_audience" },
        { "another recipient", "wrong_recipient" }, { "another destination", "wrong_destination" }, { "another request", "wrong_in_response_to" }, { "no request", "wrong_in_response_to" }, { "another issuer", "wrong_issuer" }, { "stale", "wrong_issue_instant" },
        { "from the future", "wrong_issue_instant" }, { "failure", "access_denied" }, { "transient", "no_stable_subject" }, { "nonsense", "bad_base64" }, { "truncated", "malformed" }, { "too large", "too_large" }, { "deep", "too_large" }, { "no assertion", "no_assertion" }, { "sha-1", "sha1" },
    };

    [Theory, MemberData(nameof(Tricks))]
    public async Task A_bad_answer_is_refused(string trick, string code)
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, _) = await Idp.LeaveAsync(browser);
        var name = "evil-" + trick.Replace(' ', '-');
        var good = Idp.Answer(request.Id, name);
        var text = good.ToXml(Idp.Key).ToString();
        var sent = trick switch
        {
            "unsigned" => Strip(text),
            "another key" => good.ToXml(ScriptedIdp.NewKey()).ToString(),
            "altered" => text.Replace(name + "@", "admin@", StringComparison.Ordinal),
            "wrapped" => good.ToXml(Idp.Key, SamlSigned.Assertion).ToString().Replace("<saml:Assertion ", Strip(good.Assertion!.ToXml().ToString()).Replace(good.Assertion.Id, "_evil", StringComparison.Ordinal) + "<saml:Assertion ", StringComparison.Ordinal),
            "comment" => text.Replace(name + "@", name + "<!-- -->@", StringComparison.Ordinal),
            "doctype" => "<!DOCTYPE x>" + text,
            "entity bomb" => "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>" + text,
            "another audience" => (good with { Assertion = good.Assertion! with { Audience = "https://other.example" } }).ToXml(Idp.Key).ToString(),
            "another recipient" => (good with { Assertion = good.Assertion! with { Recipient = "https://other.example" } }).ToXml(Idp.Key).ToString(),
            "another destination" => (good with { Destination = "https://other.example" }).ToXml(Idp.Key).ToString(),
            "another request" => Idp.Answer("_another", name).ToXml(Idp.Key).ToString(),
            "no request" => Idp.Answer(null, name).ToXml(Idp.Key).ToString(),
            "another issuer" => (good with { Issuer = "https://other.example", Assertion = good.Assertion! with { Issuer = "https://other.example" } }).ToXml(Idp.Key).ToString(),
            "stale" => (good with { IssueInstant = good.IssueInstant.AddHours(-1), Assertion = good.Assertion! with { IssueInstant = good.IssueInstant.AddHours(-1), Lifetime = TimeSpan.FromHours(4) } }).ToXml(Idp.Key).ToString(),
            "from the future" => (good with { IssueInstant = good.IssueInstant.AddHours(1) }).ToXml(Idp.Key).ToString(),
            "failure" => (good with { Assertion = null, Status = new SamlStatus(SamlNames.Responder, SamlNames.AuthnFailed) }).ToXml(Idp.Key).ToString(),
            "transient" => (good with { Assertion = good.Assertion! with { NameId = new SamlNameId("t-1", SamlNames.TransientName) } }).ToXml(Idp.Key).ToString(),
            "truncated" => text[..(text.Length / 2)],
            "too large" => text + new string(' ', 600_000),
            "deep" => string.Concat(Enumerable.Repeat("<a>", 100)) + string.Concat(Enumerable.Repeat("</a>", 100)),
            "no assertion" => SamlSignature.Sign(Gatehouse.Tests.Wire.Saml.SamlKit.Without(good.ToXml(Idp.Key), one => one.Name is "Assertion" or "Signature"), Idp.Key).ToString(),
            "sha-1" => text.Replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", StringComparison.Ordinal),
            _ => "",
        };
        var (page, _) = await Idp.PostAsync(browser, trick == "nonsense" ? "%%%" : Convert.ToBase64String(Encoding.UTF8.GetBytes(sent)), relay);
        Assert.True((int)page.StatusCode is 403 or 400, page.StatusCode.ToString());
        if (page.StatusCode == HttpStatusCode.Forbidden) await ErrorAsync(code);
        else Assert.Equal("too_large", code);
        Assert.Null(await Outpost.SessionAsync(browser));
        Assert.Null(await Outpost.UserAsync(name));
    }

    [Fact]
    public async Task An_assertion_counts_once_and_only_for_the_browser_that_left()
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, _) = await Idp.LeaveAsync(browser);
        var xml = Idp.Answer(request.Id, "twice", "_only-once").ToXml(Idp.Key);
        await Idp.PostAsync(browser, xml, relay);
        Assert.NotNull(await Outpost.SessionAsync(browser));
        using var thief = new Browser(Outpost.Desk);
        Assert.Equal(HttpStatusCode.BadRequest, (await Idp.PostAsync(thief, xml, relay)).Page.StatusCode);

        // With a way of their own, the assertion is another request's; and its id was used even where that would fit.
        var (another, own, _) = await Idp.LeaveAsync(thief);
        await Idp.PostAsync(thief, xml, own);
        await ErrorAsync("wrong_in_response_to");
        var (third, last, _) = await Idp.LeaveAsync(thief);
        await Idp.PostAsync(thief, Idp.Answer(third.Id, "twice", "_only-once").ToXml(Idp.Key), last);
        await ErrorAsync("replayed");

        // Somebody else's browser, into which the answer is posted, has no way that was begun.
        using var victim = new Browser(Outpost.Desk);
        var (fourth, way, _) = await Idp.LeaveAsync(thief);
        await Idp.PostAsync(victim, Idp.Answer(fourth.Id, "attacker").ToXml(Idp.Key), way);
        foreach (var one in (Browser[])[thief, victim]) Assert.Null(await Outpost.SessionAsync(one));
        Assert.Null(await Outpost.UserAsync("attacker"));
        Assert.NotEqual(another.Id, third.Id);
    }

    [Fact]
    public async Task A_sign_in_that_begins_there_is_taken_only_where_that_is_turned_on()
    {
        using var browser = new Browser(Outpost.Desk);
        Assert.Equal(HttpStatusCode.BadRequest, (await Idp.PostAsync(browser, Idp.Answer(null, "unasked").ToXml(Idp.Key), "")).Page.StatusCode);
        Assert.Null(await Outpost.UserAsync("unasked"));

        var open = fixture.Open;
        var xml = open.Answer(null, "unasked").ToXml(open.Key);
        var (_, at) = await open.PostAsync(browser, xml, "https://elsewhere.example/");
        Assert.Equal("/cim-customer/home", at.AbsolutePath);
        Assert.NotNull(await Outpost.SessionAsync(browser));
        using var again = new Browser(Outpost.Desk);
        await open.PostAsync(again, xml, "");
        await ErrorAsync("replayed");
        Assert.Null(await Outpost.SessionAsync(again));
    }

    [Fact]
    public async Task A_partner_that_changes_its_certificate_needs_nobody_here_and_an_outage_hurts_nobody()
    {
        await using var published = new WebFile();
        await published.StartAsync();
        var (clock, roller) = (new AheadClock(), new ScriptedIdp(Outpost, "idp"));
        void Publish() => published.Body = new SamlMetadata { EntityId = ScriptedIdp.EntityId, Idp = new IdpRole { SigningKeys = [roller.Key.Public], SingleSignOn = [new SamlEndpoint(SamlNames.RedirectBinding, "https://idp.example/sso")] } }.ToXml().ToBytes();
        Publish();
        var upstream = new Upstream { Id = "u", Realm = Outpost.Realm, Alias = "idp", Kind = "saml", Config = new Dictionary<string, string> { ["metadataUrl"] = published.Url }.ToImmutableDictionary() };
        var surroundings = new Surroundings(Outpost.Desk.Part<OutboundHttp>(), clock, Outpost.Desk.Url.GetLeftPart(UriPartial.Authority)) { SamlKeys = Outpost.Desk.Part<SamlKeys>(), Used = Outpost.Desk.Part<UsedProofs>() };
        var live = (IRedirects)UpstreamKinds.All["saml"].Open(upstream, surroundings);
        async Task<Finding> SignInAsync()
        {
            var attempt = new Attempt { Id = "a", Realm = Outpost.Realm, Alias = "idp", Interaction = "", Browser = "", ReturnAddress = "" };
            Assert.NotNull((await live.BeginAsync(attempt, Trace.None, default)).Going);
            return await live.FinishAsync(attempt, new Returned(new Dictionary<string, string>(), new Dictionary<string, string> { ["SAMLResponse"] = Convert.ToBase64String(roller.Answer(attempt.Kept["request"], "roller").ToXml(roller.Key).ToBytes()) }, ""), Trace.None, default);
        }

        Assert.IsType<Finding.Known>(await SignInAsync());
        roller.ChangeKey();

        // Not listed yet: refused, and asked for only once a minute whoever tries.
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("bad_signature", Assert.IsType<Finding.Refused>(await SignInAsync()).Code);
        Assert.Equal("bad_signature", Assert.IsType<Finding.Refused>(await SignInAsync()).Code);
        Assert.Equal(2, published.Asked);
        Publish();
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.IsType<Finding.Known>(await SignInAsync());
        Assert.Equal(3, published.Asked);

        published.Down = true;
        clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("wrong_issue_instant", Assert.IsType<Finding.Refused>(await SignInAsync()).Code);
    }

    [Fact]
    public async Task A_test_in_a_browser_shows_hops_claims_and_mapping_once_and_signs_nobody_in()
    {
        using var browser = new Browser(Outpost.Desk);
        var path = await Outpost.Desk.Part<BrowserTests>().OpenAsync(Outpost.Desk.Part<Upstreams>().Find(Outpost.Realm, "idp")!, default);
        var (_, away) = await browser.FollowAsync(path);
        Assert.True(RedirectBinding.TryRead(away.Query, out var binding, out _));
        Assert.True(AuthnRequest.TryRead(binding.Message, out var request, out _));
        var (page, _) = await Idp.PostAsync(browser, Idp.Answer(request.Id, "tested").ToXml(Idp.Key), binding.RelayState!);
        var text = await page.Content.ReadAsStringAsync();
        foreach (var shown in (string[])["vouches for tested", "to https://idp.example/sso", "the browser is back", "id-of-tested", "tested@example.org", "<dd>agent</dd>", "Nobody was signed in"]) Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.Null(await Outpost.SessionAsync(browser));
        Assert.Null(await Outpost.UserAsync("tested"));

        // The key counts once, for its own provider; what fails is told as well.
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.FollowAsync(path)).Answer.StatusCode);
        path = await Outpost.Desk.Part<BrowserTests>().OpenAsync(Outpost.Desk.Part<Upstreams>().Find(Outpost.Realm, "idp")!, default);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.FollowAsync(path.Replace("/idp/", "/open/", StringComparison.Ordinal))).Answer.StatusCode);
        path = await Outpost.Desk.Part<BrowserTests>().OpenAsync(Outpost.Desk.Part<Upstreams>().Find(Outpost.Realm, "idp")!, default);
        (_, away) = await browser.FollowAsync(path);
        Assert.True(RedirectBinding.TryRead(away.Query, out binding, out _) && AuthnRequest.TryRead(binding.Message, out request, out _));
        var (refused, _) = await Idp.PostAsync(browser, Idp.Answer(request.Id, "tested").ToXml(ScriptedIdp.NewKey()), binding.RelayState!);
        Assert.Contains("bad_signature", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_key_is_staged_ahead_activated_and_retired()
    {
        var keys = Outpost.Desk.Part<SamlKeys>();
        const string Realm = "key-realm";
        var first = (await keys.OfAsync(Realm, default))[0];
        Assert.False(await keys.ActivateAsync(Realm, default));
        Assert.True(await keys.StageAsync(Realm, default));
        Assert.False(await keys.StageAsync(Realm, default));
        Assert.Equal([SamlKeyState.Active, SamlKeyState.Staged], (await keys.OfAsync(Realm, default)).Select(one => one.State));
        Assert.Equal(first.Id, (await keys.OfAsync(Realm, default))[0].Id);
        Assert.True(await keys.ActivateAsync(Realm, default));
        var now = await keys.OfAsync(Realm, default);
        Assert.Equal((SamlKeyState.Retiring, first.Id), (now[1].State, now[1].Id));
        Assert.True(await keys.RemoveAsync(Realm, SamlKeyState.Retiring, default));
        Assert.Single(await keys.OfAsync(Realm, default));
    }

    [Fact]
    public async Task Signing_out_there_ends_the_session_here_and_only_a_signed_wish_counts()
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, _) = await Idp.LeaveAsync(browser);
        await Idp.PostAsync(browser, Idp.Answer(request.Id, "leaver").ToXml(Idp.Key), relay);
        Assert.NotNull(await Outpost.SessionAsync(browser));

        LogoutRequest Wish() => new() { Id = SamlWriting.NewId(), IssueInstant = DateTimeOffset.UtcNow, Issuer = ScriptedIdp.EntityId, Destination = Idp.Endpoint, NameId = new SamlNameId("id-of-leaver", SamlNames.PersistentName), SessionIndexes = ["s-leaver"] };
        foreach (var key in (SamlPrivateKey?[])[null, ScriptedIdp.NewKey()])
        {
            using var refused = await browser.GetAsync(new Uri(RedirectBinding.Write(Idp.Endpoint, Wish().ToXml(), true, "x", key)).PathAndQuery);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }

        using var elsewhere = await browser.GetAsync(new Uri(RedirectBinding.Write(Idp.Endpoint, (Wish() with { Destination = "https://other.example" }).ToXml(), true, "x", Idp.Key)).PathAndQuery);
        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
        Assert.NotNull(await Outpost.SessionAsync(browser));

        var wish = Wish();
        using var answer = await browser.GetAsync(new Uri(RedirectBinding.Write(Idp.Endpoint, wish.ToXml(), true, "their-state", Idp.Key)).PathAndQuery);
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Null(await Outpost.SessionAsync(browser));
        Assert.True(RedirectBinding.TryRead(answer.Headers.Location!.Query, out var binding, out _));
        Assert.Equal("their-state", binding.RelayState);
        Assert.Equal(SamlError.None, binding.Verify(new SamlTrust((await MetadataAsync()).Sp!.SigningKeys)));
        Assert.True(LogoutResponse.TryRead(binding.Message, out var response, out _));
        Assert.Equal((wish.Id, true), (response.InResponseTo, response.Status.IsSuccess));
    }

    [Fact]
    public async Task Signing_out_here_signs_out_there_and_comes_back()
    {
        using var browser = new Browser(Outpost.Desk);
        var (request, relay, _) = await Idp.LeaveAsync(browser);
        await Idp.PostAsync(browser, Idp.Answer(request.Id, "goer").ToXml(Idp.Key), relay);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-out");
        using var answer = await browser.SubmitAsync(page, at, "", "");
        var (_, there) = await browser.FollowAsync(answer.Headers.Location!.ToString());
        Assert.Equal("https://idp.example/slo", there.GetLeftPart(UriPartial.Path));
        Assert.Null(await Outpost.SessionAsync(browser));
        Assert.True(RedirectBinding.TryRead(there.Query, out var binding, out _));
        Assert.True(LogoutRequest.TryRead(binding.Message, out var wish, out _));
        Assert.Equal(("id-of-goer", "s-goer"), (wish.NameId.Value, Assert.Single(wish.SessionIndexes)));
        Assert.Equal(SamlError.None, binding.Verify(new SamlTrust((await MetadataAsync()).Sp!.SigningKeys)));

        var done = new LogoutResponse { Id = SamlWriting.NewId(), IssueInstant = DateTimeOffset.UtcNow, Issuer = ScriptedIdp.EntityId, Destination = Idp.Endpoint, InResponseTo = wish.Id, Status = SamlStatus.Ok };
        var (_, end) = await browser.FollowAsync(new Uri(RedirectBinding.Write(Idp.Endpoint, done.ToXml(), false, binding.RelayState, Idp.Key)).PathAndQuery);
        Assert.Equal($"/realms/{Outpost.Realm}/signed-out", end.AbsolutePath);
    }

    private async Task<SamlMetadata> MetadataAsync()
    {
        using var browser = new Browser(Outpost.Desk);
        using var answer = await browser.GetAsync($"/realms/{Outpost.Realm}/broker/idp/endpoint/descriptor");
        Assert.Equal("application/samlmetadata+xml", answer.Content.Headers.ContentType!.MediaType);
        Assert.True(SamlMetadata.TryRead(await answer.Content.ReadAsByteArrayAsync(), Outpost.Url, null, DateTimeOffset.UtcNow, out var metadata, out var error), error.ToString());
        return metadata;
    }

    private static string Strip(string xml)
    {
        while (xml.IndexOf("<ds:Signature ", StringComparison.Ordinal) is var at and >= 0) xml = xml.Remove(at, xml.IndexOf("</ds:Signature>", StringComparison.Ordinal) + "</ds:Signature>".Length - at);
        return xml;
    }

    // The audit log is written beside the request.
    private async Task ErrorAsync(string code)
    {
        var audit = Outpost.Desk.Part<AuditLog>();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!(await audit.ListAsync(new AuditQuery(Outpost.Realm, "IDENTITY_PROVIDER_LOGIN_ERROR"), late.Token)).Events.Any(one => one.Event.Error == code)) await tick.WaitForNextTickAsync(late.Token);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public Desk Desk { get; private set; } = null!;

        internal Outpost Outpost { get; private set; } = null!;

        internal ScriptedIdp Idp { get; private set; } = null!;

        internal ScriptedIdp Open { get; private set; } = null!;

        internal ScriptedIdp Strict { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Desk = await Desk.OpenAsync();
            Outpost = await Outpost.MakeAsync(Desk);
            (Idp, Open, Strict) = (new(Outpost, "idp"), new(Outpost, "open"), new(Outpost, "strict"));
            MappingRule[] rules = [new("groups", "agents", MappingTarget.Role, "agent")];
            await Outpost.AddAsync("idp", "saml", Idp.Config, null, one => one with { Mapping = [.. rules] });
            await Outpost.AddAsync("open", "saml", new Dictionary<string, string>(Open.Config) { ["idpInitiated"] = "true", ["idpInitiatedTarget"] = "/cim-customer/home" });
            await Outpost.AddAsync("strict", "saml", new Dictionary<string, string>(Strict.Config) { ["requireEncrypted"] = "true" });
        }

        public async ValueTask DisposeAsync()
        {
            await Desk.DisposeAsync();
        }
    }
}
