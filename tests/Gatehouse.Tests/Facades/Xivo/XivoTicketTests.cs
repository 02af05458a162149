using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Federation;
using Gatehouse.Tests.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Xivo;

/// <summary>Others' proofs at XiVO's addresses: a Kerberos ticket of a real KDC, a CAS ticket of a real server, OpenID tokens and codes; each refusal in XiVO's form, audited.</summary>
public sealed partial class XivoTicketTests
{
    [Fact]
    public async Task A_kerberos_ticket_becomes_a_token_that_check_renews()
    {
        await using var kdc = await KdcKit.StartAsync();
        await kdc.ServiceAsync("HTTP/other.localhost", kdc.Keytab);
        await using var desk = await Desk.OpenAsync(with: XivoSite.On(""", "origins": ["https://desk.example.org"]"""));
        var site = await XivoSite.MakeAsync(desk);
        Assert.True(await kdc.SignInAsync("mina", "minas-password"));
        var address = $"http://localhost:{desk.Url.Port}{XivoSite.Auth}/sso";
        string[] at = ["--resolve", $"localhost:{desk.Url.Port}:127.0.0.1", address];

        // Without a provider nobody judges; without a ticket the browser is asked.
        var asked = await site.GetAsync("/sso");
        Assert.Equal((HttpStatusCode.Unauthorized, "SsoAuthenticationFailed", "Negotiate"), (asked.Status, asked.Error, asked.Headers.WwwAuthenticate.ToString()));
        Assert.Equal(("403", "SsoAuthenticationFailed"), await TicketAsync(kdc, at));
        await site.Outpost.AddAsync("site", "kerberos", new Dictionary<string, string> { ["keytab"] = kdc.Keytab, ["service"] = "HTTP/localhost" });

        // A person of the directory whom nobody set up for CTI.
        Assert.Equal(("403", "UserNotFound"), await TicketAsync(kdc, at));
        await site.AuditedAsync("LOGIN_ERROR", "cti_login_not_enabled", one => one.Client == "xivo");
        var mina = (await site.Outpost.UserAsync("mina"))!;
        await site.ChangeAsync(mina with { Attributes = mina.Attributes.Add("xivo.ctiLogin", ["true"]) });
        Assert.Equal(("403", "UserNotFound"), await TicketAsync(kdc, at));
        await site.AuditedAsync("LOGIN_ERROR", "profile_not_set");
        await site.ChangeAsync(mina with { Attributes = mina.Attributes.Add("xivo.ctiLogin", ["true"]).Add("xivo.profile", ["Agent"]) });

        var said = await kdc.CurlAsync(at);
        Assert.Matches(Proof(), said);
        using var body = JsonDocument.Parse(said[said.LastIndexOf('{')..].Split('\n')[0]);
        var token = body.RootElement.GetProperty("token").GetString()!;
        Assert.Equal(("mina", 3600), (body.RootElement.GetProperty("login").GetString(), body.RootElement.GetProperty("TTL").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await site.CheckAsync(token)).Status);

        // A ticket for another service of the same keytab; what is no ticket; a page of elsewhere.
        Assert.Equal(("403", "SsoAuthenticationFailed"), await TicketAsync(kdc, ["--resolve", $"other.localhost:{desk.Url.Port}:127.0.0.1", address.Replace("localhost", "other.localhost", StringComparison.Ordinal)]));
        await site.AuditedAsync("LOGIN_ERROR", "wrong_service");
        foreach (var header in (string[])["Negotiate AAAA", "Negotiate !!!", "Negotiate " + new string('A', 20_000)])
            Assert.Equal((HttpStatusCode.Forbidden, "SsoAuthenticationFailed"), ((await site.GetAsync("/sso", "Authorization: " + header)) is var bad ? (bad.Status, bad.Error) : default));
        Assert.Equal(("403", "SsoAuthenticationFailed"), await TicketAsync(kdc, [.. at, "-H", "Origin: https://evil.example"]));
        var listed = await kdc.CurlAsync([.. at, "-H", "Origin: https://desk.example.org"]);
        Assert.Contains("Access-Control-Allow-Credentials: true", listed, StringComparison.Ordinal);
        Assert.Contains("\"token\"", listed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cas_ticket_of_the_service_becomes_a_token_once()
    {
        await using var llng = await LemonldapKit.StartAsync();
        await using var desk = await Desk.OpenAsync(with: XivoSite.On());
        var site = await XivoSite.MakeAsync(desk);
        const string Service = "http://127.0.0.1:9/xivo";
        var none = await site.GetAsync($"/cas?service={Service}&ticket=ST-1");
        Assert.Equal((HttpStatusCode.Forbidden, "CasServerUrlNotSet"), (none.Status, none.Error));

        // Everybody's mail address is their profile here: a mapping sets the properties.
        ImmutableArray<MappingRule> rules = [new("mail", "*@badwolf.org", MappingTarget.Attribute, "xivo.ctiLogin"), new("mail", null, MappingTarget.Attribute, "xivo.profile")];
        await site.Outpost.AddAsync("cas", "cas", new Dictionary<string, string> { ["url"] = llng.Cas, ["services"] = $"{Service} {Service}/other" }, null, one => one with { Mapping = rules });
        using var walker = new Walker();
        await walker.OpenAsync($"{llng.Cas}/login?service={Uri.EscapeDataString($"{site.Outpost.Url}/signed-in")}");
        await walker.SubmitAsync(("user", "dwho"), ("password", "dwho"));
        async Task<string> TicketAsync(string service)
        {
            try
            {
                await walker.OpenAsync($"{llng.Cas}/login?service={Uri.EscapeDataString(service)}");
            }
            catch (HttpRequestException)
            {
                // Nothing listens there: the address is all that counts.
            }

            return walker.At.Query.Split("ticket=") is [_, var ticket] ? ticket : throw new InvalidOperationException($"{walker.At} {walker.Text} {llng.Output}");
        }

        Task<XivoSite.Reply> TradeAsync(string service, string ticket) => site.GetAsync($"/cas?service={Uri.EscapeDataString(service)}&ticket={Uri.EscapeDataString(ticket)}");
        var ticket = await TicketAsync(Service);
        var reply = await TradeAsync(Service, ticket);
        Assert.True(reply.Status == HttpStatusCode.OK, $"{reply.Body} {llng.Output}");
        Assert.Equal("dwho", reply.Body.GetProperty("login").GetString());
        Assert.Equal(HttpStatusCode.OK, (await site.CheckAsync(reply.Token!)).Status);

        foreach (var (status, error, service, shown) in ((HttpStatusCode, string, string, string)[])
                 [
                     (HttpStatusCode.Unauthorized, "CasServerInvalidTicket", Service, ticket), (HttpStatusCode.Unauthorized, "CasServerInvalidTicket", Service, "ST-" + new string('0', 64)), (HttpStatusCode.Unauthorized, "CasServerInvalidTicket", Service, "../logout"),
                     (HttpStatusCode.Forbidden, "CasServerInvalidService", Service, await TicketAsync(Service + "/other")), (HttpStatusCode.Forbidden, "CasServerInvalidService", "http://127.0.0.1:9/unlisted", await TicketAsync("http://127.0.0.1:9/unlisted")),
                     (HttpStatusCode.BadRequest, "CasServerInvalidRequest", Service, ""), (HttpStatusCode.BadRequest, "CasServerInvalidRequest", "", "ST-1"), (HttpStatusCode.BadRequest, "CasServerInvalidRequest", Service, new string('A', 600)),
                 ])
        {
            var no = await TradeAsync(service, shown);
            Assert.Equal((status, error), (no.Status, no.Error));
        }

        Assert.Equal("CasServerInvalidRequest", (await site.GetAsync($"/cas?service={Service}&ticket=ST-1&ticket=ST-2")).Error);
        await site.AuditedAsync("LOGIN_ERROR", "wrong_service");
        llng.Kill();
        var down = await TradeAsync(Service, "ST-1");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "CasServerInternalError"), (down.Status, down.Error));
    }

    [Fact]
    public async Task An_openid_token_or_code_becomes_a_token()
    {
        await using var op = await ForeignIssuer.StartAsync();
        await using var desk = await Desk.OpenAsync(with: XivoSite.On());
        var site = await XivoSite.MakeAsync(desk);
        Assert.Equal("OidcNotEnabled", (await site.GetAsync("/oidc?token=a.b.c")).Error);
        ImmutableArray<MappingRule> rules = [new("cti", null, MappingTarget.Attribute, "xivo.ctiLogin"), new("cti", null, MappingTarget.Attribute, "xivo.profile")];
        await site.Outpost.AddAsync("op", "oidc", new Dictionary<string, string> { ["issuer"] = op.Url, ["clientId"] = "us", ["tradesIdTokensOf"] = "xivo-web", ["tradesCodesAt"] = "https://xivo.example/ucassistant" }, null, one => one with { Mapping = rules });
        await site.Outpost.AddAsync("api", "jwt", new Dictionary<string, string> { ["issuer"] = op.Url, ["audience"] = "xivo-api" }, null, one => one with { Mapping = rules });
        Dictionary<string, object> Claims(string name, string audience) => new()
        {
            ["iss"] = op.Url, ["sub"] = "id-" + name, ["aud"] = audience, ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), ["exp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 120, ["jti"] = Guid.NewGuid().ToString(), ["preferred_username"] = name, ["cti"] = "agents", ["sid"] = "s-1",
        };

        // In the query, in the header; an access token of theirs for an audience of ours.
        var good = await site.GetAsync("/oidc?token=" + op.Token("k1", Claims("oda", "xivo-web")));
        Assert.True(good.Status == HttpStatusCode.OK, good.Body.ToString());
        Assert.Equal("oda", good.Body.GetProperty("login").GetString());
        Assert.Equal(HttpStatusCode.OK, (await site.CheckAsync(good.Token!)).Status);
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/oidc", "Authorization: Bearer " + op.Token("k1", Claims("oda", "xivo-web")))).Status);

        var used = op.Token("k1", Claims("oda", "xivo-web"));
        Assert.Equal(HttpStatusCode.OK, (await site.GetAsync("/oidc?token=" + used)).Status);
        op.AddKey("hidden");
        op.Withdraw("hidden");
        var bare = Claims("bare", "xivo-web");
        bare.Remove("cti");
        foreach (var (status, error, path, header) in ((HttpStatusCode, string, string, string?)[])
                 [
                     (HttpStatusCode.Unauthorized, "OidcAuthenticationFailed", "/oidc?token=" + used, null), (HttpStatusCode.Unauthorized, "OidcAuthenticationFailed", "/oidc?token=" + op.Token("k1", Claims("oda", "another-app")), null),
                     (HttpStatusCode.Unauthorized, "OidcAuthenticationFailed", "/oidc?token=" + op.Token("hidden", Claims("oda", "xivo-web")), null), (HttpStatusCode.Unauthorized, "OidcAuthenticationFailed", "/oidc?token=nonsense", null),
                     (HttpStatusCode.Forbidden, "UserNotFound", "/oidc?token=" + op.Token("k1", bare), null), (HttpStatusCode.BadRequest, "OidcInvalidParameter", "/oidc", null), (HttpStatusCode.BadRequest, "OidcInvalidParameter", "/oidc?token=", null),
                     (HttpStatusCode.BadRequest, "OidcInvalidParameter", "/oidc?token=a&token=b", null), (HttpStatusCode.BadRequest, "OidcInvalidParameter", "/oidc?token=a", "Authorization: Bearer b"), (HttpStatusCode.BadRequest, "OidcInvalidParameter", "/oidc", "Authorization: Basic YTpi"),
                 ])
        {
            var no = await site.GetAsync(path, header is null ? [] : [header]);
            Assert.Equal((status, error), (no.Status, no.Error));
        }

        // A code that the page was given, at an address that is listed.
        op.Redeem = form => form["code"] == "good" && form["redirect_uri"] == "https://xivo.example/ucassistant" && !form.ContainsKey("code_verifier") ? new { access_token = "x", id_token = op.Token("k1", Claims("olga", "us")) } : new { error = "invalid_grant" };
        Task<XivoSite.Reply> CodeAsync(string code, string at) => site.PostAsync("/oidc", JsonSerializer.Serialize(new { redirectUri = at, code }));
        var coded = await CodeAsync("good", "https://xivo.example/ucassistant");
        Assert.True(coded.Status == HttpStatusCode.OK, coded.Body.ToString());
        Assert.Equal("olga", coded.Body.GetProperty("login").GetString());
        Assert.Equal("OidcAuthenticationFailed", (await CodeAsync("bad", "https://xivo.example/ucassistant")).Error);
        Assert.Equal("OidcNotEnabled", (await CodeAsync("good", "https://xivo.example/other")).Error);
        Assert.Equal("InvalidJson", (await site.PostAsync("/oidc", "{\"code\":\"good\"}")).Error);
        op.Down = true;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "UnhandledError"), ((await CodeAsync("good", "https://xivo.example/ucassistant")) is var down ? (down.Status, down.Error) : default));
    }

    private static async Task<(string Status, string Error)> TicketAsync(KdcKit kdc, string[] at)
    {
        var said = await kdc.CurlAsync(at);
        var status = Status().Matches(said).Last().Groups[1].Value;
        using var body = JsonDocument.Parse(said[said.LastIndexOf('{')..].Split('\n')[0]);
        return (status, body.RootElement.GetProperty("error").GetString()!);
    }

    [GeneratedRegex("< WWW-Authenticate: Negotiate [A-Za-z0-9+/=]{40,}")]
    private static partial Regex Proof();

    [GeneratedRegex("< HTTP/1.1 ([0-9]+)")]
    private static partial Regex Status();
}
