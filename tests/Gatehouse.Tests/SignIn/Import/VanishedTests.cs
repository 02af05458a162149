using Gatehouse.People.Import;
using Gatehouse.Sessions;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn.Import;

public sealed class VanishedOnSqliteTests : VanishedTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class VanishedOnPostgresTests : VanishedTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>People who vanish from the directory, or whom it disables.</summary>
public abstract class VanishedTests : ImportKit
{
    private static string Gone(params string[] names) => string.Concat(names.Select(name => $"dn: uid={name},{People}\nchangetype: delete\n\n"));

    [Fact]
    public async Task They_are_kept_unless_told_otherwise_and_not_many_at_once_and_come_back()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(10));
        await using var site = await SiteAsync(slapd.Url, config: ("vanished", "disable"));
        await site.RunAsync();
        var gone = (await site.UserAsync("u00001"))!;
        var cookie = await WriteAsync(work => Node.Sessions.StartAsync(work, new Session { Id = "s", Realm = Realm, User = gone.Id, AuthenticatedAt = Now, StartedAt = Now, LastUsedAt = Now, EndsAt = Now.AddHours(1), IdleEndsAt = Now.AddHours(1) }));
        await slapd.ChangeAsync(Gone("u00001"));
        Assert.Equal(0, (await site.RunAsync(delta: true)).Vanished);
        Assert.Equal(1, (await site.RunAsync(dryRun: true)).Disabled);
        Assert.True((await site.UserAsync("u00001"))!.Enabled);
        var one = await site.RunAsync();
        Assert.Equal((ImportState.Done, 1, 1), (one.State, one.Vanished, one.Disabled));
        Assert.False((await site.UserAsync("u00001"))!.Enabled);
        Assert.Null(await Node.Sessions.FindByCookieAsync(Realm, cookie, Stop));
        Assert.Equal((1, 0), ((await site.RunAsync()).Vanished, (await site.RunAsync()).Disabled));

        await slapd.ChangeAsync(Gone("u00002", "u00003"));
        var many = await site.RunAsync();
        Assert.Equal((ImportState.VanishedKept, 3, 0), (many.State, many.Vanished, many.Disabled));
        Assert.Contains("--allow-vanished", many.Fault, StringComparison.Ordinal);
        Assert.True((await site.UserAsync("u00002"))!.Enabled);
        Assert.Equal((ImportState.Done, 2), Two(await site.RunAsync(allow: true)));
        Assert.False((await site.UserAsync("u00002"))!.Enabled);
    }

    [Fact]
    public async Task While_an_entry_cannot_be_read_nobody_counts_as_gone()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(10));
        await using var site = await SiteAsync(slapd.Url, config: ("vanished", "disable"));
        await site.RunAsync();
        await slapd.KillAsync();
        await using var other = await SlapdKit.StartAsync(Places + Crowd(8) + Person("u00009", "First", new string('x', 5 * 1024 * 1024)));
        await WriteAsync(work => site.Upstreams.ChangeAsync(work, site.Upstream with { Config = site.Upstream.Config.SetItem("urls", other.Url).SetItem("idAttribute", "mail") }));
        await site.Upstreams.LoadAsync(Stop);
        async Task<ImportStatus> RunAsync() => await (await site.Import.TakeAsync(site.Upstreams.Find(Realm, "site")!, new(), new Gatehouse.Audit.AuditEvent { Realm = Realm, Type = "ACTION" }, Stop))!.GoAsync(null, Stop);
        var status = await RunAsync();
        // What breaks off is begun again, as the turns do it: the server may have only just come up.
        if (status.State == ImportState.Interrupted) status = await RunAsync();
        Assert.Contains("could not be read", status.Fault, StringComparison.Ordinal);
        Assert.Equal((ImportState.VanishedKept, 0, 1), (status.State, status.Disabled, status.Unreadable));
    }

    [Fact]
    public async Task By_default_they_stay_as_they_are()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(2));
        await using var site = await SiteAsync(slapd.Url);
        await site.RunAsync();
        await slapd.ChangeAsync(Gone("u00001", "u00002"));
        var status = await site.RunAsync();
        Assert.Equal((ImportState.Done, 2, 0), (status.State, status.Vanished, status.Disabled));
        Assert.True((await site.UserAsync("u00001"))!.Enabled);
    }

    [Fact]
    public async Task Whom_the_directory_locks_is_disabled_and_let_in_again_but_not_whom_an_administrator_disabled()
    {
        const string lockIt = "changetype: modify\nreplace: description\ndescription: locked\n\n";
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(3));
        // Not every slapd has the password policy's attribute: a filter stands for "the directory no longer lists them".
        await using var site = await SiteAsync(slapd.Url, config: [("vanished", "disable"), ("mostVanished", "100"), ("userFilter", "(&(objectClass=inetOrgPerson)(!(description=locked)))")]);
        await site.RunAsync();
        var byHand = (await site.UserAsync("u00003"))!;
        await WriteAsync(work => Node.Users.ChangeAsync(work, byHand with { Enabled = false }));
        await slapd.ChangeAsync($"dn: uid=u00002,{People}\n{lockIt}dn: uid=u00003,{People}\n{lockIt}");
        Assert.Equal((2, 1), Counts(await site.RunAsync()));
        await slapd.ChangeAsync($"dn: uid=u00002,{People}\n{lockIt.Replace("locked", "free", StringComparison.Ordinal)}dn: uid=u00003,{People}\n{lockIt.Replace("locked", "free", StringComparison.Ordinal)}");
        await site.RunAsync();
        Assert.Equal((true, false), ((await site.UserAsync("u00002"))!.Enabled, (await site.UserAsync("u00003"))!.Enabled));
    }

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    private static (ImportState, int) Two(ImportStatus status) => (status.State, status.Disabled);

    private static (int, int) Counts(ImportStatus status) => (status.Vanished, status.Disabled);
}
