using System.Net;
using System.Text;
using System.Text.Json;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.SignIn;
using Gatehouse.SignIn.OneTime;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Gateway;

/// <summary>Names and passwords with each request, through the whole program.</summary>
public sealed class BasicTests(BasicTests.Fixture fixture) : IClassFixture<BasicTests.Fixture>
{
    private const string Access = """
        realm: contact-centre
        trusted-proxies: [127.0.0.0/8]
        services:
          api: { upstreams: ["{upstream}"], accept: [token, basic], identity: [jwt, userinfo, access-token], pass-authorization-on-public: true, rules: [{ allow: { roles: [agent] } }] }
          pages: { upstreams: ["{upstream}"], accept: [session, basic], rules: [{ allow: {} }] }
          only: { upstreams: ["{upstream}"], accept: [basic], rules: [{ allow: {} }] }
          tokens: { upstreams: ["{upstream}"], rules: [{ allow: {} }] }
          placed: { upstreams: ["{upstream}"], accept: [token, basic], token-in: ["query:t", "header:X-T"], rules: [{ allow: {} }] }
          shared: { upstreams: ["{upstream}"], accept: [basic, "legacy:play"], rules: [{ allow: {} }] }
        legacy:
          play: { until: 2099-01-01, in: ["header:X-Auth-Token"], values: ["env:PLAY_OF_BASIC_TESTS"], roles: [old] }
        public:
          - { reason: for this test, lines: "GET /api/open" }
        """;

    private static int networks;

    private GateDesk Gate => fixture.Gate;

    private Passwords Passwords => Gate.Desk.Part<Passwords>();

    // Each test comes from a network of its own: guesses of one are not counted against the next.
    private readonly string from = $"X-Forwarded-For: 198.51.{Interlocked.Increment(ref networks)}.7";

    [Fact]
    public async Task The_right_password_passes_and_the_upstream_is_told_who_it_is_by_us_alone()
    {
        var user = await AddAsync("jörg", "pa:ss:wört", "agent");
        var before = await SessionsAsync();
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", from, Basic("jörg", "pa:ss:wört")));
        var seen = Gate.Upstream.Last;
        Assert.StartsWith("Bearer ey", seen.Headers["Authorization"], StringComparison.Ordinal);
        Assert.DoesNotContain("X-Access-Token", seen.Headers.Keys);
        using var claims = JsonDocument.Parse(Convert.FromBase64String(seen.Headers["X-Userinfo"]));
        Assert.Equal((user.Id, "jörg", false), (claims.RootElement.GetProperty("sub").GetString(), claims.RootElement.GetProperty("preferred_username").GetString(), claims.RootElement.TryGetProperty("sid", out _)));
        Assert.Equal(before, await SessionsAsync());
        await HeardAsync("PASSWORD_PROVEN", user.Id);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", from, Basic(" JÖRG", "pa:ss:wört")));
    }

    [Fact]
    public async Task It_is_proven_once_and_recognised_afterwards_also_by_twenty_at_once()
    {
        await AddAsync("often", "right-password", "agent");
        var before = Passwords.Checks;
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Gate.AskAsync("GET", "/api/x", from, Basic("often", "right-password"))));
        Assert.All(all, one => Assert.Equal((200, "pass"), one));
        for (var i = 0; i < 20; i++) Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", from, Basic("often", "right-password")));
        Assert.Equal(1, Passwords.Checks - before);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/only/x", from, Basic("often", "right-password")));
        Assert.Equal(1, Passwords.Checks - before);
    }

    [Fact]
    public async Task A_changed_password_a_disabled_user_and_a_deleted_one_are_felt_at_once()
    {
        var user = await AddAsync("changing", "first-password", "agent");
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "first-password"))).Status);
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "second-password")));
        await SetPasswordAsync(user, "second-password");
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "first-password")));
        // It was wrong a moment ago, and is right now.
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "second-password")));
        await WriteAsync(work => Users.ChangeAsync(work, user with { Enabled = false }));
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "second-password")));
        await WriteAsync(work => Users.ChangeAsync(work, user));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "second-password")));
        await WriteAsync(work => Users.RemoveAsync(work, user.Realm, user.Id));
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("changing", "second-password")));
    }

    [Fact]
    public async Task A_role_that_is_taken_is_felt_at_once_without_another_hash()
    {
        var user = await AddAsync("promoted", "right-password");
        Assert.Equal((403, "rule.denied"), await Gate.AskAsync("GET", "/api/x", from, Basic("promoted", "right-password")));
        var before = Passwords.Checks;
        var role = await RoleAsync("agent");
        await WriteAsync(work => Gate.Desk.Part<Roles>().GiveAsync(work, user.Realm, RoleHolder.User, user.Id, role));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/x", from, Basic("promoted", "right-password")));
        await WriteAsync(async work =>
        {
            await Gate.Desk.Part<Roles>().TakeAsync(work, user.Realm, RoleHolder.User, user.Id, role);
            return true;
        });
        Assert.Equal((403, "rule.denied"), await Gate.AskAsync("GET", "/api/x", from, Basic("promoted", "right-password")));
        Assert.Equal(before, Passwords.Checks);
    }

    [Fact]
    public async Task Unknown_wrong_and_disabled_are_one_answer_at_one_price()
    {
        var off = await AddAsync("switched-off", "right-password", "agent");
        await WriteAsync(work => Users.ChangeAsync(work, off with { Enabled = false }));
        await AddAsync("switched-on", "right-password", "agent");
        async Task<(int, string, string, long)> TryAsync(string name, string password)
        {
            var before = Passwords.Checks;
            using var answer = await Gate.SendAsync("GET", "/api/x", from, Basic(name, password));
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            var body = string.Join('|', json.RootElement.EnumerateObject().Where(one => one.Name != "request_id").Select(one => one.ToString()));
            return ((int)answer.StatusCode, body, answer.Headers.WwwAuthenticate.ToString(), Passwords.Checks - before);
        }

        var unknown = await TryAsync("nobody-at-all", "right-password");
        Assert.Equal((401, 1L), (unknown.Item1, unknown.Item4));
        Assert.Equal(unknown, await TryAsync("switched-on", "wrong-password"));
        Assert.Equal(unknown, await TryAsync("switched-off", "right-password"));
        Assert.Equal(unknown, await TryAsync("switched-on", new string('x', 300)));
        await HeardAsync("LOGIN_ERROR", off.Id, "user_disabled");
    }

    [Fact]
    public async Task A_guesser_waits_and_nobody_else_does()
    {
        await AddAsync("guessed", "right-password", "agent");
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("guessed", "right-password"))).Status);
        for (var i = 0; i < 5; i++) Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("guessed", $"guess-{i}")));
        var before = Passwords.Checks;
        using var throttled = await Gate.SendAsync("GET", "/api/x", from, Basic("guessed", "guess-6"));
        Assert.Equal((429, "credential.throttled"), ((int)throttled.StatusCode, await GateDesk.CodeOfAsync(throttled)));
        Assert.InRange(throttled.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        Assert.Equal(before, Passwords.Checks);
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("guessed", "right-password"))).Status);
        Assert.Equal(401, (await Gate.AskAsync("GET", "/api/x", "X-Forwarded-For: 203.0.113.9", Basic("guessed", "guess-6"))).Status);
    }

    [Fact]
    public async Task Who_confirmed_a_second_factor_is_not_let_in_by_the_first_alone_from_that_moment_on()
    {
        var user = await AddAsync("careful", "right-password", "agent");
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("careful", "right-password"))).Status);
        var (factors, secret) = (Gate.Desk.Part<OneTimeStore>(), new byte[20]);
        Assert.True(await factors.PutAsync(Desk.Realm, user.Id, Channel.App, secret, default));
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("careful", "right-password"))).Status);
        Assert.Null(await factors.TryAsync(Desk.Realm, user.Id, Totp.CodeOf(secret, Totp.StepAt(DateTimeOffset.UtcNow)), default));
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic("careful", "right-password")));
        await HeardAsync("LOGIN_ERROR", user.Id, OneTimeFault.Wanted);
        // It counts as a wrong one: else a guesser would see by the throttle that the half is right.
        for (var i = 0; i < 4; i++) await Gate.AskAsync("GET", "/api/x", from, Basic("careful", $"guess-{i}"));
        Assert.Equal(429, (await Gate.AskAsync("GET", "/api/x", from, Basic("careful", "guess-5"))).Status);
    }

    [Fact]
    public async Task A_program_with_an_old_password_does_not_lock_out_its_network()
    {
        await AddAsync("neighbour", "right-password", "agent");
        var network = "basic " + Guard.NetworkOf(IPAddress.Parse(from.Split(' ')[1]));
        for (var i = 0; i < 60; i++) Gate.Desk.Part<Guard>().Failed(Desk.Realm, $"robot-{i}", network, null, 7);
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("neighbour", "right-password"))).Status);
        for (var i = 0; i < 60; i++) Gate.Desk.Part<Guard>().Failed(Desk.Realm, $"robot-{i}", network, null, (ulong)i);
        Assert.Equal(429, (await Gate.AskAsync("GET", "/api/x", from, Basic("somebody-else", "right-password"))).Status);
        Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("neighbour", "right-password"))).Status);
        // Nor from the sign-in page.
        Assert.Equal(TimeSpan.Zero, Gate.Desk.Part<Guard>().Wait(Desk.Realm, "somebody-else", network["basic ".Length..], null));
    }

    [Fact]
    public async Task Guesses_by_requests_do_not_make_the_person_wait_at_the_sign_in()
    {
        await AddAsync("besieged", "right-password", "agent");
        // From where the browser of this test comes, too.
        for (var i = 0; i < 7; i++) await Gate.AskAsync("GET", "/api/x", Basic("besieged", $"guess-{i}"));
        Assert.Equal(429, (await Gate.AskAsync("GET", "/api/x", Basic("besieged", "guess-8"))).Status);
        using var browser = new Kits.Browser(Gate.Desk);
        var (page, at) = await browser.FollowAsync(browser.Authorize());
        using var answer = await browser.SubmitAsync(page, at, "besieged", "right-password");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic YWxpY2U")] // no padding
    [InlineData("Basic YWxpY2U=")] // no colon
    [InlineData("Basic OnBhc3N3b3Jk")] // no name
    [InlineData("Basic YWxpY2U6")] // no password
    [InlineData("Basic YWxp Y2U6eA==")]
    [InlineData("Basic YWxpY2U6eA==, Basic YWxpY2U6eA==")]
    [InlineData("Basic YWxpY2U6eA==, Bearer abc")]
    [InlineData("Bearer abc, Basic YWxpY2U6eA==")]
    [InlineData("Basic YWxpAGNlOng=")] // NUL in the name
    [InlineData("Basic YWxpY2U6eA0KeQ==")] // CR LF in the password
    [InlineData("Basic YWxpY2U6eMKFeQ==")] // C1 control
    [InlineData("Basic YWxpY2U6/w==")] // not UTF-8
    [InlineData("Basic YWxpY2U6wIA=")] // overlong NUL
    [InlineData("Basic\tYWxpY2U6eA==")]
    [InlineData("BasicYWxpY2U6eA==")]
    [InlineData("Digest username=alice")]
    public async Task What_cannot_be_read_in_one_way_is_refused_before_any_hash(string header)
    {
        var before = Passwords.Checks;
        var (status, code) = await Gate.AskAsync("GET", "/api/x", from, "Authorization: " + header);
        Assert.True(status is 400 or 401 && code is "credential.unreadable" or "credential.conflict" or "credential.kind" or "token.malformed", $"{status} {code}");
        Assert.Equal(before, Passwords.Checks);
    }

    [Fact]
    public async Task Two_credentials_are_a_conflict_and_a_huge_one_is_none()
    {
        await AddAsync("twice", "right-password", "agent");
        Assert.Equal((400, "credential.conflict"), await Gate.AskAsync("GET", "/placed/x?t=abc", from, Basic("twice", "right-password")));
        Assert.Equal((400, "credential.conflict"), await Gate.AskAsync("GET", "/placed/x", from, "X-T: abc", Basic("twice", "right-password")));
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/placed/x", from, Basic("twice", "right-password")));
        Assert.Equal((400, "credential.conflict"), await Gate.AskAsync("GET", "/shared/x", from, "X-Auth-Token: abc", Basic("twice", "right-password")));
        Assert.Equal(400, await Gate.RawAsync("GET", "/api/x", from, Basic("twice", "right-password"), Basic("twice", "right-password")));
        Assert.Equal(400, await Gate.RawAsync("GET", "/api/x", from, Basic("twice", "right-password"), "Authorization: Bearer abc"));
        Assert.Equal((400, "credential.unreadable"), await Gate.AskAsync("GET", "/api/x", from, Basic("twice", new string('x', 4000))));
        Assert.Equal((401, "credential.password"), await Gate.AskAsync("GET", "/api/x", from, Basic(new string('x', 400), "right-password")));
    }

    [Fact]
    public async Task Where_it_is_not_accepted_it_is_refused_without_a_hash_and_asked_for_nowhere()
    {
        await AddAsync("elsewhere", "right-password", "agent");
        var before = Passwords.Checks;
        using var refused = await Gate.SendAsync("GET", "/tokens/x", from, Basic("elsewhere", "right-password"));
        Assert.Equal((401, "credential.kind"), ((int)refused.StatusCode, await GateDesk.CodeOfAsync(refused)));
        Assert.DoesNotContain(refused.Headers.WwwAuthenticate, one => one.Scheme == "Basic");
        Assert.Equal(before, Passwords.Checks);
    }

    [Fact]
    public async Task The_dialog_of_a_browser_is_asked_for_where_it_helps_and_never_by_a_script()
    {
        using var program = await Gate.SendAsync("GET", "/api/x");
        Assert.Equal(["Bearer", "Basic"], program.Headers.WwwAuthenticate.Select(one => one.Scheme));
        Assert.Equal("realm=\"contact-centre\", charset=\"UTF-8\"", program.Headers.WwwAuthenticate.Last().Parameter);
        using var only = await Gate.SendAsync("GET", "/only/x", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document");
        Assert.Equal(["Basic"], only.Headers.WwwAuthenticate.Select(one => one.Scheme));
        string[][] scripts = [["X-Requested-With: XMLHttpRequest"], ["Sec-Fetch-Mode: cors"], ["Sec-Fetch-Mode: same-origin"], ["Sec-Fetch-Mode: no-cors"], ["Sec-Fetch-Mode: websocket"]];
        foreach (var script in scripts)
            foreach (var path in (string[])["/api/x", "/only/x", "/pages/x"])
            {
                using var answer = await Gate.SendAsync("GET", path, [from, .. script, Basic("nobody-at-all", "wrong")]);
                Assert.Equal(401, (int)answer.StatusCode);
                Assert.DoesNotContain(answer.Headers.WwwAuthenticate, one => one.Scheme == "Basic");
            }

        // A person's navigation goes to the sign-in page where there is one.
        Assert.Equal(302, (await Gate.AskAsync("GET", "/pages/x", "Sec-Fetch-Mode: navigate")).Status);
    }

    [Fact]
    public async Task What_another_site_makes_a_browser_send_is_refused_also_when_the_password_is_known()
    {
        await AddAsync("browsing", "right-password", "agent");
        var own = Gate.Desk.Url.GetLeftPart(UriPartial.Authority);
        for (var again = 0; again < 2; again++)
        {
            // One connection, the same header: the second time by the connection's own memory.
            Assert.Equal(200, (await Gate.AskAsync("GET", "/api/x", from, Basic("browsing", "right-password"))).Status);
            foreach (var line in (string[])["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Referer: https://evil.example/page", $"Referer: {own}.evil.example/"])
            {
                Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("POST", "/api/x", from, line, Basic("browsing", "right-password")));
                Assert.Equal((403, "credential.cross-site"), await Gate.AskAsync("DELETE", "/pages/x", from, line, Basic("browsing", "right-password")));
            }

            Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", from, Basic("browsing", "right-password")));
            Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", from, "Origin: " + own, Basic("browsing", "right-password")));
            Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", from, "Sec-Fetch-Site: same-origin", Basic("browsing", "right-password")));
            Assert.Equal((200, "pass"), await Gate.AskAsync("POST", "/api/x", from, $"Referer: {own}/page", Basic("browsing", "right-password")));
        }
    }

    [Fact]
    public async Task A_public_route_passes_no_password_on()
    {
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/open", Basic("alice", "anything")));
        Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
        Assert.Equal((200, "pass"), await Gate.AskAsync("GET", "/api/open", "Authorization: Bearer of-the-upstream"));
        Assert.Equal("Bearer of-the-upstream", Gate.Upstream.Last.Headers["Authorization"]);
        Assert.Equal(200, await Gate.RawAsync("GET", "/api/open", "Authorization: Bearer x", "Authorization: basic YWxpY2U6eA=="));
        Assert.DoesNotContain("Authorization", Gate.Upstream.Last.Headers.Keys);
    }

    [Fact]
    public async Task A_full_queue_is_no_refusal_and_keeps_nobody_from_signing_in()
    {
        var settings = Path.Combine(Directory.CreateTempSubdirectory("gatehouse-basic-").FullName, "gatehouse.json");
        await File.WriteAllTextAsync(settings, """{ "signin": { "passwordQueue": 2, "passwordThreads": 1 } }""");
        await using var gate = await GateDesk.OpenAsync(Access, options => options with { Settings = settings });
        var passwords = gate.Desk.Part<Passwords>();
        using var late = new CancellationTokenSource(GateDesk.Patience);
        for (var i = 0; ; i++)
        {
            Fill(passwords);
            using var busy = await gate.SendAsync("GET", "/only/x", $"X-Forwarded-For: 203.0.{i % 256}.1", Basic("alice", $"wrong-{i}"));
            if (busy.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.Equal("server.busy", await GateDesk.CodeOfAsync(busy));
                Assert.NotNull(busy.Headers.RetryAfter);
                break;
            }

            Assert.False(late.IsCancellationRequested, "the queue was never full");
        }

        Fill(passwords);
        using var browser = new Kits.Browser(gate.Desk);
        await browser.TokensAsync("alice");
        await gate.BecomesAsync(200, "GET", "/only/x", "X-Forwarded-For: 203.0.113.77", Basic("alice", Desk.Password));
        Directory.Delete(Path.GetDirectoryName(settings)!, recursive: true);

        static void Fill(Passwords passwords)
        {
            try
            {
                while (true) _ = passwords.HashAsync("x", default, later: true);
            }
            catch (PasswordsBusy)
            {
                // Full.
            }
        }
    }

    internal static string Basic(string name, string password) => "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    private Users Users => Gate.Desk.Part<Users>();

    private Task<bool> WriteAsync(Func<Work, Task<bool>> write) => Gate.Desk.Part<Database>().WriteAsync(write, default);

    private async Task<string> RoleAsync(string name) => (await Gate.Desk.Part<Roles>().ListAsync(Desk.Realm, null, name, null, 100, default)).Items.Single(role => role.Name == name).Id;

    private async Task<User> AddAsync(string name, string password, params string[] roles)
    {
        var user = new User { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, Username = name };
        var ids = await Task.WhenAll(roles.Select(RoleAsync));
        Assert.True(await WriteAsync(async work =>
        {
            foreach (var id in ids) await Gate.Desk.Part<Roles>().GiveAsync(work, Desk.Realm, RoleHolder.User, user.Id, id);
            return await Users.AddAsync(work, user);
        }));
        await SetPasswordAsync(user, password);
        return user;
    }

    private async Task SetPasswordAsync(User user, string password)
    {
        var hash = await Passwords.HashAsync(password, default);
        await WriteAsync(async work =>
        {
            await Users.SetPasswordHashAsync(work, user.Realm, user.Id, hash, false);
            return true;
        });
    }

    private Task<long> SessionsAsync() => Gate.Desk.Part<Database>().ReadAsync(async connection =>
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from sessions";
        return Convert.ToInt64(await command.ExecuteScalarAsync());
    }, default);

    private async Task HeardAsync(string type, string user, string? error = null)
    {
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while (!(await Gate.Desk.Part<AuditLog>().ListAsync(new AuditQuery(Desk.Realm, type, Limit: 100), late.Token)).Events.Any(one => one.Event.User == user && one.Event.Error == error && one.Event.Details?["door"] == "basic")) await tick.WaitForNextTickAsync(late.Token);
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public GateDesk Gate { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Environment.SetEnvironmentVariable("PLAY_OF_BASIC_TESTS", "a-shared-secret-of-these-tests-0123456789");
            Gate = await GateDesk.OpenAsync(Access);
        }

        public ValueTask DisposeAsync() => Gate.DisposeAsync();
    }
}
