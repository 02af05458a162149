using System.Net;
using Gatehouse.Federation;
using Gatehouse.Sessions;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by a real SAML identity provider of others' making, SimpleSAMLphp: signed requests, encrypted and signed answers, sign-out from both sides, and its death in between.</summary>
public sealed class SimpleSamlTests(SimpleSamlTests.Fixture fixture) : IClassFixture<SimpleSamlTests.Fixture>
{
    private Outpost Outpost => fixture.Outpost;

    private SimpleSamlKit Ssp => fixture.Ssp;

    [Fact]
    public async Task A_person_signs_in_there_and_is_a_user_here()
    {
        using var walker = await SignInAsync("mina");
        Assert.Equal($"/realms/{Outpost.Realm}/signed-in", walker.At.AbsolutePath);
        var user = (await Outpost.UserAsync("mina"))!;
        Assert.Equal(("mina@example.org", "Mina", "Okafor"), (user.Email, user.FirstName, user.LastName));
        Assert.Contains("agent", await Outpost.RolesAsync("mina"));
        Assert.NotNull(await SessionAsync(walker));
    }

    [Fact]
    public async Task Signing_out_here_ends_the_session_there_and_comes_back()
    {
        using var walker = await SignInAsync("omar");
        await walker.OpenAsync($"{Outpost.Url}/sign-out");
        await walker.SubmitAsync();
        await walker.GoOnAsync();
        Assert.Equal($"/realms/{Outpost.Realm}/signed-out", walker.At.AbsolutePath);
        Assert.Contains(walker.Trail, one => one.AbsolutePath == "/saml2/idp/SingleLogoutService.php");
        Assert.Null(await SessionAsync(walker));

        // There, too: it asks for the password anew.
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("SSP");
        Assert.Contains("loginuserpass", walker.At.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_there_ends_the_session_here()
    {
        using var walker = await SignInAsync("omar");
        Assert.NotNull(await SessionAsync(walker));
        await walker.OpenAsync($"{Ssp.Url}/saml2/idp/SingleLogoutService.php?ReturnTo={Uri.EscapeDataString(Ssp.Url + "/")}");
        await walker.GoOnAsync();
        Assert.Contains(walker.Trail, one => one.AbsolutePath.EndsWith("/broker/ssp/endpoint", StringComparison.Ordinal) && one.Query.Contains("SAMLRequest", StringComparison.Ordinal));
        Assert.Null(await SessionAsync(walker));
    }

    [Fact]
    public async Task A_provider_that_dies_in_the_middle_leaves_a_clear_page_and_no_half_made_user_and_needs_no_restart()
    {
        await using var mortal = await SimpleSamlKit.StartAsync();
        await fixture.AddAsync("mortal", mortal);
        using var walker = new Walker();
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("MORTAL");
        mortal.Kill();
        await Assert.ThrowsAsync<HttpRequestException>(() => walker.SubmitAsync(("username", "lena"), ("password", "lena-password")));
        Assert.Null(await SessionAsync(walker));
        Assert.Null(await Outpost.UserAsync("lena"));

        // Its metadata is known, so that the way leads there still; a provider that was never reached is told of at once.
        await Outpost.AddAsync("gone", "saml", new Dictionary<string, string> { ["metadataUrl"] = mortal.IdpMetadata });
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("GONE");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, walker.Status);
        Assert.Contains("GONE", walker.Text, StringComparison.Ordinal);

        await mortal.ServeAsync();
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("MORTAL");
        await walker.SubmitAsync(("username", "lena"), ("password", "lena-password"));
        await walker.GoOnAsync();
        Assert.NotNull(await SessionAsync(walker));
    }

    private async Task<Walker> SignInAsync(string name)
    {
        var walker = new Walker();
        await walker.OpenAsync($"{Outpost.Url}/sign-in");
        await walker.FollowAsync("SSP");
        Assert.True(walker.Text.Contains("password", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{Ssp.Output}");
        await walker.SubmitAsync(("username", name), ("password", name + "-password"));
        Assert.True(walker.Text.Contains("SAMLResponse", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{Ssp.Output}");
        await walker.GoOnAsync();
        return walker;
    }

    private async Task<Session?> SessionAsync(Walker walker)
        => walker.Jar[Outpost.Desk.Url.Host, $"gh.{Outpost.Realm}"] is { Length: > 0 } cookie ? await Outpost.Desk.Part<SessionStore>().FindByCookieAsync(Outpost.Realm, cookie, default) : null;

    public sealed class Fixture : IAsyncLifetime
    {
        private Desk desk = null!;

        internal Outpost Outpost { get; private set; } = null!;

        public SimpleSamlKit Ssp { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            desk = await Desk.OpenAsync();
            Outpost = await Outpost.MakeAsync(desk);
            Ssp = await SimpleSamlKit.StartAsync();
            await AddAsync("ssp", Ssp);
        }

        internal async Task AddAsync(string alias, SimpleSamlKit kit)
        {
            await Outpost.AddAsync(alias, "saml", new Dictionary<string, string> { ["metadataUrl"] = kit.IdpMetadata, ["requireEncrypted"] = "true", ["allowCbc"] = "true" }, null, one => one with { Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent")] });
            await kit.TrustSpAsync(await desk.Http.GetStringAsync($"/realms/{Outpost.Realm}/broker/{alias}/endpoint/descriptor"));
        }

        public async ValueTask DisposeAsync()
        {
            await Ssp.DisposeAsync();
            await desk.DisposeAsync();
        }
    }
}
