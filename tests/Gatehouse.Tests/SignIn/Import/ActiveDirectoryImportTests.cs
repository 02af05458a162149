using Gatehouse.Federation;
using Gatehouse.People.Import;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn.Import;

/// <summary>Imports from a real Active Directory domain (Samba): paged, by its own numbers of changes, its own chain of groups.</summary>
public sealed class ActiveDirectoryImportTests : ImportKit
{
    private const string Password = "Password-of-many-1";

    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());

    [Fact]
    public async Task Everybody_comes_by_pages_and_changes_by_their_numbers()
    {
        await using var samba = await SambaKit.StartAsync(string.Concat(Enumerable.Range(1, 620).Select(i => $"dn: CN=u{i:0000},{SambaKit.People}\nchangetype: add\nobjectClass: user\nsAMAccountName: u{i:0000}\nsn: Last {i}\nuserAccountControl: 544\n\n"))
            + SambaKit.Group("agents", $"CN=u0002,{SambaKit.People}") + SambaKit.Group("team-red", $"CN=agents,{SambaKit.Groups}"));
        await using var site = await SiteAsync(samba.TlsUrl, kind: "ad", more: one => one with { Secrets = one.Secrets.SetItem("bindPassword", new Secret(SambaKit.AdminPassword)) },
            config: [("caFile", samba.CaFile), ("usersDn", SambaKit.People), ("groupsDn", SambaKit.Groups), ("nestedGroups", "true"), ("bindDn", SambaKit.Admin)]);
        var first = await site.RunAsync();
        Assert.True(first.State == ImportState.Done, first.Fault);
        Assert.Equal((620, 620, 0), (first.Read, first.Made, first.Skipped));
        Assert.Equal(["agent", "team-red"], await site.RolesAsync("u0002"));

        await samba.ChangeAsync($"dn: CN=u0003,{SambaKit.People}\nchangetype: modify\nreplace: sn\nsn: Changed\n\ndn: CN=u0004,{SambaKit.People}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 546\n\n{SambaKit.Person("newcomer", Password, "New", "Comer")}");
        var delta = await site.RunAsync(delta: true);
        Assert.Equal((ImportState.Done, 1, 2, 1), (delta.State, delta.Made, delta.Changed, delta.Disabled));
        // By a sign-in it is the same person.
        var found = await ((IChecksPasswords)site.Upstreams.Open(site.Upstream).Upstream).CheckAsync("newcomer", new Secret(Password), Trace.None, Stop);
        Assert.Equal(Assert.Single(await site.Links.OfUserAsync(Realm, (await site.UserAsync("newcomer"))!.Id, Stop)).Subject, Assert.IsType<Finding.Known>(found).Identity.Subject);
        Assert.Equal("Changed", (await site.UserAsync("u0003"))!.LastName);
        Assert.False((await site.UserAsync("u0004"))!.Enabled);

        await samba.ChangeAsync($"dn: CN=u0004,{SambaKit.People}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 544\n\ndn: CN=agents,{SambaKit.Groups}\nchangetype: modify\nreplace: member\nmember: CN=u0003,{SambaKit.People}\n");
        var groups = await site.RunAsync(delta: true);
        Assert.Contains("groups have changed", groups.Because, StringComparison.Ordinal);
        Assert.True((await site.UserAsync("u0004"))!.Enabled);
        Assert.Empty(await site.RolesAsync("u0002"));
        Assert.Equal(["agent", "team-red"], await site.RolesAsync("u0003"));

        await samba.KillAsync();
        Assert.Equal(ImportState.Interrupted, (await site.RunAsync(delta: true)).State);
        await samba.StartAsync();
        Assert.Equal((ImportState.Done, 0, 0), ((await site.RunAsync(delta: true)).State, (await site.RunAsync(delta: true)).Made, (await site.RunAsync(delta: true)).Changed));
    }
}
