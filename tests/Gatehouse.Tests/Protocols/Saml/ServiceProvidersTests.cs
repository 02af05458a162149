using System.Net;
using Gatehouse.Clients;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Protocols.Saml;

/// <summary>A real service provider of others' making, SimpleSAMLphp, signs people in through us and out again.</summary>
public sealed class ServiceProvidersTests(ServiceProvidersTests.Fixture fixture) : IClassFixture<ServiceProvidersTests.Fixture>
{
    private Desk Desk => fixture.Desk;

    private SimpleSamlKit Ssp => fixture.Ssp;

    [Fact]
    public async Task SimpleSAMLphp_signs_a_person_in_and_reads_the_attributes()
    {
        using var walker = await SignInAsync("alice");
        Assert.Equal("/module.php/core/authenticate.php", walker.At.AbsolutePath);
        foreach (var text in (string[])["alice", "alice@example.org", "agent", "nameid-format:persistent"]) Assert.Contains(text, walker.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_there_ends_the_session_here_and_the_answer_is_believed()
    {
        using var walker = await SignInAsync("sam");
        Assert.NotNull(await SessionAsync(walker));
        await walker.OpenAsync($"{Ssp.Url}/module.php/core/authenticate.php?as=default-sp&logout=1");
        await walker.GoOnAsync();
        Assert.Null(await SessionAsync(walker));
        Assert.Contains(walker.Trail, one => one.AbsolutePath.EndsWith("/protocol/saml", StringComparison.Ordinal) && one.Query.Contains("SAMLRequest", StringComparison.Ordinal));
        Assert.Contains(walker.Trail, one => one.AbsolutePath.Contains("saml2-logout.php", StringComparison.Ordinal) && one.Query.Contains("SAMLResponse", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, walker.Status);
        Assert.StartsWith(Ssp.Url, walker.At.AbsoluteUri, StringComparison.Ordinal);

        // And there it is over too: our sign-in page asks.
        await walker.OpenAsync($"{Ssp.Url}/module.php/core/authenticate.php?as=default-sp");
        await walker.GoOnAsync();
        Assert.Contains("/sign-in", walker.At.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_here_signs_out_there()
    {
        using var walker = await SignInAsync("ada");
        await walker.OpenAsync(new Uri(Desk.RealmUrl, "sign-out").AbsoluteUri);
        await walker.SubmitAsync();
        await walker.GoOnAsync();
        Assert.Equal($"/realms/{Desk.Realm}/signed-out", walker.At.AbsolutePath);
        Assert.Contains(walker.Trail, one => one.AbsolutePath.Contains("saml2-logout.php", StringComparison.Ordinal) && one.Query.Contains("SAMLRequest", StringComparison.Ordinal));
        await walker.OpenAsync($"{Ssp.Url}/module.php/core/authenticate.php?as=default-sp");
        await walker.GoOnAsync();
        Assert.Contains("/sign-in", walker.At.AbsolutePath, StringComparison.Ordinal);
    }

    private async Task<Walker> SignInAsync(string name)
    {
        var walker = new Walker();
        await walker.OpenAsync($"{Ssp.Url}/module.php/core/authenticate.php?as=default-sp");
        Assert.True(walker.At.AbsolutePath.EndsWith("/sign-in", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{Ssp.Output}");
        await walker.SubmitAsync(("username", name), ("password", Desk.Password));
        Assert.True(walker.Text.Contains("SAMLResponse", StringComparison.Ordinal), $"{walker.At}\n{walker.Text}");
        await walker.GoOnAsync();
        Assert.True(walker.Status == HttpStatusCode.OK && walker.Text.Contains(name, StringComparison.Ordinal), $"{walker.At}\n{walker.Text}\n{Ssp.Output}");
        return walker;
    }

    private async Task<Session?> SessionAsync(Walker walker)
        => walker.Jar[Desk.Url.Host, $"gh.{Desk.Realm}"] is { Length: > 0 } cookie ? await Desk.Part<SessionStore>().FindByCookieAsync(Desk.Realm, cookie, default) : null;

    public sealed class Fixture : IAsyncLifetime
    {
        public Desk Desk { get; private set; } = null!;

        public SimpleSamlKit Ssp { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Desk = await Desk.OpenAsync();
            Ssp = await SimpleSamlKit.StartAsync();
            await Ssp.TrustIdpAsync(await Desk.Http.GetStringAsync(new Uri(Desk.RealmUrl, "protocol/saml/descriptor")), Desk.RealmUrl.AbsoluteUri.TrimEnd('/'), "");
            using var http = new HttpClient();
            var (entity, settings) = SamlApplication.Of(await http.GetByteArrayAsync(Ssp.SpMetadata), DateTimeOffset.UtcNow);
            Assert.Equal(Ssp.SpEntity, entity);
            Assert.True(settings.SignedRequests);
            await Desk.Part<Database>().WriteAsync(work => Desk.Part<ClientStore>().AddAsync(work, new Client { Id = Guid.NewGuid().ToString(), Realm = Desk.Realm, ClientId = entity, Name = "SSP", StandardFlow = false, Saml = settings }), default);
        }

        public async ValueTask DisposeAsync()
        {
            await Ssp.DisposeAsync();
            await Desk.DisposeAsync();
        }
    }
}
