using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Protocols;

/// <summary>What a gadget holds in place of the agent's own token: good at its own back ends, nowhere else, for a short while, and gone at once when somebody says so.</summary>
public sealed class GadgetTokenTests(GadgetTokenTests.Fixture fixture) : IClassFixture<GadgetTokenTests.Fixture>
{
    private const string Access = """
        realm: contact-centre
        services:
          crm:
            upstreams: ["{upstream}"]
            identity: [jwt]
            rules:
              - path: /crm/agents
                allow: { roles: [agent] }
              - path: /crm/**
                allow: {}
          billing:
            upstreams: ["{upstream}"]
            observe: { until: 2099-01-01 }
            rules:
              - allow: {}
          reports:
            audience: crm-reports
            upstreams: ["{upstream}"]
            rules:
              - allow: {}
        """;

    private GateDesk Site => fixture.Site;

    private Agents Agents => fixture.Agents;

    [Fact]
    public async Task It_is_cut_to_its_audience_and_roles_and_lives_for_minutes()
    {
        var (session, full) = await Agents.SignInAsync();
        var claims = Agents.Claims(await Agents.GadgetTokenAsync(full, "crm-lookup", "crm"));
        Assert.Equal(("crm-lookup", "crm", session.Id), (claims.GetProperty("gadget").GetString(), claims.GetProperty("aud").GetString(), claims.GetProperty("sid").GetString()));
        Assert.Empty(claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray());
        Assert.False(claims.TryGetProperty("groups", out _));
        Assert.True(Agents.Claims(full).TryGetProperty("groups", out _));
        Assert.Equal(300, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        var (_, body) = await Agents.TradeAsync(full, ("gadget", "crm-lookup"), ("audience", "crm"));
        Assert.False(body.TryGetProperty("id_token", out _));

        // A role that the agent has, by name; one that they have not is not made by asking.
        claims = Agents.Claims(await Agents.GadgetTokenAsync(full, "crm-lookup", "crm", "agent supervisor"));
        Assert.Equal(["agent"], claims.GetProperty("realm_access").GetProperty("roles").EnumerateArray().Select(role => role.GetString()!));
    }

    [Fact]
    public async Task At_the_gate_it_counts_at_its_own_back_ends_alone()
    {
        var (_, full) = await Agents.SignInAsync();
        var token = await Agents.GadgetTokenAsync(full, "crm-lookup", "crm");
        Assert.Equal((200, "pass"), await AskAsync("/crm/customers", token));
        var told = Agents.Claims(Site.Upstream.Last.Headers["Authorization"]["Bearer ".Length..]);
        Assert.Equal("crm-lookup", told.GetProperty("gadget").GetString());
        Assert.Equal((403, "rule.denied"), await AskAsync("/crm/agents", token));
        Assert.Equal((200, "pass"), await AskAsync("/crm/agents", await Agents.GadgetTokenAsync(full, "crm-lookup", "crm", "agent")));

        // Another back end refuses it, also where its rules are observed only; twice, since the second answer comes from the cache.
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((401, "token.gadget"), await AskAsync("/billing/invoices", token));
            Assert.Equal((401, "token.gadget"), await AskAsync("/reports/today", token));
        }

        Assert.Equal((200, "pass"), await AskAsync("/billing/invoices", full));
        await AuditedAsync(one => one.Error == "token.gadget");
        Assert.Equal((200, "pass"), await AskAsync("/reports/today", await Agents.GadgetTokenAsync(full, "reporter", "crm-reports")));
    }

    [Fact]
    public async Task It_is_nobody_at_our_own_doors_and_is_traded_for_nothing()
    {
        var (_, full) = await Agents.SignInAsync("ada");
        var token = await Agents.GadgetTokenAsync(full, "nosy", "crm", "realm-management/realm-admin");
        Assert.Equal((200, ""), await AskAsync($"/realms/{Desk.Realm}/protocol/openid-connect/userinfo", full));
        Assert.Equal(401, (await AskAsync($"/realms/{Desk.Realm}/protocol/openid-connect/userinfo", token)).Status);
        Assert.Equal(200, (await AskAsync($"/admin/realms/{Desk.Realm}/users", full)).Status);
        Assert.Equal(401, (await AskAsync($"/admin/realms/{Desk.Realm}/users", token)).Status);
        Assert.Equal(401, (await AskAsync($"/realms/{Desk.Realm}/dialogs", token)).Status);

        // Neither for a wider one, nor for another gadget's, nor for itself.
        foreach (var more in ((string, string)[][])[[], [("audience", "billing")], [("gadget", "nosy"), ("audience", "crm")], [("gadget", "other"), ("audience", "billing")]])
        {
            var (status, body) = await Agents.TradeAsync(token, more);
            Assert.Equal((400, "invalid_grant"), (status, body.GetProperty("error").GetString()));
        }

        await AuditedAsync(one => one.Type == "TOKEN_EXCHANGE_ERROR" || one.Error == "invalid_grant");
    }

    [Theory]
    [InlineData("crm-lookup", null, "invalid_request")]
    [InlineData("crm-lookup", "elsewhere", "invalid_target")]
    [InlineData("../etc", "crm", "invalid_request")]
    [InlineData(".hidden", "crm", "invalid_request")]
    [InlineData("a b", "crm", "invalid_request")]
    [InlineData("\"quoted\"", "crm", "invalid_request")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "crm", "invalid_request")]
    public async Task What_is_asked_wrongly_is_refused(string gadget, string? audience, string error)
    {
        var (_, full) = await Agents.SignInAsync();
        var (status, body) = await Agents.TradeAsync(full, [("gadget", gadget), .. audience is null ? Array.Empty<(string, string)>() : [("audience", audience)]]);
        Assert.Equal((400, error), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task No_refresh_token_comes_with_it()
    {
        var (_, full) = await Agents.SignInAsync();
        Assert.Equal(400, (await Agents.TradeAsync(full, ("gadget", "g"), ("audience", "crm"), ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"))).Status);
        Assert.Equal(400, (await Agents.TradeAsync(full, ("gadget", "g"), ("audience", "crm"), ("scope", "offline_access"))).Status);
    }

    [Fact]
    public async Task It_ends_with_the_agents_session()
    {
        var (session, full) = await Agents.SignInAsync();
        var token = await Agents.GadgetTokenAsync(full, "crm-lookup", "crm");
        Assert.Equal(200, (await AskAsync("/crm/customers", token)).Status);
        await Agents.EndAsync(session);
        Assert.Equal((401, "token.revoked"), await AskAsync("/crm/customers", token));
    }

    [Fact]
    public async Task Its_kill_switch_ends_it_at_once_and_nothing_else()
    {
        var (_, full) = await Agents.SignInAsync();
        var (token, other) = (await Agents.GadgetTokenAsync(full, "leaky", "crm"), await Agents.GadgetTokenAsync(full, "sound", "crm"));
        Assert.Equal(200, (await AskAsync("/crm/customers", token)).Status);
        var stops = Site.Desk.Part<GadgetStops>();
        await Site.Desk.Part<Database>().WriteAsync(async work =>
        {
            await stops.StopAsync(work, Desk.Realm, "leaky");
            return true;
        }, default);
        Assert.Equal((401, "token.revoked"), await AskAsync("/crm/customers", token));
        Assert.Equal(200, (await AskAsync("/crm/customers", other)).Status);
        Assert.Equal(200, (await AskAsync("/crm/customers", full)).Status);
        Assert.Equal("invalid_target", (await Agents.TradeAsync(full, ("gadget", "leaky"), ("audience", "crm"))).Body.GetProperty("error").GetString());
        Assert.Contains(await stops.ListAsync(Desk.Realm, default), one => one.Gadget == "leaky");

        // Allowed again it gets new tokens; what it had stays dead.
        Assert.True(await Site.Desk.Part<Database>().WriteAsync(work => stops.AllowAsync(work, Desk.Realm, "leaky"), default));
        Assert.Equal((401, "token.revoked"), await AskAsync("/crm/customers", token));
        Assert.Equal(200, (await Agents.TradeAsync(full, ("gadget", "leaky"), ("audience", "crm"))).Status);
    }

    [Fact]
    public async Task Administrators_have_the_switch_too_and_only_they()
    {
        var ((_, full), (_, ada)) = (await Agents.SignInAsync(), await Agents.SignInAsync("ada"));
        var token = await Agents.GadgetTokenAsync(full, "noisy", "crm");
        var path = $"/admin/realms/{Desk.Realm}/gadgets";
        Assert.Equal((403, "admin.denied"), await Site.AskAsync("PUT", path + "/noisy/stop", "Authorization: Bearer " + full));
        Assert.Equal(404, (await Site.AskAsync("PUT", path + "/.odd/stop", "Authorization: Bearer " + ada)).Status);
        Assert.Equal(404, (await Site.AskAsync("DELETE", path + "/noisy/stop", "Authorization: Bearer " + ada)).Status);
        Assert.Equal(204, (await Site.AskAsync("PUT", path + "/noisy/stop", "Authorization: Bearer " + ada)).Status);
        Assert.Equal((401, "token.revoked"), await AskAsync("/crm/customers", token));
        using (var listed = await Site.SendAsync("GET", path + "/stopped", "Authorization: Bearer " + ada)) Assert.Contains("\"gadget\":\"noisy\"", await listed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(204, (await Site.AskAsync("DELETE", path + "/noisy/stop", "Authorization: Bearer " + ada)).Status);
        Assert.Equal((401, "token.revoked"), await AskAsync("/crm/customers", token));
    }

    [Fact]
    public async Task Introspection_says_active_to_its_back_end_alone()
    {
        var (_, full) = await Agents.SignInAsync();
        await new Agents(Site.Desk, "crm").AddClientAsync();
        await new Agents(Site.Desk, "billing").AddClientAsync();
        var token = await Agents.GadgetTokenAsync(full, "crm-lookup", "crm");
        Assert.Equal("crm-lookup", (await IntrospectAsync("crm", token)).GetProperty("gadget").GetString());
        Assert.Equal("""{"active":false}""", (await IntrospectAsync("billing", token)).ToString());
        Assert.True((await IntrospectAsync("billing", full)).GetProperty("active").GetBoolean());
    }

    private async Task<JsonElement> IntrospectAsync(string client, string token)
    {
        using var form = new FormUrlEncodedContent([new("token", token), new("client_id", client), new("client_secret", Agents.Secret)]);
        using var answer = await Site.Desk.Http.PostAsync(new Uri(Site.Desk.RealmUrl, "protocol/openid-connect/token/introspect"), form);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone();
    }

    private Task<(int Status, string Code)> AskAsync(string path, string token) => Site.AskAsync("GET", path, "Authorization: Bearer " + token);

    private async Task AuditedAsync(Func<AuditEvent, bool> fits)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (!(await Site.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, null), late.Token)).Events.Any(one => fits(one.Event))) await tick.WaitForNextTickAsync(late.Token);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Site { get; private set; } = null!;

        internal Agents Agents { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Site = await GateDesk.OpenAsync(Access);
            Agents = await new Agents(Site.Desk).AddClientAsync("crm", "billing", "crm-reports");
        }

        public ValueTask DisposeAsync() => Site.DisposeAsync();
    }
}
