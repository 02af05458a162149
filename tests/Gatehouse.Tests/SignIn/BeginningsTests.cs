using System.Net;
using Gatehouse.Audit;
using Gatehouse.SignIn;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Options;
using Xunit;
using Browser = Gatehouse.Tests.Kits.Browser;

namespace Gatehouse.Tests.SignIn;

/// <summary>What strangers begin is bounded by network, and does not outlive its time.</summary>
public sealed class SqliteBeginningsTests : BeginningsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresBeginningsTests : BeginningsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class BeginningsTests : StoreKit
{
    private const string Here = "C00002";
    private readonly AheadClock clock = new();

    [Fact]
    public void A_shift_start_behind_one_address_fits_and_a_flood_does_not()
    {
        var beginnings = Of(new SignInSettings());

        // Two thousand agents open five tabs each, and go to an upstream from each of them.
        for (var i = 0; i < 20_000; i++) beginnings.Take(Realm, Here, "192.0.2.7", 2000);
        var refused = Assert.Throws<BeginningRefused>(() =>
        {
            for (var i = 0; i < 1000; i++) beginnings.Take(Realm, Here, "192.0.2.7", 2000);
        });
        Assert.Equal(429, refused.Reason.Status);

        // Another network is none the worse, and this one may go on slowly.
        beginnings.Take(Realm, "C63364", "198.51.100.1", 2000);
        clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 1200; i++) beginnings.Take(Realm, Here, "192.0.2.7", 2000);
        Assert.Throws<BeginningRefused>(() =>
        {
            for (var i = 0; i < 1000; i++) beginnings.Take(Realm, Here, "192.0.2.7", 2000);
        });
        clock.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 20_000; i++) beginnings.Take(Realm, Here, "192.0.2.7", 2000);
    }

    [Fact]
    public void A_large_one_counts_for_several_and_a_huge_one_is_refused()
    {
        var beginnings = Of(new SignInSettings { Beginnings = 10, BeginningsPerMinute = 1 });
        beginnings.Take(Realm, Here, null, Beginnings.MostBytes);
        Assert.Throws<BeginningRefused>(() => beginnings.Take(Realm, Here, null, Beginnings.MostBytes));
        Assert.Equal(Reasons.RequestLarge, Assert.Throws<BeginningRefused>(() => beginnings.Take(Realm, "other", null, Beginnings.MostBytes + 1)).Reason);
    }

    [Fact]
    public async Task What_a_flood_left_is_gone_after_one_round()
    {
        var node = await SecondNodeAsync(clock);
        var interactions = new Interactions(node.Database, Of(new SignInSettings(), node), clock);
        var draft = new Interaction { Id = "", Realm = Realm, ResumePath = "/x" };
        await Task.WhenAll(Enumerable.Range(0, 2500).Select(_ => interactions.KeepAsync(draft, TimeSpan.FromMinutes(30), Stop)));
        var alive = await interactions.KeepAsync(draft, TimeSpan.FromHours(2), Stop);
        clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(2500, await interactions.PruneAsync(Stop));
        Assert.NotNull(await interactions.FindAsync(Realm, alive.Id, Stop));
    }

    private Beginnings Of(SignInSettings settings, Node? node = null) => new(Options.Create(settings), (node ?? Node).Audit, clock);
}

/// <summary>The same over HTTP: whoever begins too much is told to wait, in the door's own form, and whoever is on the way stays on it.</summary>
public sealed class CrowdedSignInTests
{
    private static readonly string[] Doors = [$"/realms/{Desk.Realm}/sign-in", "authorize", "/desktop/sso/token?x=1"];

    [Fact]
    public async Task A_flood_is_answered_with_a_page_that_says_when_and_those_on_the_way_go_on()
    {
        var settings = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-crowd-").FullName, "gatehouse.json");
        await File.WriteAllTextAsync(settings, """{ "signin": { "beginnings": 40, "beginningsPerMinute": 1 } }""");
        await using var desk = await Desk.OpenAsync(with: options => options with { Settings = settings });
        using var log = new HeardLog(desk);
        using var agent = new Browser(desk);
        var (page, at) = await agent.FollowAsync(agent.Authorize());

        // Larger ones count for more: 39 are left.
        using var anybody = desk.NewClient();
        for (var i = 0; i < 39; i++) Assert.Equal(HttpStatusCode.OK, (await anybody.GetAsync(Doors[0])).StatusCode);
        foreach (var door in Doors)
        {
            using var refused = await anybody.GetAsync(door == "authorize" ? agent.Authorize() : door);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 100);
            Assert.Contains("signin.crowded", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var form = new FormUrlEncodedContent([new("client_id", "agent-desk"), new("redirect_uri", Browser.Redirect), new("response_type", "code"), new("scope", "openid"), new("code_challenge", agent.Challenge), new("code_challenge_method", "S256")]);
        using var pushed = await anybody.PostAsync($"/realms/{Desk.Realm}/protocol/openid-connect/ext/par/request", form);
        Assert.Equal(HttpStatusCode.TooManyRequests, pushed.StatusCode);
        Assert.NotNull(pushed.Headers.RetryAfter);
        Assert.Contains("temporarily_unavailable", await pushed.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // Who began before signs in.
        using var signedIn = await agent.SubmitAsync(page, at, "alice", Desk.Password);
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        Assert.NotEqual("", agent.SessionCookie);

        // A sample of it is in the audit log, and no more than a sample.
        for (var i = 0; i < 60; i++) await anybody.GetAsync(Doors[0]);
        var audit = desk.Part<AuditLog>();
        async Task<int> NotedAsync() => (await audit.ListAsync(new AuditQuery(Desk.Realm, "LOGIN_ERROR", Limit: 500), default)).Events.Count(one => one.Event.Error == "signin.crowded");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await NotedAsync() < 20) await Task.Delay(20, patience.Token);
        Assert.InRange(await NotedAsync(), 20, 40);
        Assert.Empty(log.Bad);
    }

    [Fact]
    public async Task What_one_beginning_stores_is_bounded()
    {
        await using var desk = await Desk.OpenAsync();
        using var browser = new Browser(desk);
        var fields = System.Web.HttpUtility.ParseQueryString(new Uri(desk.Url, browser.Authorize()).Query);
        var form = fields.AllKeys.Select(name => new KeyValuePair<string, string>(name!, fields[name]!)).Append(new("unknown", new string('x', 40_000)));
        using var answer = await browser.PostAsync($"/realms/{Desk.Realm}/protocol/openid-connect/auth", form);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task What_strangers_are_refused_does_not_fill_the_audit_log()
    {
        await using var desk = await Desk.OpenAsync();
        using var anybody = desk.NewClient();
        for (var i = 0; i < 150; i++)
        {
            using var asked = await anybody.GetAsync($"/realms/{Desk.Realm}/protocol/openid-connect/auth?client_id=nobody-{i}&redirect_uri=x");
            Assert.Equal(HttpStatusCode.BadRequest, asked.StatusCode);
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", $"nobody-{i}"), new("client_secret", "x")]);
            using var told = await anybody.PostAsync($"/realms/{Desk.Realm}/protocol/openid-connect/token", form);
            Assert.Equal(HttpStatusCode.Unauthorized, told.StatusCode);
        }

        // A minute may have turned meanwhile.
        var audit = await WrittenAsync(desk);
        foreach (var type in new[] { "LOGIN_ERROR", "CLIENT_LOGIN_ERROR" })
            Assert.InRange((await audit.ListAsync(new AuditQuery(Desk.Realm, type, Limit: 500), default)).Events.Count(one => one.Event.Client?.StartsWith("nobody-", StringComparison.Ordinal) == true), 1, 60);
    }

    [Fact]
    public async Task Whoever_goes_on_knocking_while_told_to_wait_does_not_fill_the_audit_log()
    {
        await using var desk = await Desk.OpenAsync();
        using var guesser = new Browser(desk);
        var (page, at) = await guesser.FollowAsync(guesser.Authorize());
        var waits = 0;
        for (var i = 0; i < 120; i++)
        {
            using var answer = await guesser.SubmitAsync(page, at, "sam", $"wrong-{i}");
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) waits++;
        }

        Assert.InRange(waits, 80, 120);
        var audit = await WrittenAsync(desk);
        Assert.InRange((await audit.ListAsync(new AuditQuery(Desk.Realm, "LOGIN_ERROR", Limit: 500), default)).Events.Count(one => one.Event.Error == "throttled"), 1, 60);
    }

    // Events are written in their order: with this one all before it are there.
    private static async Task<AuditLog> WrittenAsync(Desk desk)
    {
        var audit = desk.Part<AuditLog>();
        audit.Note(new AuditEvent { Realm = Desk.Realm, Type = "TEST_MARK" });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while ((await audit.ListAsync(new AuditQuery(Desk.Realm, "TEST_MARK"), patience.Token)).Events.Count == 0) await Task.Delay(20, patience.Token);
        return audit;
    }
}
