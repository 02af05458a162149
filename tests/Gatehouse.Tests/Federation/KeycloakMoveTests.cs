using System.Net;
using Gatehouse.Federation;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>People move over from an old Keycloak at their first sign-in: its token endpoint is asked once, and then never again. The old server is played in its own wire form: Debian has no Keycloak.</summary>
public sealed class KeycloakMoveTests(KeycloakMoveTests.Fixture fixture) : IClassFixture<KeycloakMoveTests.Fixture>
{
    private const string Right = "correct horse battery";

    private Outpost Outpost => fixture.Outpost;

    [Fact]
    public async Task The_first_sign_in_asks_the_old_server_and_the_next_does_not()
    {
        fixture.Play("mover", new { sub = "kc-mover", preferred_username = "mover", email = "mover@example.org", email_verified = true, given_name = "Mo", groups = new[] { "/agents" } });
        Assert.Equal(HttpStatusCode.SeeOther, await TryAsync("mover", Right));
        Assert.Contains("agent", await Outpost.RolesAsync("mover"));
        Assert.Equal("Mo", (await Outpost.UserAsync("mover"))!.FirstName);

        // The old server may be switched off now: the password is kept here, as a hash of ours.
        fixture.Old.Down = true;
        var asked = fixture.Asked;
        Assert.Equal(HttpStatusCode.SeeOther, await TryAsync("mover", Right));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync("mover", "wrong"));
        Assert.Equal(asked, fixture.Asked);
        fixture.Old.Down = false;
    }

    [Fact]
    public async Task Wrong_passwords_are_throttled_as_in_every_sign_in_and_make_nobody()
    {
        fixture.Play("guessed", new { sub = "kc-guessed", preferred_username = "guessed" });
        using var browser = new Browser(Outpost.Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
        {
            using var answer = await browser.SubmitAsync(page, at, "guessed", "wrong" + i);
            answers.Add(answer.StatusCode);
        }

        Assert.Contains(HttpStatusCode.Unauthorized, answers);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.Null(await Outpost.UserAsync("guessed"));
    }

    [Fact]
    public async Task A_server_that_is_down_or_set_up_wrongly_is_no_wrong_password()
    {
        fixture.Play("waiting", new { sub = "kc-waiting", preferred_username = "waiting" });
        fixture.Old.Redeem = _ => new { error = "unauthorized_client", error_description = "Client not allowed for direct access grants" };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await TryAsync("waiting", Right));
        fixture.Play("waiting", new { sub = "kc-waiting", preferred_username = "waiting" });
        Assert.Equal(HttpStatusCode.SeeOther, await TryAsync("waiting", Right));
    }

    private async Task<HttpStatusCode> TryAsync(string name, string password)
    {
        using var browser = new Browser(Outpost.Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        using var answer = await browser.SubmitAsync(page, at, name, password);
        return answer.StatusCode;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private Desk desk = null!;
        private int asked;

        internal Outpost Outpost { get; private set; } = null!;

        public ForeignIssuer Old { get; private set; } = null!;

        public int Asked => asked;

        public async ValueTask InitializeAsync()
        {
            desk = await Desk.OpenAsync();
            Outpost = await Outpost.MakeAsync(desk);
            Old = await ForeignIssuer.StartAsync();
            Old.Userinfo = new { sub = "x" };
            await Outpost.AddAsync("old", "keycloak", new Dictionary<string, string> { ["issuer"] = Old.Url, ["clientId"] = "gatehouse" }, new Dictionary<string, string> { ["clientSecret"] = "s" },
                one => one with { KeepsPasswords = true, TrustsEmail = true, Mapping = [new MappingRule("groups", "/agents", MappingTarget.Role, "agent")] });
        }

        public void Play(string name, object person)
        {
            Old.Userinfo = person;
            Old.Redeem = form =>
            {
                Interlocked.Increment(ref asked);
                return form["grant_type"] == "password" && form["username"] == name && form["password"] == Right ? new { access_token = "a", token_type = "Bearer" } : new { error = "invalid_grant", error_description = "Invalid user credentials" };
            };
        }

        public async ValueTask DisposeAsync()
        {
            await Old.DisposeAsync();
            await desk.DisposeAsync();
        }
    }
}
