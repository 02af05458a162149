using System.Net;
using AngleSharp.Html.Parser;
using Gatehouse.Clients;
using Gatehouse.Storage;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Protocols.Saml;

/// <summary>What applications, and strangers in their name, may send us as a SAML identity provider; Cisco's identity service among them.</summary>
public sealed class SignOnTests(SignOnTests.Fixture fixture) : IClassFixture<SignOnTests.Fixture>
{
    private const string App = "https://app.example/saml";
    private const string Consumer = "https://app.example/acs";
    private const string Cisco = "ids.example.org";

    private Desk Desk => fixture.Desk;

    private string Ours => Desk.RealmUrl.AbsoluteUri.TrimEnd('/');

    private string Address => Ours + "/protocol/saml";

    [Fact]
    public async Task Cisco_ids_gets_uid_and_user_principal_and_a_transient_name_qualified_by_both()
    {
        using var browser = await SignedInAsync();
        var request = Request() with { Issuer = Cisco, AssertionConsumer = "https://ids.example.org:8553/ids/saml/response", NameIdFormat = SamlNames.TransientName };
        var (subject, relay, action) = await AcceptAsync(await SendAsync(browser, request, fixture.AppKey, "a relay state"), request);
        Assert.Equal(("a relay state", "https://ids.example.org:8553/ids/saml/response"), (relay, action));
        Assert.Equal("alice", Assert.Single(subject["uid"]));
        Assert.Equal("alice@contact.example", Assert.Single(subject["user_principal"]));
        Assert.Equal((SamlNames.TransientName, Ours, Cisco), (subject.NameId.Format, subject.NameId.NameQualifier, subject.NameId.SpNameQualifier));
        var (again, _, _) = await AcceptAsync(await SendAsync(browser, request with { Id = "_second" }, fixture.AppKey), request with { Id = "_second" });
        Assert.NotEqual(subject.NameId.Value, again.NameId.Value);
    }

    [Fact]
    public async Task Names_come_in_the_format_that_is_asked_for()
    {
        using var browser = await SignedInAsync();
        async Task<string> NameAsync(string? format) => (await AcceptAsync(await SendAsync(browser, Request() with { NameIdFormat = format }, fixture.AppKey), Request())).Subject.NameId.Value;
        Assert.Equal("alice", await NameAsync(null));
        Assert.Equal("alice", await NameAsync(SamlNames.UnspecifiedName));
        Assert.Equal("alice@example.org", await NameAsync(SamlNames.EmailName));
        Assert.Equal(await NameAsync(SamlNames.PersistentName), await NameAsync(SamlNames.PersistentName));
        Assert.Equal(SamlNames.InvalidNameIdPolicy, (await StatusAsync(await SendAsync(browser, Request() with { NameIdFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos" }, fixture.AppKey))).Nested);
        Assert.Equal(SamlNames.NoAuthnContext, (await StatusAsync(await SendAsync(browser, Request() with { AuthnContexts = ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"] }, fixture.AppKey))).Nested);
    }

    [Fact]
    public async Task A_request_by_post_meets_its_session_all_the_same_and_an_encrypted_assertion_goes_out()
    {
        using var browser = await SignedInAsync();
        var request = Request() with { Issuer = "https://sealed.example", AssertionConsumer = null };
        var message = SamlSignature.Sign(request.ToXml(), fixture.AppKey);

        // The form comes from another site, without our cookies.
        using var stranger = new Browser(Desk);
        using var posted = await stranger.PostAsync("/realms/" + Desk.Realm + "/protocol/saml", [new("SAMLRequest", PostBinding.Write(message)), new("RelayState", "r")]);
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        var (answer, _) = await browser.FollowAsync(posted.Headers.Location!.ToString());
        var text = await FieldAsync(answer, "SAMLResponse");
        Assert.Contains("EncryptedAssertion", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(text)), StringComparison.Ordinal);
        var (subject, _, _) = await AcceptAsync(answer, request with { AssertionConsumer = "https://sealed.example/acs" });
        Assert.Equal("alice", subject.NameId.Value);
    }

    [Fact]
    public async Task Passive_fresh_and_started_here()
    {
        using var nobody = new Browser(Desk);
        Assert.Equal(SamlNames.NoPassive, (await StatusAsync(await SendAsync(nobody, Request() with { IsPassive = true }, fixture.AppKey))).Nested);
        using var browser = await SignedInAsync();
        await AcceptAsync(await SendAsync(browser, Request() with { IsPassive = true }, fixture.AppKey), Request());

        // ForceAuthn asks again, session or not.
        var (page, at) = await browser.FollowAsync(new Uri(RedirectBinding.Write(Address, (Request() with { ForceAuthn = true }).ToXml(), true, "r", fixture.AppKey)).PathAndQuery);
        Assert.Contains("/sign-in", at.AbsolutePath, StringComparison.Ordinal);
        using var done = await browser.SubmitAsync(page, at, "alice", Desk.Password);
        var (answer, _) = await browser.FollowAsync(done.Headers.Location!.ToString());
        await AcceptAsync(answer, Request());

        var (started, _) = await browser.FollowAsync($"/realms/{Desk.Realm}/protocol/saml/clients/the-app?RelayState=deep");
        var (subject, relay, _) = await AcceptAsync(started, null);
        Assert.Equal(("alice", "deep"), (subject.NameId.Value, relay));
        Assert.Equal(HttpStatusCode.NotFound, (await browser.FollowAsync($"/realms/{Desk.Realm}/protocol/saml/clients/none")).Answer.StatusCode);
    }

    public static TheoryData<string> Tricks =>
        ["unsigned", "another key", "unknown application", "another consumer", "another consumer by index", "artifact binding", "another destination", "stale", "from the future", "altered after signing", "twice in the query", "deflate bomb", "doctype", "no message", "huge relay state", "an assertion",
         "wrapped by post", "unsigned by post", "request and response by post", "comment in the issuer"];

    [Theory, MemberData(nameof(Tricks))]
    public async Task A_bad_request_is_refused_and_nothing_is_sent_anywhere(string trick)
    {
        using var browser = await SignedInAsync();
        string Signed(AuthnRequest request, SamlPrivateKey? key = null, string relay = "r") => new Uri(RedirectBinding.Write(Address, request.ToXml(), true, relay, key ?? fixture.AppKey)).PathAndQuery;
        string Raw(string xml) => $"/realms/{Desk.Realm}/protocol/saml?SAMLRequest={Uri.EscapeDataString(Deflated(System.Text.Encoding.UTF8.GetBytes(xml)))}";
        var post = trick switch
        {
            "wrapped by post" => Wrapped(),
            "unsigned by post" => PostBinding.Write(Request().ToXml()),
            "request and response by post" => PostBinding.Write(SamlSignature.Sign(Request().ToXml(), fixture.AppKey)),
            _ => null,
        };
        if (post is not null)
        {
            var form = new List<KeyValuePair<string, string>> { new("SAMLRequest", post) };
            if (trick.StartsWith("request and", StringComparison.Ordinal)) form.Add(new("SAMLResponse", post));
            using var refused = await browser.PostAsync($"/realms/{Desk.Realm}/protocol/saml", form);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            return;
        }

        var path = trick switch
        {
            "unsigned" => new Uri(RedirectBinding.Write(Address, Request().ToXml(), true)).PathAndQuery,
            "another key" => Signed(Request(), ScriptedIdp.NewKey()),
            "unknown application" => Signed(Request() with { Issuer = "https://stranger.example" }),
            "another consumer" => Signed(Request() with { AssertionConsumer = "https://evil.example/acs" }),
            "another consumer by index" => Signed(Request() with { AssertionConsumer = null, AssertionConsumerIndex = 7 }),
            "artifact binding" => Signed(Request() with { ProtocolBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" }),
            "another destination" => Signed(Request() with { Destination = "https://other.example" }),
            "stale" => Signed(Request() with { IssueInstant = DateTimeOffset.UtcNow.AddHours(-1) }),
            "from the future" => Signed(Request() with { IssueInstant = DateTimeOffset.UtcNow.AddHours(1) }),
            "altered after signing" => Signed(Request()).Replace("RelayState=r", "RelayState=s", StringComparison.Ordinal),
            "twice in the query" => Signed(Request()) + "&SAMLRequest=x",
            "deflate bomb" => $"/realms/{Desk.Realm}/protocol/saml?SAMLRequest={Uri.EscapeDataString(Deflated(new byte[5_000_000]))}",
            "doctype" => Raw("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + Request().ToXml()),
            "huge relay state" => Signed(Request(), relay: new string('r', 3000)),
            "an assertion" => Raw(new ScriptedAnswer().Xml),
            "comment in the issuer" => Raw(Request().ToXml().ToString().Replace("app.example/saml", "app.example/saml<!-- -->", StringComparison.Ordinal)),
            _ => $"/realms/{Desk.Realm}/protocol/saml",
        };
        var (page, _) = await browser.FollowAsync(path);
        var text = await page.Content.ReadAsStringAsync();
        Assert.True(page.StatusCode == HttpStatusCode.BadRequest, $"{page.StatusCode} {text}");
        Assert.DoesNotContain("SAMLResponse", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_a_signed_wish_of_the_application_itself_signs_out()
    {
        using var browser = await SignedInAsync();
        var (subject, _, _) = await AcceptAsync(await SendAsync(browser, Request(), fixture.AppKey), Request());
        LogoutRequest Wish() => new() { Id = SamlWriting.NewId(), IssueInstant = DateTimeOffset.UtcNow, Issuer = App, Destination = Address, NameId = subject.NameId, SessionIndexes = [subject.SessionIndex!] };
        foreach (var (wish, key) in new (LogoutRequest, SamlPrivateKey?)[] { (Wish(), null), (Wish(), ScriptedIdp.NewKey()), (Wish() with { Issuer = Cisco }, ScriptedIdp.NewKey()), (Wish() with { Destination = "https://other.example" }, fixture.AppKey), (Wish() with { IssueInstant = DateTimeOffset.UtcNow.AddHours(-1) }, fixture.AppKey) })
            Assert.Equal(HttpStatusCode.BadRequest, (await browser.FollowAsync(new Uri(RedirectBinding.Write(Address, wish.ToXml(), true, null, key)).PathAndQuery)).Answer.StatusCode);

        // Another session's index, or another person's name, ends nothing of this one.
        await browser.FollowAsync(new Uri(RedirectBinding.Write(Address, (Wish() with { SessionIndexes = ["another"] }).ToXml(), true, null, fixture.AppKey)).PathAndQuery);
        Assert.NotNull(await Desk.Part<Gatehouse.Sessions.SessionStore>().FindAsync(Desk.Realm, subject.SessionIndex!, default));
        var (_, at) = await browser.FollowAsync(new Uri(RedirectBinding.Write(Address, Wish().ToXml(), true, "back", fixture.AppKey)).PathAndQuery);
        Assert.Null(await Desk.Part<Gatehouse.Sessions.SessionStore>().FindAsync(Desk.Realm, subject.SessionIndex!, default));
        Assert.Equal("https://app.example/slo", at.GetLeftPart(UriPartial.Path));
        Assert.True(RedirectBinding.TryRead(at.Query, out var binding, out _));
        Assert.Equal("back", binding.RelayState);
        Assert.Equal(SamlError.None, binding.Verify(await TrustAsync()));
    }

    [Theory]
    [InlineData("{username}", "uid")]
    [InlineData("{attribute.missing}@x", null)]
    [InlineData("plain", "plain")]
    [InlineData("{unknown}", null)]
    [InlineData("{username", "{username")]
    public void An_attribute_with_something_missing_in_it_is_left_out(string source, string? value)
    {
        var user = new Gatehouse.People.User { Id = "1", Realm = "r", Username = "uid" };
        var made = Gatehouse.Protocols.AttributeText.Of([new AttributeRule("a", source)], user, new Gatehouse.People.Rights(System.Collections.Frozen.FrozenSet<string>.Empty, System.Collections.Frozen.FrozenSet<string>.Empty));
        Assert.Equal(value, made.Select(one => one.Values[0]).FirstOrDefault());
    }

    private AuthnRequest Request() => new() { Id = "_request", IssueInstant = DateTimeOffset.UtcNow, Issuer = App, Destination = Address, AssertionConsumer = Consumer };

    private string Wrapped()
    {
        var good = SamlSignature.Sign((Request() with { Id = "_good" }).ToXml(), fixture.AppKey);
        var evil = (Request() with { AssertionConsumer = "https://evil.example/acs" }).ToXml().ToString();
        return Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(evil.Replace("</samlp:AuthnRequest>", $"<samlp:Extensions>{good}</samlp:Extensions></samlp:AuthnRequest>", StringComparison.Ordinal)));
    }

    private static string Deflated(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var stream = new System.IO.Compression.DeflateStream(target, System.IO.Compression.CompressionLevel.Optimal)) stream.Write(bytes);
        return Convert.ToBase64String(target.ToArray());
    }

    private async Task<Browser> SignedInAsync()
    {
        var browser = new Browser(Desk);
        await browser.SignInAsync();
        return browser;
    }

    private async Task<HttpResponseMessage> SendAsync(Browser browser, AuthnRequest request, SamlPrivateKey key, string relay = "r")
        => (await browser.FollowAsync(new Uri(RedirectBinding.Write(Address, request.ToXml(), true, relay, key)).PathAndQuery)).Answer;

    private async Task<SamlTrust> TrustAsync()
    {
        Assert.True(SamlMetadata.TryRead(await Desk.Http.GetByteArrayAsync(Address + "/descriptor"), Ours, null, DateTimeOffset.UtcNow, out var metadata, out var error), error.ToString());
        return new SamlTrust(metadata.Idp!.SigningKeys);
    }

    private async Task<(SamlSubject Subject, string RelayState, string Action)> AcceptAsync(HttpResponseMessage page, AuthnRequest? request)
    {
        Assert.True(page.StatusCode == HttpStatusCode.OK, await page.Content.ReadAsStringAsync());
        var form = (await new HtmlParser().ParseDocumentAsync(await page.Content.ReadAsStringAsync())).QuerySelector("form")!;
        var action = form.GetAttribute("action")!;
        Assert.True(PostBinding.TryRead(await FieldAsync(page, "SAMLResponse"), out var root, out _));
        var expected = new SamlExpectation
        {
            Issuer = Ours, Audience = request?.Issuer ?? App, Recipient = action, Trust = await TrustAsync(), RequestId = request?.Id, AllowUnsolicited = request is null, Signed = SamlSigned.Both, Now = DateTimeOffset.UtcNow, Decryption = SamlDecryption.With(fixture.AppKey),
        };
        Assert.True(SamlResponse.TryAccept(root, expected, out var subject, out var refusal), refusal?.ToString());
        return (subject, await FieldAsync(page, "RelayState"), action);
    }

    private async Task<SamlStatus> StatusAsync(HttpResponseMessage page)
    {
        Assert.True(PostBinding.TryRead(await FieldAsync(page, "SAMLResponse"), out var root, out _));
        Assert.True(SamlSignature.TryVerify(root, await TrustAsync(), out _, out var error), error.ToString());
        Assert.False(SamlResponse.TryAccept(root, new SamlExpectation { Issuer = Ours, Audience = App, Recipient = Consumer, Trust = await TrustAsync(), Now = DateTimeOffset.UtcNow }, out _, out var refusal));
        return refusal!.Status!;
    }

    private static async Task<string> FieldAsync(HttpResponseMessage page, string name)
        => (await new HtmlParser().ParseDocumentAsync(await page.Content.ReadAsStringAsync())).QuerySelector($"input[name={name}]")!.GetAttribute("value")!;

    private sealed class ScriptedAnswer
    {
        public string Xml { get; } = new SamlAnswer { IssueInstant = DateTimeOffset.UtcNow, Issuer = App, Destination = "x", Status = new SamlStatus(SamlNames.Responder) }.ToXml(ScriptedIdp.NewKey()).ToString();
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public Desk Desk { get; private set; } = null!;

        public SamlPrivateKey AppKey { get; } = ScriptedIdp.NewKey();

        public async ValueTask InitializeAsync()
        {
            Desk = await Desk.OpenAsync();
            var pem = AppKey.Public.ToPem();
            await AddAsync(App, new SamlApplication { Consumers = [Consumer, "https://app.example/acs2"], Certificates = [pem], SignOutAddress = "https://app.example/slo", StartName = "the-app" });
            await AddAsync("https://sealed.example", new SamlApplication { Consumers = ["https://sealed.example/acs"], Certificates = [pem], EncryptionCertificate = pem });
            await AddAsync(Cisco, new SamlApplication { Consumers = ["https://ids.example.org:8553/ids/saml/response"], Certificates = [pem], Attributes = [new("uid", "{username}"), new("user_principal", "{username}@contact.example")] });
        }

        public ValueTask DisposeAsync() => Desk.DisposeAsync();

        private async Task AddAsync(string entity, SamlApplication settings)
        {
            Assert.Null(settings.Fault);
            await Desk.Part<Database>().WriteAsync(work => Desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = entity, StandardFlow = false, Saml = settings }), default);
        }
    }
}
