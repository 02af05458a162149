using System.Collections.Immutable;
using System.Net;
using Gatehouse.Clients;
using Gatehouse.Federation;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>People of one realm sign in at another by OpenID Connect, over HTTP, each side as strict as it is for strangers.</summary>
public sealed class OidcWalkTests(DeskFixture fixture) : IClassFixture<DeskFixture>, IAsyncLifetime
{
    private static readonly SemaphoreSlim Once = new(1, 1);
    private Outpost outpost = null!;

    private Desk Desk => fixture.Desk;

    public async ValueTask InitializeAsync()
    {
        await Once.WaitAsync();
        try
        {
            outpost = new Outpost(Desk);
            if (Desk.Part<Gatehouse.People.Realms>().Find(Outpost.Realm) is not null) return;
            await Outpost.MakeAsync(Desk);
            var client = new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = "outpost", Name = "Outpost", RedirectUris = [$"{outpost.Url}/broker/hq/endpoint"], PostLogoutRedirectUris = [$"{outpost.Url}/broker/hq/endpoint/logout_response"], StandardFlow = true };
            await Desk.Part<Database>().WriteAsync(async work =>
            {
                await Desk.Part<ClientStore>().AddAsync(work, client);
                await Desk.Part<ClientStore>().SetSecretAsync(work, Desk.Realm, client.Id, new Gatehouse.Terms.Secret("secret-of-the-outpost"));
                return true;
            }, default);
            await outpost.AddAsync("hq", "oidc", new Dictionary<string, string> { ["issuer"] = $"{Desk.Url.GetLeftPart(UriPartial.Authority)}/realms/{Desk.Realm}", ["clientId"] = "outpost", ["signOutThere"] = "true" }, new Dictionary<string, string> { ["clientSecret"] = "secret-of-the-outpost" },
                one => one with { TrustsEmail = true, Domains = ["agents.example"], LoginNames = ["hq-*"], Mapping = [new MappingRule("groups", "/agents_permission", MappingTarget.Role, "agent"), new MappingRule("groups", "/senior_*", MappingTarget.Role, "supervisor"), new MappingRule("groups", "/senior_*", MappingTarget.Group, "/billing")] });
        }
        finally
        {
            Once.Release();
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_person_of_the_other_realm_becomes_a_user_with_mapped_roles_and_ends_where_they_started()
    {
        using var browser = new Browser(Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in?back=%2Fcim-customer%2Fcustomers");
        var (theirs, there) = await browser.FollowAsync(new Uri(at, await Browser.LinkAsync(page, "HQ")).PathAndQuery);
        Assert.Contains($"/realms/{Desk.Realm}/sign-in", there.AbsolutePath, StringComparison.Ordinal);
        using var signedIn = await browser.SubmitAsync(theirs, there, "sam", Desk.Password);
        var (_, end) = await browser.FollowAsync(signedIn.Headers.Location!.ToString());
        Assert.Equal("/cim-customer/customers", end.AbsolutePath);

        var user = (await outpost.UserAsync("sam"))!;
        Assert.Equal(("Sam", "Supervisor", "sam@example.org", true), (user.FirstName, user.LastName, user.Email, user.EmailVerified));
        Assert.Equal(["supervisor"], (await outpost.RolesAsync("sam")).Where(role => role is "agent" or "supervisor"));
        Assert.Equal("/billing", Assert.Single(await Desk.Part<Gatehouse.People.Groups>().OfUserAsync(Outpost.Realm, user.Id, default)).Path);
        var session = (await outpost.SessionAsync(browser))!;
        Assert.Equal(("hq", user.Id), (session.Upstream, session.User));
        Assert.NotNull(session.UpstreamSession);

        // The second time nothing is made, and nobody is asked: the other realm's session is alive.
        var before = (await Desk.Part<Gatehouse.People.Users>().ListAsync(Outpost.Realm, new Gatehouse.People.UserQuery(), default)).Items.Count;
        browser.Cookies.GetCookies(Desk.Url)[$"gh.{Outpost.Realm}"]!.Expired = true;
        var (again, place) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        Assert.Equal($"/realms/{Outpost.Realm}/signed-in", (await browser.FollowAsync(new Uri(place, await Browser.LinkAsync(again, "HQ")).PathAndQuery)).At.AbsolutePath);
        Assert.Equal(before, (await Desk.Part<Gatehouse.People.Users>().ListAsync(Outpost.Realm, new Gatehouse.People.UserQuery(), default)).Items.Count);
    }

    [Fact]
    public async Task A_login_name_of_its_domain_leads_there_and_the_password_is_not_looked_at()
    {
        using var browser = new Browser(Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        using var sent = await browser.SubmitAsync(page, at, "mina@agents.example", "whatever");
        var (_, there) = await browser.FollowAsync(sent.Headers.Location!.ToString());
        Assert.Contains($"/realms/{Desk.Realm}/sign-in", there.AbsolutePath, StringComparison.Ordinal);
        foreach (var (name, leads) in new[] { ("hq-mina", true), ("HQ-anybody", true), ("mina-hq-", false), ("hq", false), ("mina@elsewhere.example", false) })
            Assert.Equal(leads, Desk.Part<Upstreams>().HomeOf(Outpost.Realm, name) is not null);
    }

    [Fact]
    public async Task Signing_out_here_signs_out_there_and_comes_back()
    {
        using var browser = new Browser(Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        var (theirs, there) = await browser.FollowAsync(new Uri(at, await Browser.LinkAsync(page, "HQ")).PathAndQuery);
        using var signedIn = await browser.SubmitAsync(theirs, there, "ada", Desk.Password);
        await browser.FollowAsync(signedIn.Headers.Location!.ToString());
        Assert.NotNull(await outpost.SessionAsync(browser));
        Assert.NotEmpty(browser.SessionCookie);

        var (ask, where) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-out");
        using var yes = await browser.SubmitAsync(ask, where, "", "");
        var (_, end) = await browser.FollowAsync(yes.Headers.Location!.ToString());
        Assert.Equal($"/realms/{Outpost.Realm}/signed-out", end.AbsolutePath);
        Assert.Null(await outpost.SessionAsync(browser));

        // The other realm's session ended by the hint, without a question.
        Assert.Null(browser.SessionCookie.Length == 0 ? null : await Desk.Part<Gatehouse.Sessions.SessionStore>().FindByCookieAsync(Desk.Realm, browser.SessionCookie, default));
    }

    [Fact]
    public async Task A_user_of_the_same_name_is_linked_only_by_their_own_password()
    {
        await outpost.AddUserAsync("alice", "own-password-of-alice");
        using var browser = new Browser(Desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        var (theirs, there) = await browser.FollowAsync(new Uri(at, await Browser.LinkAsync(page, "HQ")).PathAndQuery);
        using var signedIn = await browser.SubmitAsync(theirs, there, "alice", Desk.Password);
        var (prove, where) = await browser.FollowAsync(signedIn.Headers.Location!.ToString());
        Assert.Equal($"/realms/{Outpost.Realm}/sign-in", where.AbsolutePath);
        Assert.Contains("HQ has confirmed who you are", await prove.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(await outpost.SessionAsync(browser));

        // Somebody lured to this page in another browser proves nothing here, with whatever password.
        using var lured = new Browser(Desk);
        Assert.Equal(HttpStatusCode.BadRequest, (await lured.FollowAsync(where.PathAndQuery)).Answer.StatusCode);
        using var forged = await lured.SubmitAsync(prove, where, "alice", "own-password-of-alice");
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        using var marked = await lured.SubmitAsync(prove, where, "alice", "own-password-of-alice", request => request.Headers.Add("Sec-Fetch-Site", "same-origin"));
        Assert.NotEqual(HttpStatusCode.SeeOther, marked.StatusCode);
        Assert.Null(await outpost.SessionAsync(lured));

        using var wrong = await browser.SubmitAsync(prove, where, "alice", Desk.Password);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Null(await outpost.SessionAsync(browser));
        using var right = await browser.SubmitAsync(wrong, where, "alice", "own-password-of-alice");
        Assert.Equal(HttpStatusCode.SeeOther, right.StatusCode);
        var user = (await outpost.UserAsync("alice"))!;
        Assert.Equal(user.Id, (await outpost.SessionAsync(browser))!.User);
        Assert.Single(await Desk.Part<Gatehouse.People.Links>().OfUserAsync(Outpost.Realm, user.Id, default));
        Assert.Contains("agent", await outpost.RolesAsync("alice"));
    }
}
