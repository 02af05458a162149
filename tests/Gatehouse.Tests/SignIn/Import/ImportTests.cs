using System.Collections.Immutable;
using Gatehouse.Federation;
using Gatehouse.People;
using Gatehouse.People.Import;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.SignIn.Import;

public sealed class ImportOnSqliteTests : ImportTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class ImportOnPostgresTests : ImportTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>A whole import: users, links and rights; again, it writes nothing; what cannot be taken in is told.</summary>
public abstract class ImportTests : ImportKit
{
    [Fact]
    public async Task Everybody_becomes_a_user_with_link_and_rights_and_a_second_time_nothing_is_written()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(1203) + Group("agents", $"uid=u00001,{People}", $"uid=u00700,{People}") + Group("team-red", $"cn=agents,{Groups}"));
        await using var site = await SiteAsync(slapd.Url, config: [("groupsDn", Groups), ("nestedGroups", "true")]);
        var told = new List<int>();
        var first = await site.RunAsync(told: status => told.Add(status.Read));
        Assert.Equal((ImportState.Done, 1203, 1203, 0, 0), (first.State, first.Read, first.Made, first.Skipped, first.Vanished));
        Assert.Equal([500, 1000, 1203], told);
        Assert.Equal(1203, await Node.Users.CountAsync(Realm, new UserQuery(), Stop));
        var user = (await site.UserAsync("u00700"))!;
        Assert.Equal(("First", "Last 700", "u00700@site.example", "u00700@site.example"), (user.FirstName, user.LastName, user.Email, user.Attributes["workMail"][0]));
        Assert.Equal(["agent", "team-red"], await site.RolesAsync("u00700"));
        Assert.Empty(await site.RolesAsync("u00002"));
        Assert.Equal("u00700", Assert.Single(await site.Links.OfUserAsync(Realm, user.Id, Stop)).Username);

        var before = await WritesAsync();
        var second = await site.RunAsync();
        Assert.Equal((ImportState.Done, 1203, 0, 0, 1203), (second.State, second.Read, second.Made, second.Changed, second.Unchanged));
        Assert.Equal(before, await WritesAsync());
    }

    [Fact]
    public async Task Changes_come_with_the_next_delta_also_those_of_groups()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(3) + Group("agents", $"uid=u00001,{People}"));
        await using var site = await SiteAsync(slapd.Url, config: [("groupsDn", Groups), ("nestedGroups", "true")]);
        Assert.Equal(3, (await site.RunAsync(delta: true)).Made);
        await slapd.ChangeAsync($"dn: uid=u00002,{People}\nchangetype: modify\nreplace: sn\nsn: Ökafor\n\n{Person("newcomer", "New", "Comer").Replace("objectClass", "changetype: add\nobjectClass", StringComparison.Ordinal)}");
        var delta = await site.RunAsync(delta: true);
        Assert.Equal((ImportState.Done, 1, 1), (delta.State, delta.Made, delta.Changed));
        Assert.Equal("Ökafor", (await site.UserAsync("u00002"))!.LastName);

        // Who left a group is not changed, nor is their entry: everybody is gone over.
        await slapd.ChangeAsync($"dn: cn=agents,{Groups}\nchangetype: modify\nreplace: member\nmember: uid=u00003,{People}\n");
        Assert.Contains("groups have changed", (await site.RunAsync(delta: true)).Because, StringComparison.Ordinal);
        Assert.Empty(await site.RolesAsync("u00001"));
        Assert.Equal(["agent"], await site.RolesAsync("u00003"));
    }

    [Fact]
    public async Task Whoever_is_here_already_is_not_taken_over_and_all_that_is_odd_is_told()
    {
        var odd = Person("mina", "Mina", "Other") + Person("second", "Two", "Two", "employeeNumber: 7") + Person("third", "Three", "Three", "employeeNumber: 7") + Person("nobody", "No", "Id")
            + Person("address", "A", "B", "employeeNumber: 9").Replace("address@site.example", "taken@site.example", StringComparison.Ordinal)
            + Person("long", "L", "L", "employeeNumber: 10").Replace("uid: long", "uid: long\nuid:: " + Convert.ToBase64String("\u202Ehidden\u0007"u8.ToArray()), StringComparison.Ordinal).Replace("mail: long@site.example\n", "", StringComparison.Ordinal);
        await using var slapd = await SlapdKit.StartAsync(Places + odd.Replace("uid: mina", "uid: mina\nemployeeNumber: 1", StringComparison.Ordinal));
        await using var site = await SiteAsync(slapd.Url, config: ("idAttribute", "employeeNumber"));
        var mine = NewUser("mina") with { LastName = "Local" };
        await WriteAsync(async work =>
        {
            await Node.Users.AddAsync(work, mine);
            await Node.Users.AddAsync(work, NewUser("holder", "taken@site.example"));
        });
        var status = await site.RunAsync();
        Assert.Equal(["address:email_taken", "mina:name_taken", "nobody:no_id", "third:same_id"], status.Notes.Select(note => $"{note.Name.Split(',')[0][4..]}:{note.Code}").Order(StringComparer.Ordinal));
        Assert.Equal((ImportState.Done, 2, 4), (status.State, status.Made, status.Skipped));
        Assert.Equal("Local", (await Node.Users.FindAsync(Realm, mine.Id, Stop))!.LastName);
        Assert.Empty(await site.Links.OfUserAsync(Realm, mine.Id, Stop));

        // Seen again and again, they are told again, and nothing of it is written.
        var again = await site.RunAsync();
        Assert.Equal((0, 2, 4), (again.Made, again.Unchanged, again.Skipped));
    }

    [Fact]
    public async Task Names_that_look_like_filters_and_entries_that_are_too_long_stop_nobody()
    {
        const string strange = "uid=a\\2C\\5C\\28b\\29*)(uid\\3D*";
        var huge = new string('x', 5 * 1024 * 1024);
        await using var slapd = await SlapdKit.StartAsync(Places + $"dn: {strange},{People}\nobjectClass: inetOrgPerson\nuid: a,\\(b)*)(uid=*\ncn: A\nsn: A\n\n" + Person("huge", "Huge", huge) + Crowd(3)
            + Group("agents", $"{strange},{People}") + Group("team-red", $"cn=agents,{Groups}"));
        await using var site = await SiteAsync(slapd.Url, config: [("groupsDn", Groups), ("nestedGroups", "true")]);
        var status = await site.RunAsync();
        Assert.True(status.State == ImportState.Done, status.Fault);
        Assert.Equal((5, 4, "unreadable", "uid=huge," + People), (status.Read, status.Made, Assert.Single(status.Notes).Code, status.Notes[0].Name));
        Assert.Equal(["agent", "team-red"], await site.RolesAsync("a,\\(b)*)(uid=*"));
        foreach (var name in (string[])["u00001", "u00002"]) Assert.Empty(await site.RolesAsync(name));
    }

    [Fact]
    public async Task Values_that_cannot_be_stored_are_left_out_and_stop_nobody()
    {
        var nul = Convert.ToBase64String("a\0b"u8.ToArray());
        await using var slapd = await SlapdKit.StartAsync(Places + $"dn: employeeNumber=1,{People}\nobjectClass: inetOrgPerson\nemployeeNumber: 1\nuid:: {nul}\ncn: A\nsn:: {nul}\ndescription:: {nul}\n\n" + Crowd(2));
        await using var site = await SiteAsync(slapd.Url, more: one => one with { Mapping = [new MappingRule("description", null, MappingTarget.Attribute, "about"), new MappingRule("description", null, MappingTarget.Role, "{value}"), new MappingRule("description", null, MappingTarget.Group, "/{value}")] });
        var status = await site.RunAsync();
        Assert.True(status.State == ImportState.Done, status.Fault);
        Assert.Equal((3, 0), (status.Made, status.Skipped));
        var odd = Assert.Single((await Node.Users.ListAsync(Realm, new UserQuery { Search = "site." }, Stop)).Items, user => user.Username.StartsWith("site.", StringComparison.Ordinal));
        Assert.Equal((null, 0), (odd.LastName, odd.Attributes.Count));

        // Somebody with as many attributes as a user may have.
        var full = (await site.UserAsync("u00001"))!;
        await WriteAsync(work => Node.Users.ChangeAsync(work, full with { Attributes = Enumerable.Range(0, 200).ToDictionary(i => $"a{i}", i => System.Collections.Immutable.ImmutableArray.Create("x")).ToImmutableDictionary() }));
        await slapd.ChangeAsync(string.Concat(((string[])["u00001", "u00002"]).Select(name => $"dn: uid={name},{People}\nchangetype: modify\nreplace: description\ndescription: new\n\n")));
        var again = await site.RunAsync();
        Assert.Equal((ImportState.Done, 1, "not_storable"), (again.State, again.Changed, Assert.Single(again.Notes).Code));
    }

    [Fact]
    public async Task A_sign_in_and_an_import_agree_on_who_a_person_is()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(2) + Group("agents", $"uid=u00001,{People}") + Group("team-red", $"cn=agents,{Groups}"));
        await using var site = await SiteAsync(slapd.Url, config: [("groupsDn", Groups), ("nestedGroups", "true")]);
        await site.RunAsync();
        var before = await WritesAsync();
        var person = Assert.IsType<Finding.Known>(await ((IChecksPasswords)site.Upstreams.Open(site.Upstream).Upstream).CheckAsync("u00001", new Gatehouse.Terms.Secret("x"), Trace.None, Stop)).Identity;
        var linking = new Linking(site.Node.Database, site.Node.Users, site.Links, site.Upstreams);
        Assert.False(Assert.IsType<LinkOutcome.Is>(await linking.ResolveAsync(site.Upstream, person, Stop)).Made);
        Assert.Equal((before, 2), (await WritesAsync(), (await site.RunAsync()).Unchanged));

        // What a sign-in learned between two imports, and is undone there before the second, is undone here too.
        Assert.Equal("Other", Assert.IsType<LinkOutcome.Is>(await linking.ResolveAsync(site.Upstream, person with { LastName = "Other", Groups = [] }, Stop)).User.LastName);
        Assert.Empty(await site.RolesAsync("u00001"));
        Assert.Equal(1, (await site.RunAsync()).Changed);
        Assert.Equal("Last 1", (await site.UserAsync("u00001"))!.LastName);
        Assert.Equal(["agent", "team-red"], await site.RolesAsync("u00001"));
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_be_and_changes_nothing()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(600));
        await using var site = await SiteAsync(slapd.Url);
        await WriteAsync(work => Node.Users.AddAsync(work, NewUser("u00005")));
        var status = await site.RunAsync(dryRun: true);
        Assert.Equal((ImportState.Done, 600, 599, 1), (status.State, status.Read, status.Made, status.Skipped));
        Assert.Equal(1, await Node.Users.CountAsync(Realm, new UserQuery(), Stop));
        Assert.Null(await site.Import.FindAsync(site.Upstream, Stop));
    }

    [Fact]
    public async Task Broken_off_by_a_dead_directory_it_goes_on_and_what_was_applied_costs_nothing_more()
    {
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(2600));
        await using var site = await SiteAsync(slapd.Url);
        var killed = false;
        var broken = await site.RunAsync(told: status =>
        {
            if (status.Read != 1000 || killed) return;
            killed = true;
            slapd.KillAsync().GetAwaiter().GetResult();
        });
        Assert.Equal((ImportState.Interrupted, 0), (broken.State, broken.Vanished));
        Assert.InRange(broken.Made, 1000, 2000);
        Assert.NotNull(broken.Fault);
        Assert.Equal(ImportState.Interrupted, (await site.RunAsync()).State);
        await slapd.StartAsync();
        var resumed = await site.RunAsync();
        Assert.Equal((ImportState.Done, 2600, broken.Made), (resumed.State, resumed.Made + broken.Made, resumed.Unchanged));
        var (record, users) = (await site.Import.FindAsync(site.Upstream, Stop), await Node.Users.CountAsync(Realm, new UserQuery(), Stop));
        Assert.Equal((2600, true), (users, record!.WholeAt is not null && record.Mark is not null));
    }

    [Fact]
    public async Task When_a_server_fails_on_the_way_the_next_one_takes_over()
    {
        await using var first = await SlapdKit.StartAsync(Places + Crowd(1100));
        await using var second = await SlapdKit.StartAsync(Places + Crowd(1100));
        await using var site = await SiteAsync($"{first.Url} {second.Url}", config: ("idAttribute", "uid"));
        var killed = false;
        var status = await site.RunAsync(told: now =>
        {
            if (now.Read != 500 || killed) return;
            killed = true;
            first.KillAsync().GetAwaiter().GetResult();
        });
        Assert.True(status.State == ImportState.Done, status.Fault);
        Assert.Equal((1100, 1100, 0), (status.Read, status.Made, status.Skipped));
        Assert.True(killed && status.Unchanged >= 500);
    }

    [Fact]
    public async Task One_imports_at_a_time_and_a_dead_ones_lease_runs_out()
    {
        var clock = new SetClock();
        await using var slapd = await SlapdKit.StartAsync(Places + Crowd(2));
        await using var site = await SiteAsync(slapd.Url, clock);
        var by = new Gatehouse.Audit.AuditEvent { Realm = Realm, Type = "ACTION" };
        var dead = (await site.Import.TakeAsync(site.Upstream, new(), by, Stop))!;
        Assert.Null(await site.Import.TakeAsync(site.Upstream, new(), by, Stop));
        Assert.Equal(ImportState.Running, (await site.Import.FindAsync(site.Upstream, Stop))!.Last.State);
        clock.Advance(ImportRecords.Lease + TimeSpan.FromSeconds(1));
        Assert.Equal(ImportState.Interrupted, (await site.Import.FindAsync(site.Upstream, Stop))!.Last.State);
        Assert.Equal((ImportState.Done, 2), ((await site.RunAsync()).State, (int)await Node.Users.CountAsync(Realm, new UserQuery(), Stop)));

        // It was not dead after all: it may write no more, and tells nobody that it is done.
        await slapd.ChangeAsync($"dn: uid=u00002,{People}\nchangetype: modify\nreplace: sn\nsn: Late\n");
        var late = await dead.GoAsync(null, Stop);
        Assert.Equal(ImportState.Interrupted, late.State);
        Assert.Equal("Last 2", (await site.UserAsync("u00002"))!.LastName);
        Assert.Equal(ImportState.Done, (await site.Import.FindAsync(site.Upstream, Stop))!.Last.State);
    }
}
