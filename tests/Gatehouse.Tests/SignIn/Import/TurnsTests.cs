using Gatehouse.People;
using Gatehouse.People.Import;
using Gatehouse.SignIn.Import;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Tests.SignIn.Import;

public sealed class TurnsOnSqliteTests : TurnsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class TurnsOnPostgresTests : TurnsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>Imports that are due by the clock.</summary>
public abstract class TurnsTests : ImportKit
{
    [Fact]
    public async Task Changes_come_by_the_clock_and_everybody_is_gone_over_when_that_is_due()
    {
        var clock = new SetClock();
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(3));
        await using var site = await SiteAsync(slapd.Url, clock, config: [("syncEvery", "15m"), ("importEvery", "1d")]);
        using var turns = new ImportTurns(site.Import, site.Upstreams, clock, NullLogger<ImportTurns>.Instance);
        async Task<ImportStatus> TurnAsync()
        {
            await turns.TurnAsync(Stop);
            await turns.SettledAsync();
            return (await site.Import.FindAsync(site.Upstream, Stop))!.Last;
        }

        var first = await TurnAsync();
        Assert.Equal((ImportState.Done, false, 3), (first.State, first.Delta, first.Made));
        clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(first.BegunAt, (await TurnAsync()).BegunAt);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await TurnAsync()).Delta);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal((false, 3), ((await TurnAsync()).Delta, (await TurnAsync()).Unchanged));

        // A dead directory: not again and again, but soon.
        await slapd.KillAsync();
        clock.Advance(TimeSpan.FromMinutes(15));
        var broken = await TurnAsync();
        Assert.Equal(ImportState.Interrupted, broken.State);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(broken.BegunAt, (await TurnAsync()).BegunAt);
        await slapd.StartAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        var again = await TurnAsync();
        Assert.True(again.State == ImportState.Done, again.Fault);
    }

    [Fact]
    public async Task A_provider_whose_settings_no_longer_hold_keeps_nobody_else_from_their_turn()
    {
        var clock = new SetClock();
        var folder = Directory.CreateTempSubdirectory("gatehouse-turns-").FullName;
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(1));
        var ca = Path.Combine(folder, "ca.pem");
        File.Copy(slapd.CaFile, ca);
        await using var site = await SiteAsync(slapd.Url, clock, config: ("importEvery", "1d"));
        await WriteAsync(work => site.Upstreams.AddAsync(work, site.Upstream with { Id = Guid.NewGuid().ToString(), Alias = "a-first", Config = site.Upstream.Config.SetItem("caFile", ca) }));
        await site.Upstreams.LoadAsync(Stop);
        Directory.Delete(folder, recursive: true);
        using var turns = new ImportTurns(site.Import, site.Upstreams, clock, NullLogger<ImportTurns>.Instance);
        await turns.TurnAsync(Stop);
        await turns.SettledAsync();
        Assert.Equal(ImportState.Done, (await site.Import.FindAsync(site.Upstream, Stop))!.Last.State);
    }

    [Fact]
    public async Task Two_nodes_at_once_import_once_and_nothing_is_done_unless_it_is_set()
    {
        var clock = new SetClock();
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(3));
        await using var site = await SiteAsync(slapd.Url, clock, config: ("importEvery", "1d"));
        using var one = new ImportTurns(site.Import, site.Upstreams, clock, NullLogger<ImportTurns>.Instance);
        using var other = new ImportTurns(site.Import, site.Upstreams, clock, NullLogger<ImportTurns>.Instance);
        var before = await slapd.CountAsync();
        await Task.WhenAll(one.TurnAsync(Stop), other.TurnAsync(Stop));
        await Task.WhenAll(one.SettledAsync(), other.SettledAsync());
        Assert.Equal((1, 3L), ((await slapd.CountAsync()).Searches - before.Searches, await Node.Users.CountAsync(Realm, new UserQuery(), Stop)));
        await WriteAsync(work => site.Upstreams.ChangeAsync(work, site.Upstream with { Config = site.Upstream.Config.Remove("importEvery") }));
        await site.Upstreams.LoadAsync(Stop);
        clock.Advance(TimeSpan.FromDays(9));
        var seen = (await slapd.CountAsync()).Searches;
        await one.TurnAsync(Stop);
        await one.SettledAsync();
        Assert.Equal(seen, (await slapd.CountAsync()).Searches);
    }
}
