using System.Net;
using Gatehouse.Federation;
using Gatehouse.Keys;
using Gatehouse.Outbound;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>A provider whose file is gone is out of order; the realm, the page and the program are not.</summary>
public sealed class BrokenUpstreamTests
{
    [Fact]
    public async Task A_file_that_is_gone_breaks_its_provider_alone_until_it_is_back()
    {
        await using var authority = new AuthorityKit();
        var file = Path.Combine(Path.GetTempPath(), $"gatehouse-ca-{Guid.NewGuid():n}.pem");
        File.Copy(authority.CaFile, file);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        var card = await outpost.AddAsync("card", "certificate", new Dictionary<string, string> { ["caFile"] = file, ["address"] = "https://cards.example" });
        var site = await outpost.AddAsync("site", "ldap", new Dictionary<string, string> { ["urls"] = "ldaps://directory.example", ["usersDn"] = "dc=x", ["caFile"] = file });
        await outpost.AddUserAsync("local", "password-of-local");
        File.Delete(file);

        using var browser = new Browser(desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotContain("CARD", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var stranger = await browser.SubmitAsync(page, at, "somebody", "whatever");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, stranger.StatusCode);
        using var local = await browser.SubmitAsync(page, at, "local", "password-of-local");
        Assert.Equal(HttpStatusCode.SeeOther, local.StatusCode);

        var clock = new AheadClock();
        using var upstreams = new Upstreams(desk.Part<Database>(), desk.Part<Sealer>(), desk.Part<OutboundHttp>(), desk.Part<SamlKeys>(), desk.Part<UsedProofs>(), clock, Options.Create(new FederationSettings()));
        Assert.Contains(file, (await upstreams.Open(card).Upstream.ProbeAsync(Trace.None, default))!.Detail, StringComparison.Ordinal);
        Assert.Empty(upstreams.Alarms());
        File.Copy(authority.CaFile, file);
        Assert.NotNull(await upstreams.Open(card).Upstream.ProbeAsync(Trace.None, default));
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(await upstreams.Open(card).Upstream.ProbeAsync(Trace.None, default));
        Assert.IsAssignableFrom<IChecksPasswords>(upstreams.Open(site).Upstream);
        File.Delete(file);
    }
}
