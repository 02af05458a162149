using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>makeRequest: what a gadget may have asked for it, and everything that it may not.</summary>
public sealed class GadgetProxyTests(GadgetSite site) : IClassFixture<GadgetSite>
{
    // The specifications are fetched by ourselves.
    private int Calls => site.Third.All.Count(one => !one.Target.Contains(".xml", StringComparison.Ordinal));

    private string Api => site.Third.Url + "/api";

    [Fact]
    public async Task A_request_goes_to_a_listed_address_as_the_gadget_made_it()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        site.Third.Put("/api/customers", """{"name":"Mína"}""", "application/json", 201);
        var (rc, code, body) = await site.AskAsync(st, Api + "/customers?id=7&nocache=1", "POST", [("Authorization", "Bearer " + token), ("Content-Type", "application/json"), ("locale", "en_US"), ("requestId", "1-2")], """{"a":"ä"}""");
        Assert.Equal((201, "", """{"name":"Mína"}"""), (rc, code, body));
        var asked = site.Third.All.Last();
        Assert.Equal(("POST", "/api/customers?id=7&nocache=1", """{"a":"ä"}"""), (asked.Method, asked.Target, asked.Body));
        Assert.Equal(("Bearer " + token, "application/json", "en_US"), (asked.Headers["Authorization"], asked.Headers["Content-Type"], asked.Headers["locale"]));
        Assert.DoesNotContain(asked.Headers.Keys, name => name is "Cookie" or "Origin" or "X-Forwarded-For" or "Referer" or "traceparent");

        // A third party's own credentials, a fault of its, and an answer without a body.
        Assert.Equal(201, (await site.AskAsync(st, Api + "/customers", headers: [("authorization", "Basic dXNlcjpwYXNz")])).Rc);
        site.Third.Put("/api/fault", "no", status: 418);
        Assert.Equal((418, "", "no"), await site.AskAsync(st, Api + "/fault", "DELETE"));
    }

    public static TheoryData<string> Elsewhere =>
    [
        "http://127.0.0.1:1/api", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://metadata.google.internal/", "http://10.0.0.1/", "http://192.168.1.1/", "http://0.0.0.0/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:alert(1)", "data:text/plain,a", "//127.0.0.1/api", "/api", "", "https://{host}/api", "http://{host}/", "http://{host}/apis", "http://{host}/api/../secret", "http://{host}/api/%2e%2e/secret", "http://{host}/api/..%2fsecret",
        "http://{host}/api\\..\\secret", "http://{host}/api//secret", "http://{host}/api;x/../secret", "http://a:b@{host}/api", "http://{host}@evil.example/api", "http://{host}/api\r\nX-A: b", "http://{host}/api x", "http://{host}:80/api", "http://evil.example/api?http://{host}/api", "http://{host}.evil.example/api", "HTTP://evil.example#{host}/api",
    ];

    [Theory, MemberData(nameof(Elsewhere))]
    public async Task Nothing_else_is_asked(string url)
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        var before = Calls;
        url = url.Replace("{host}", new Uri(site.Third.Url).Authority, StringComparison.Ordinal);
        Assert.Equal((403, "gadget.target", ""), await site.AskAsync(st, url, headers: [("Authorization", "Bearer " + token)]));
        Assert.Equal(before, Calls);
    }

    [Fact]
    public async Task A_listed_name_that_leads_into_the_house_is_refused()
    {
        var (session, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "lookup");
        Assert.Equal((403, "gadget.address"), Code(await site.AskAsync(st, $"http://localhost:{new Uri(site.Third.Url).Port}/api/customers")));
        var told = await site.AuditedAsync("gadget.address", one => one.Session == session.Id);
        Assert.Equal(("lookup", session.User), (told.Details!["gadget"], told.User));
        Assert.DoesNotContain("customers", string.Concat(told.Details.Values), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301), InlineData(302), InlineData(303), InlineData(307), InlineData(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "lookup");
        site.Third.Pages["/api/away"] = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = site.Third.Url + "/secret";
            return Task.CompletedTask;
        };
        Assert.Equal((502, "gadget.redirect", ""), await site.AskAsync(st, Api + "/away"));
        Assert.DoesNotContain(site.Third.All, one => one.Target == "/secret");
        await site.AuditedAsync("gadget.redirect");
    }

    [Theory]
    [InlineData("Cookie", "a=b"), InlineData("cookie", "a=b"), InlineData("Host", "evil.example"), InlineData("Connection", "close"), InlineData("Transfer-Encoding", "chunked"), InlineData("Content-Length", "0"), InlineData("X-Forwarded-For", "1.2.3.4"), InlineData("X_Forwarded_For", "1.2.3.4")]
    [InlineData("X-Forwarded-User", "admin"), InlineData("Remote-User", "admin"), InlineData("X-Userinfo", "e30="), InlineData("X-Auth-Request-User", "admin"), InlineData("Proxy-Authorization", "Basic YTpi"), InlineData("Upgrade", "websocket"), InlineData("Forwarded", "for=1.2.3.4"), InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("A b", "c"), InlineData("A:", "c"), InlineData("", "c"), InlineData("A\r\nB", "c"), InlineData("A", "b\r\nC: d"), InlineData("A", "b\nC: d"), InlineData("A", "b\0"), InlineData("A", "ü"), InlineData("X-Gatehouse-Identity", "x"), InlineData("Expect", "100-continue"), InlineData("X-Original-URL", "/secret")]
    public async Task Headers_of_the_connection_and_of_identity_are_refused(string name, string value)
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "lookup");
        var before = Calls;
        Assert.Equal((400, "gadget.header"), Code(await site.AskAsync(st, Api + "/customers", headers: [(name, value)])));
        Assert.Equal(before, Calls);
    }

    [Fact]
    public async Task The_agents_own_token_leaves_by_no_gadget_that_is_narrow()
    {
        var (session, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        site.Third.Put("/api/customers", "fine");
        Assert.Equal(200, (await site.AskAsync(st, Api + "/customers", headers: [("Authorization", "Bearer " + token)])).Rc);
        var before = Calls;
        var others = (await site.HoldAsync((await site.Agents.SignInAsync("sam")).Token, "lookup")).Token;
        foreach (var (name, value) in ((string, string)[])
            [("Authorization", "Bearer " + full), ("authorization", full), ("X-Token", full), ("X-Token", $"a=\"{full}\""), ("Authorization", "Bearer " + others), ("Authorization", "Bearer " + (await site.HoldAsync(full, "page")).Token), ("Authorization", "Bearer " + token[..^3] + "AAA")])
            Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(st, Api + "/customers", headers: [(name, value)])));
        Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(st, $"{Api}/customers?q={full}")));
        Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(st, $"{Api}/customers?access_token={token}")));
        Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(st, $"{Api}/customers/{full}")));
        Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(st, Api + "/customers", "POST", body: $$"""{"token":"{{full}}"}""")));
        Assert.Equal(before, Calls);
        await site.AuditedAsync("gadget.credential", one => one.Session == session.Id);

        // One that is trusted holds it anyway; the session is its own all the same.
        var (_, its) = await site.HoldAsync(full, "trusted");
        Assert.Equal(200, (await site.AskAsync(its, Api + "/customers", headers: [("Authorization", "Bearer " + full)])).Rc);
        Assert.Equal((403, "gadget.credential"), Code(await site.AskAsync(its, Api + "/customers", headers: [("Authorization", "Bearer " + (await site.Agents.SignInAsync("sam")).Token)])));
    }

    [Fact]
    public async Task Who_asks_is_a_gadget_in_a_session_that_lives()
    {
        var (session, full) = await site.Agents.SignInAsync();
        var (token, st) = await site.HoldAsync(full, "lookup");
        site.Third.Put("/api/customers", "fine");
        foreach (var forged in (string[])["", "x", token, full, st[..^4], st + "AAAA", st[..^4] + "AAAA", new string('A', 3000), "====", "ä"])
            Assert.Equal((401, "gadget.token"), Code(await site.AskAsync(forged, Api + "/customers")));
        await site.AuditedAsync("gadget.token");

        // A page of another site is not even answered; one without a browser behind it needs the token all the same.
        Assert.Equal((403, ""), Code(await site.AskAsync(st, Api + "/customers", origin: "https://evil.example")));
        Assert.Equal(200, (await site.AskAsync(st, Api + "/customers", origin: null)).Rc);
        Assert.Equal(200, (await site.AskAsync(st, Api + "/customers", origin: site.Desk.Url.GetLeftPart(UriPartial.Authority))).Rc);
        await site.Agents.EndAsync(session);
        Assert.Equal((401, "gadget.token"), Code(await site.AskAsync(st, Api + "/customers")));
    }

    [Fact]
    public async Task A_stopped_gadget_asks_nothing()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "trusted");
        var stops = site.Desk.Part<GadgetStops>();
        await site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await stops.StopAsync(work, Desk.Realm, "trusted");
            return true;
        }, default);
        Assert.Equal((401, "gadget.token"), Code(await site.AskAsync(st, Api + "/customers")));
        Assert.True((await site.TokensAsync(full, "?gadget=trusted")).Body.GetProperty("gadgets")[0].TryGetProperty("error", out _));
        await site.Desk.Part<Database>().WriteAsync(work => stops.AllowAsync(work, Desk.Realm, "trusted"), default);
        Assert.NotEqual(401, (await site.AskAsync(st, Api + "/customers")).Rc);
    }

    [Fact]
    public async Task Answers_are_bounded()
    {
        var (_, full) = await site.Agents.SignInAsync();
        var (_, st) = await site.HoldAsync(full, "lookup");
        site.Third.Put("/api/large", new string('x', 1024 * 1024 + 1));
        Assert.Equal((502, "gadget.upstream"), Code(await site.AskAsync(st, Api + "/large")));
        site.Third.Pages["/api/endless"] = async context =>
        {
            try
            {
                while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(new byte[64 * 1024], context.RequestAborted);
            }
            catch (Exception wrong) when (wrong is OperationCanceledException or IOException)
            {
                // Nobody listens any more.
            }
        };
        Assert.Equal((502, "gadget.upstream"), Code(await site.AskAsync(st, Api + "/endless")));
        site.Third.Put("/api/full", new string('x', 1024 * 1024));
        Assert.Equal(1024 * 1024, (await site.AskAsync(st, Api + "/full")).Body.Length);
    }

    [Theory]
    [InlineData("TRACE"), InlineData("CONNECT"), InlineData("get"), InlineData("GET /x"), InlineData("OPTIONS")]
    public async Task Odd_methods_are_refused(string method)
    {
        var (_, full) = await site.Agents.SignInAsync();
        Assert.Equal((400, "request.invalid"), Code(await site.AskAsync((await site.HoldAsync(full, "lookup")).St, Api + "/customers", method)));
    }

    private static (int Rc, string Code) Code((int Rc, string Code, string Body) answer) => (answer.Rc, answer.Code);
}
