using System.Buffers.Text;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Saml;
using Xunit;

namespace Gatehouse.Tests.Protocols;

/// <summary>Whatever proves a person is traded for a token of ours at the one endpoint (RFC 8693, RFC 7523, RFC 7522); what does not prove it is refused with a code.</summary>
public sealed class ExchangeTests(ExchangeTests.Fixture fixture) : IClassFixture<ExchangeTests.Fixture>
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    private Outpost Outpost => fixture.Outpost;

    private string TokenEndpoint => Outpost.Url + "/protocol/openid-connect/token";

    [Fact]
    public async Task A_foreign_jwt_becomes_a_token_with_mapped_roles_and_a_session_that_ends_with_it()
    {
        var body = await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("trader")));
        Assert.Equal((ProofType.AccessToken, "Bearer"), (body.GetProperty("issued_token_type").GetString(), body.GetProperty("token_type").GetString()));
        var claims = Claims(body.GetProperty("access_token").GetString()!);
        Assert.Equal(("trader", "trader-app"), (claims.GetProperty("preferred_username").GetString(), claims.GetProperty("azp").GetString()));
        Assert.Contains("agent", claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(one => one.GetString()));
        Assert.False(body.TryGetProperty("refresh_token", out _));
        var session = (await Outpost.Desk.Part<Gatehouse.Sessions.SessionStore>().FindAsync(Outpost.Realm, claims.GetProperty("sid").GetString()!, default))!;
        Assert.Equal(("issuer", claims.GetProperty("exp").GetInt64()), (session.Upstream, session.EndsAt.ToUnixTimeSeconds()));

        // With a refresh token when that is asked for.
        body = await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("trader")), ("requested_token_type", ProofType.RefreshToken));
        await GoodAsync(("grant_type", "refresh_token"), ("refresh_token", body.GetProperty("refresh_token").GetString()!));
    }

    [Fact]
    public async Task Assertions_are_grants_of_their_own_too()
    {
        var body = await GoodAsync(("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", Jwt("bearer")));
        Assert.Equal("bearer", Claims(body.GetProperty("access_token").GetString()!).GetProperty("preferred_username").GetString());
        body = await GoodAsync(("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), ("assertion", Saml("assertor")));
        Assert.Equal("assertor", Claims(body.GetProperty("access_token").GetString()!).GetProperty("preferred_username").GetString());
        body = await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", Saml("assertor")));
        Assert.Equal("assertor", Claims(body.GetProperty("access_token").GetString()!).GetProperty("preferred_username").GetString());
    }

    [Fact]
    public async Task An_id_token_of_a_named_client_is_traded_once()
    {
        var token = IdToken("tokened", "their-app");
        var body = await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.IdToken), ("subject_token", token), ("subject_issuer", "op"));
        Assert.Equal("tokened", Claims(body.GetProperty("access_token").GetString()!).GetProperty("preferred_username").GetString());
        await BadAsync("replayed", ("grant_type", Exchange), ("subject_token_type", ProofType.IdToken), ("subject_token", token));
        await BadAsync("bad_id_token", ("grant_type", Exchange), ("subject_token_type", ProofType.IdToken), ("subject_token", IdToken("tokened", "another-app")));
        await BadAsync("bad_id_token", ("grant_type", Exchange), ("subject_token_type", ProofType.IdToken), ("subject_token", IdToken("tokened", "us")));
        await BadAsync("not_offered", ("grant_type", Exchange), ("subject_token_type", ProofType.IdToken), ("subject_token", IdToken("tokened", "us")), ("subject_issuer", "closed-op"));
    }

    public static TheoryData<string, string> Tricks => new()
    {
        { "another issuer", "wrong_issuer" }, { "another audience", "wrong_audience" }, { "expired", "expired" }, { "no end", "expired" }, { "lives for ever", "lives_too_long" }, { "from the future", "not_yet_valid" }, { "no jti", "no_jti" }, { "no subject", "no_subject" },
        { "a hidden key", "bad_signature" }, { "unsigned", "malformed" }, { "symmetric", "malformed" }, { "nonsense", "malformed" }, { "replayed", "replayed" }, { "an ID token of ours", "wrong_issuer" },
    };

    [Theory, MemberData(nameof(Tricks))]
    public async Task A_bad_jwt_is_refused_with_its_code_and_makes_nobody(string trick, string code)
    {
        var name = "rogue-" + trick.Replace(' ', '-');
        var claims = Body(name);
        switch (trick)
        {
            case "another issuer": claims["iss"] = "https://other.example"; break;
            case "another audience": claims["aud"] = "https://other.example"; break;
            case "expired": claims["exp"] = Now - 100; break;
            case "no end": claims.Remove("exp"); break;
            case "lives for ever": claims["exp"] = Now + 100_000; break;
            case "from the future": claims["nbf"] = Now + 300; break;
            case "no jti": claims.Remove("jti"); break;
            case "no subject": claims.Remove("sub"); break;
        }

        var token = trick switch
        {
            "a hidden key" => fixture.Issuer.Token("hidden", claims),
            "unsigned" => string.Join('.', fixture.Issuer.Token("k1", claims, "none").Split('.')[..2]) + ".",
            "symmetric" => fixture.Issuer.Token("k1", claims, "HS256"),
            "nonsense" => "a.b.c",
            "replayed" => Jwt("somebody"),
            "an ID token of ours" => await fixture.OurIdTokenAsync(),
            _ => fixture.Issuer.Token("k1", claims),
        };
        if (trick == "replayed") await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", token));
        await BadAsync(code, ("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", token));
        Assert.Null(await Outpost.UserAsync(name));
    }

    [Fact]
    public async Task Bad_assertions_are_refused()
    {
        string Encoded(SamlElement assertion) => Base64Url.EncodeToString(assertion.ToBytes());
        await BadAsync("not_signed", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", Encoded(Assertion("rogue").ToXml())));
        await BadAsync("bad_signature", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", Encoded(SamlSignature.Sign(Assertion("rogue").ToXml(), ScriptedIdp.NewKey()))));
        await BadAsync("wrong_recipient", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", Encoded(SamlSignature.Sign((Assertion("rogue") with { Recipient = fixture.Idp.Endpoint }).ToXml(), fixture.Idp.Key))));
        await BadAsync("wrong_message", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", Encoded(fixture.Idp.Answer(null, "rogue").ToXml(fixture.Idp.Key))));
        await BadAsync("bad_encoding", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", "<xml>"));
        var once = Saml("once");
        await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", once));
        await BadAsync("replayed", ("grant_type", Exchange), ("subject_token_type", ProofType.Saml), ("subject_token", once));
        Assert.Null(await Outpost.UserAsync("rogue"));
    }

    [Fact]
    public async Task A_token_of_ours_is_traded_for_a_narrower_one_and_only_by_whom_it_was_made_for()
    {
        var first = (await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("narrow")))).GetProperty("access_token").GetString()!;
        var narrow = await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", first), ("scope", "roles"), ("audience", "reports"));
        var claims = Claims(narrow.GetProperty("access_token").GetString()!);
        Assert.Equal(("reports", Claims(first).GetProperty("sid").GetString()), (claims.GetProperty("aud").GetString(), claims.GetProperty("sid").GetString()));
        Assert.Equal("invalid_target", (await AskAsync(("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", first), ("audience", "elsewhere"))).Body.GetProperty("error").GetString());
        Assert.Equal("invalid_scope", (await AskAsync(("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", first), ("scope", "extra"))).Body.GetProperty("error").GetString());
        await BadAsync("azp", [("client", "stranger-app"), ("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", first)]);
        await BadAsync("token.malformed", ("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", "nonsense"));

        // A session that has ended is traded for nothing.
        var session = (await Outpost.Desk.Part<Gatehouse.Sessions.SessionStore>().FindAsync(Outpost.Realm, Claims(first).GetProperty("sid").GetString()!, default))!;
        await Outpost.Desk.Part<Gatehouse.SignIn.SignOut>().EndAsync(session, null, null, default);
        await BadAsync("token.revoked", ("grant_type", Exchange), ("subject_token_type", ProofType.AccessToken), ("subject_token", first));
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_told_in_oauths_form()
    {
        foreach (var (error, form) in new (string, (string, string)[])[]
                 {
                     ("invalid_request", [("grant_type", Exchange)]), ("invalid_request", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt)]), ("invalid_request", [("grant_type", Exchange), ("subject_token_type", "urn:x"), ("subject_token", "x")]),
                     ("invalid_request", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", "x"), ("actor_token", "x")]), ("invalid_request", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", "x"), ("requested_token_type", ProofType.Saml)]),
                     ("invalid_scope", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("x")), ("scope", "offline_access")]), ("invalid_scope", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("x")), ("scope", "nonsense")]),
                     ("unauthorized_client", [("client", "plain-app"), ("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("x"))]), ("unauthorized_client", [("client", "plain-app"), ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", Jwt("x"))]),
                     ("invalid_request", [("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("x")), ("subject_issuer", "idp")]),
                 })
        {
            var (status, body) = await AskAsync(form);
            Assert.Equal((HttpStatusCode.BadRequest, error), (status, body.GetProperty("error").GetString()));
        }

        // A user of that name who is not linked is nobody's to take.
        await Outpost.AddUserAsync("taken", "a-password-of-taken");
        await BadAsync("not linked", ("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("taken")));
        var user = (await Outpost.UserAsync("trader2")) ?? (await GoodAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("trader2"))) is var _ ? (await Outpost.UserAsync("trader2"))! : null!);
        await Outpost.Desk.Part<Database>().WriteAsync(work => Outpost.Desk.Part<Gatehouse.People.Users>().ChangeAsync(work, user with { Enabled = false }), default);
        await BadAsync("disabled", ("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", Jwt("trader2")));
    }

    [Fact]
    public async Task An_issuer_that_is_down_is_no_refusal()
    {
        await using var mortal = await ForeignIssuer.StartAsync();
        mortal.Down = true;
        await Outpost.AddAsync("mortal", "jwt", new Dictionary<string, string> { ["issuer"] = mortal.Url });
        var claims = Body("somebody-else");
        claims["iss"] = mortal.Url;
        var (status, body) = await AskAsync(("grant_type", Exchange), ("subject_token_type", ProofType.Jwt), ("subject_token", mortal.Token("k1", claims)), ("subject_issuer", "mortal"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "temporarily_unavailable"), (status, body.GetProperty("error").GetString()));
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private Dictionary<string, object> Body(string name) => new()
    {
        ["iss"] = fixture.Issuer.Url, ["sub"] = "id-" + name, ["aud"] = Outpost.Url, ["iat"] = Now, ["exp"] = Now + 120, ["jti"] = Guid.NewGuid().ToString(), ["preferred_username"] = name, ["groups"] = new[] { "agents" },
    };

    private string Jwt(string name) => fixture.Issuer.Token("k1", Body(name));

    private string IdToken(string name, string client) => fixture.Op.Token("k1", new Dictionary<string, object> { ["iss"] = fixture.Op.Url, ["sub"] = "op-" + name, ["aud"] = client, ["iat"] = Now, ["exp"] = Now + 120, ["preferred_username"] = name, ["n"] = Guid.NewGuid().ToString() });

    private SamlAssertion Assertion(string name) => fixture.Idp.Answer(null, name).Assertion! with { Recipient = TokenEndpoint };

    private string Saml(string name) => Base64Url.EncodeToString(SamlSignature.Sign(Assertion(name).ToXml(), fixture.Idp.Key).ToBytes());

    private static JsonElement Claims(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;

    private async Task<JsonElement> GoodAsync(params (string Name, string Value)[] form)
    {
        var (status, body) = await AskAsync(form);
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        return body;
    }

    private async Task BadAsync(string expected, params (string Name, string Value)[] form)
    {
        var (status, body) = await AskAsync(form);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (status, body.GetProperty("error").GetString()));
        Assert.Contains(expected, body.GetProperty("error_description").GetString(), StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(params (string Name, string Value)[] form)
    {
        var client = form.FirstOrDefault(one => one.Name == "client").Value ?? "trader-app";
        using var content = new FormUrlEncodedContent(form.Where(one => one.Name != "client").Append(("client_id", client)).Append(("client_secret", "secret-of-" + client)).Select(one => new KeyValuePair<string, string>(one.Item1, one.Item2)));
        using var answer = await Outpost.Desk.Http.PostAsync(TokenEndpoint, content);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private Desk desk = null!;

        internal Outpost Outpost { get; private set; } = null!;

        internal ScriptedIdp Idp { get; private set; } = null!;

        public ForeignIssuer Issuer { get; private set; } = null!;

        public ForeignIssuer Op { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            desk = await Desk.OpenAsync();
            Outpost = await Outpost.MakeAsync(desk);
            (Issuer, Op, Idp) = (await ForeignIssuer.StartAsync(), await ForeignIssuer.StartAsync(), new ScriptedIdp(Outpost, "idp"));
            Issuer.AddKey("hidden");
            Issuer.Withdraw("hidden");
            ImmutableArray<MappingRule> rules = [new("groups", "agents", MappingTarget.Role, "agent")];
            await Outpost.AddAsync("issuer", "jwt", new Dictionary<string, string> { ["issuer"] = Issuer.Url }, null, one => one with { Mapping = rules });
            await Outpost.AddAsync("idp", "saml", Idp.Config);
            await Outpost.AddAsync("op", "oidc", new Dictionary<string, string> { ["issuer"] = Op.Url, ["clientId"] = "us", ["tradesIdTokensOf"] = "their-app other-app" });
            await Outpost.AddAsync("closed-op", "oidc", new Dictionary<string, string> { ["issuer"] = Op.Url, ["clientId"] = "us" });
            await AddAsync("trader-app", one => one with { Exchanges = true, Audiences = ["reports", "billing"], OptionalScopes = ["offline_access", "extra"] });
            await AddAsync("stranger-app", one => one with { Exchanges = true });
            await AddAsync("plain-app", one => one);
        }

        public async Task<string> OurIdTokenAsync()
        {
            using var browser = new Browser(desk);
            return (await browser.TokensAsync("alice")).Id;
        }

        public async ValueTask DisposeAsync()
        {
            await Issuer.DisposeAsync();
            await Op.DisposeAsync();
            await desk.DisposeAsync();
        }

        private Task AddAsync(string id, Func<Client, Client> with) => desk.Part<Database>().WriteAsync(async work =>
        {
            var client = with(new Client { Id = Guid.NewGuid().ToString(), Realm = Outpost.Realm, ClientId = id, StandardFlow = false });
            await desk.Part<ClientStore>().AddAsync(work, client);
            await desk.Part<ClientStore>().SetSecretAsync(work, Outpost.Realm, client.Id, new Secret("secret-of-" + id));
            return true;
        }, default);
    }
}
