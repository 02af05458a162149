using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Facades.Gadgets;

/// <summary>What was cut once stays cut: whoever was sent a token that an exchange cut to their back end makes no more of it, at the doors that ask nobody for the client's secret, nor by the client's own exchange.</summary>
public sealed class CutTokenTests(CutTokenTests.Fixture fixture) : IClassFixture<CutTokenTests.Fixture>
{
    private Desk Desk => fixture.Desk;

    private Agents Agents => fixture.Agents;

    [Fact]
    public async Task A_token_that_an_exchange_cut_is_not_renewed_and_gives_gadgets_no_more_than_it_has()
    {
        var full = await SignInAsync();
        var cut = await TradedAsync(full, ("audience", "crm"));
        Assert.Equal(["crm"], AudienceOf(cut));

        // The CRM, with nothing but that.
        Assert.Equal((401, "token.door"), await RenewAsync(cut));
        Assert.Equal((401, "token.audience"), await RefusedGadgetsAsync(cut));
        Assert.Equal(401, await SignOutAsync(cut));

        // The desktop goes on as before.
        Assert.Equal(["crm", "payroll"], AudienceOf((await GadgetsAsync(full)).Values.SelectMany(one => AudienceOf(one!))));
        Assert.Equal(200, (await RenewAsync(full)).Status);
        Assert.Equal(204, await SignOutAsync(full));
    }

    [Fact]
    public async Task Nor_does_its_own_client_make_more_of_it_by_another_exchange()
    {
        var full = await SignInAsync();
        var cut = await TradedAsync(full, ("audience", "crm"), ("scope", "roles"));
        foreach (var form in ((string, string)[][])[[("audience", "payroll")], [("audience", "payroll"), ("gadget", "wages")], [("resource", "payroll"), ("audience", "crm")]])
        {
            var (status, body) = await Agents.TradeAsync(cut, form);
            Assert.Equal((400, "invalid_target"), (status, body.GetProperty("error").GetString()));
        }

        var again = await TradedAsync(cut);
        Assert.Equal(["crm"], AudienceOf(again));
        Assert.True(EndOf(again) <= EndOf(cut) && EndOf(cut) <= EndOf(full));
        Assert.Equal((401, "token.door"), await RenewAsync(again));
        Assert.Equal(400, (await Agents.TradeAsync(cut, ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"))).Status);
    }

    [Fact]
    public async Task Tokens_that_another_door_or_another_client_made_are_not_renewed_here()
    {
        // Of the same client in another way, and of one whose tokens name this one.
        var (_, elsewhere) = await Agents.SignInAsync("alice");
        Assert.Equal((401, "token.door"), await RenewAsync(elsewhere));
        var (_, portal) = await new Agents(Desk, "portal").SignInAsync("alice");
        Assert.Contains("desktop", AudienceOf(portal));
        Assert.Equal((401, "token.door"), await RenewAsync(portal));

        // It gives gadgets what it has, and no more; so does what was cut to this client and a back end.
        foreach (var shown in (string[])[portal, await TradedByPortalAsync(portal, "desktop", "crm")])
        {
            var gadgets = await GadgetsAsync(shown);
            Assert.Equal(["crm"], AudienceOf(gadgets["customers"]!));
            Assert.Null(gadgets["wages"]);
            Assert.True(EndOf(gadgets["customers"]!) <= EndOf(shown));
        }

        // The client itself trades another's for what it may reach (RFC 8693; Keycloak).
        Assert.Equal(["payroll"], AudienceOf(await TradedAsync(portal, ("audience", "payroll"))));
    }

    [Fact]
    public async Task A_cut_token_is_told_as_what_it_is()
    {
        var cut = await TradedAsync(await SignInAsync(), ("audience", "crm"));
        using var form = new FormUrlEncodedContent([new("client_id", "desktop"), new("client_secret", Agents.Secret), new("token", cut)]);
        using var answer = await Desk.Http.PostAsync(new Uri(Desk.RealmUrl, "protocol/openid-connect/token/introspect"), form);
        var told = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((true, "crm", "exchange"), (told.GetProperty("active").GetBoolean(), told.GetProperty("aud").GetString(), told.GetProperty("door").GetString()));
    }

    private static string[] AudienceOf(string token) => Agents.Claims(token).GetProperty("aud") is { ValueKind: JsonValueKind.Array } many ? [.. many.EnumerateArray().Select(one => one.GetString()!).Order(StringComparer.Ordinal)] : [Agents.Claims(token).GetProperty("aud").GetString()!];

    private static string[] AudienceOf(IEnumerable<string> all) => [.. all.Distinct().Order(StringComparer.Ordinal)];

    private static long EndOf(string token) => Agents.Claims(token).GetProperty("exp").GetInt64();

    private async Task<string> TradedAsync(string token, params (string Name, string Value)[] more)
    {
        var (status, body) = await Agents.TradeAsync(token, more);
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("access_token").GetString()!;
    }

    private async Task<string> TradedByPortalAsync(string token, string audience, string resource)
    {
        var (status, body) = await new Agents(Desk, "portal").TradeAsync(token, ("audience", audience), ("resource", resource));
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("access_token").GetString()!;
    }

    private async Task<(int Status, string? Code)> RefusedGadgetsAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await Desk.Http.SendAsync(request);
        return ((int)answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("code").GetString());
    }

    private async Task<string> SignInAsync()
    {
        var (status, body) = await SessionAsync(HttpMethod.Post, "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:" + Desk.Password)));
        Assert.True(status == 200, body.ToString());
        return body.GetProperty("token").GetString()!;
    }

    private async Task<(int Status, string? Code)> RenewAsync(string token)
    {
        var (status, body) = await SessionAsync(HttpMethod.Post, "Bearer " + token);
        return (status, body.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private async Task<int> SignOutAsync(string token) => (await SessionAsync(HttpMethod.Delete, "Bearer " + token)).Status;

    private async Task<(int Status, JsonElement Body)> SessionAsync(HttpMethod method, string authorization)
    {
        using var request = new HttpRequestMessage(method, "/gadgets/session");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var answer = await Desk.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }

    private async Task<Dictionary<string, string?>> GadgetsAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/gadgets/tokens");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var answer = await Desk.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("gadgets").EnumerateArray().ToDictionary(one => one.GetProperty("id").GetString()!, one => one.TryGetProperty("token", out var made) ? made.GetString() : null);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private Thirds? third;

        internal Desk Desk { get; private set; } = null!;

        internal Agents Agents { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            third = await Thirds.StartAsync();
            third.Put("/gadget.xml", GadgetSite.Spec, "text/xml");
            Desk = await Desk.OpenAsync(with: options =>
            {
                string Gadget(string id, string audience) => $$"""{ "id": "{{id}}", "spec": "{{third.Url}}/gadget.xml?{{id}}", "audiences": ["{{audience}}"] }""";
                File.WriteAllText(Path.Combine(options.Data, "gatehouse.json"), $$"""{ "facades": { "gadgets": { "realm": "{{Desk.Realm}}", "client": "desktop", "passwords": true, "list": [ {{Gadget("customers", "crm")}}, {{Gadget("wages", "payroll")}} ] } } }""");
                return options;
            });
            Agents = await new Agents(Desk).AddClientAsync("crm", "payroll");
            await new Agents(Desk, "portal").AddClientAsync("desktop", "crm");
        }

        public async ValueTask DisposeAsync()
        {
            await Desk.DisposeAsync();
            await third!.DisposeAsync();
        }
    }
}
