using Gatehouse.Federation;
using Gatehouse.Federation.Ldap;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by a real OpenLDAP server.</summary>
public sealed class LdapTests(LdapTests.Fixture fixture) : IClassFixture<LdapTests.Fixture>
{
    private const string People = "ou=people," + SlapdKit.Base;
    private const string Groups = "ou=groups," + SlapdKit.Base;

    private SlapdKit Slapd => fixture.Slapd;

    private static readonly string[] Hostile = ["*", "*)(uid=*", "mina)(|(uid=*", "mina\0", "\\2a", "(", "mina*", "", "  ", "uid=mina," + People, new('a', 200)];

    private Upstream Directory(params (string Name, string Value)[] more)
    {
        var config = new Dictionary<string, string> { ["urls"] = Slapd.Url, ["usersDn"] = People, ["bindDn"] = SlapdKit.Admin };
        foreach (var (name, value) in more) config[name] = value;
        return new Upstream
        {
            Id = Guid.NewGuid().ToString(), Realm = "r", Alias = "site", Kind = "ldap", Config = System.Collections.Immutable.ImmutableDictionary.CreateRange(config),
            Secrets = System.Collections.Immutable.ImmutableDictionary<string, Secret>.Empty.Add("bindPassword", new Secret(SlapdKit.AdminPassword)),
        };
    }

    private static async Task<Finding> CheckAsync(Upstream upstream, string name, string password)
        => await new LdapUpstream(upstream, new Surroundings(null!, TimeProvider.System, ""), false).CheckAsync(name, new Secret(password), Trace.None, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("mina")]
    [InlineData("MINA")]
    [InlineData("mina@site.example")]
    public async Task The_right_password_brings_the_person(string name)
    {
        var person = Assert.IsType<Finding.Known>(await CheckAsync(Directory(), name, "minas-password")).Identity;
        Assert.Equal(("mina", "Mina", "Ökafor", "mina@site.example"), (person.Username, person.FirstName, person.LastName, person.Email));
        Assert.True(Guid.TryParse(person.Subject, out _));
        Assert.Equal(["agents"], person.Groups);
    }

    [Fact]
    public async Task Wrong_passwords_unknown_names_and_hostile_ones_are_refused()
    {
        Assert.Equal("invalid_user_credentials", Assert.IsType<Finding.Refused>(await CheckAsync(Directory(), "mina", "wrong")).Code);
        Assert.Equal("invalid_user_credentials", Assert.IsType<Finding.Refused>(await CheckAsync(Directory(), "mina", "")).Code);
        Assert.Equal("user_not_found", Assert.IsType<Finding.Refused>(await CheckAsync(Directory(), "nobody", "minas-password")).Code);
        foreach (var name in Hostile) Assert.IsType<Finding.Refused>(await CheckAsync(Directory(), name, "minas-password"));
        Assert.Equal("user_ambiguous", Assert.IsType<Finding.Refused>(await CheckAsync(Directory(("loginFilter", "(|(uid={0})(objectClass=inetOrgPerson))")), "mina", "minas-password")).Code);
    }

    [Fact]
    public async Task A_sign_in_costs_one_search_and_one_bind_also_for_a_name_that_is_not_there()
    {
        var upstream = new LdapUpstream(Directory(), new Surroundings(null!, TimeProvider.System, ""), false);
        await upstream.CheckAsync("mina", new Secret("minas-password"), Trace.None, TestContext.Current.CancellationToken);
        foreach (var (name, password) in ((string, string)[])[("mina", "minas-password"), ("mina", "wrong"), ("nobody-at-all", "wrong")])
        {
            var before = await Slapd.CountAsync();
            await upstream.CheckAsync(name, new Secret(password), Trace.None, TestContext.Current.CancellationToken);
            var after = await Slapd.CountAsync();
            Assert.Equal((1, 1), (after.Searches - before.Searches, after.Binds - before.Binds));
        }
    }

    [Fact]
    public async Task Nested_groups_count_where_that_is_asked_for_and_a_circle_ends()
    {
        var flat = Assert.IsType<Finding.Known>(await CheckAsync(Directory(("groupsDn", Groups)), "mina", "minas-password")).Identity;
        Assert.Equal(["agents"], flat.Groups);
        var nested = Assert.IsType<Finding.Known>(await CheckAsync(Directory(("groupsDn", Groups), ("nestedGroups", "true")), "mina", "minas-password")).Identity;
        Assert.Equal(["agents", "staff", "everybody"], nested.Groups);
    }

    [Fact]
    public async Task Tls_is_used_where_asked_and_the_servers_name_must_stand_in_its_certificate()
    {
        Assert.IsType<Finding.Known>(await CheckAsync(Directory(("urls", Slapd.TlsUrl), ("caFile", Slapd.CaFile)), "mina", "minas-password"));
        Assert.IsType<Finding.Known>(await CheckAsync(Directory(("urls", $"ldap://localhost:{Slapd.Port}"), ("startTls", "true"), ("caFile", Slapd.CaFile)), "mina", "minas-password"));
        var before = (await Slapd.CountAsync()).Binds;
        Assert.IsType<Finding.Unavailable>(await CheckAsync(Directory(("urls", $"ldaps://127.0.0.1:{Slapd.TlsPort}"), ("caFile", Slapd.CaFile)), "mina", "minas-password"));
        Assert.IsType<Finding.Unavailable>(await CheckAsync(Directory(("urls", $"ldap://127.0.0.1:{Slapd.Port}"), ("startTls", "true"), ("caFile", Slapd.CaFile)), "mina", "minas-password"));
        Assert.IsType<Finding.Unavailable>(await CheckAsync(Directory(("urls", Slapd.TlsUrl)), "mina", "minas-password"));
        Assert.Equal(before, (await Slapd.CountAsync()).Binds);
    }

    [Fact]
    public async Task The_next_server_serves_when_the_first_is_dead()
        => Assert.IsType<Finding.Known>(await CheckAsync(Directory(("urls", $"ldap://127.0.0.1:1 {Slapd.Url}")), "mina", "minas-password"));

    [Fact]
    public async Task A_server_that_dies_in_the_middle_of_a_sign_in_blames_nobody_and_serves_again()
    {
        await using var slapd = await SlapdKit.StartAsync(Fixture.Ldif);
        var upstream = new LdapUpstream(Directory(("urls", slapd.Url)), new Surroundings(null!, TimeProvider.System, ""), false);
        Task<Finding> TryAsync() => upstream.CheckAsync("mina", new Secret("minas-password"), Trace.None, TestContext.Current.CancellationToken);
        Assert.IsType<Finding.Known>(await TryAsync());
        await slapd.FreezeAsync();
        var underWay = TryAsync();
        Assert.False(underWay.IsCompleted);
        await slapd.KillAsync();
        Assert.IsType<Finding.Unavailable>(await underWay);
        await slapd.StartAsync();
        Assert.IsType<Finding.Known>(await TryAsync());
    }

    [Fact]
    public async Task A_wrong_service_account_is_told_to_the_administrator_and_blames_nobody_else()
    {
        var upstream = Directory() with { Secrets = System.Collections.Immutable.ImmutableDictionary<string, Secret>.Empty.Add("bindPassword", new Secret("wrong")) };
        Assert.Contains("refuses the service account: 49", Assert.IsType<Finding.Unavailable>(await CheckAsync(upstream, "mina", "minas-password")).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("urls", "ldap://directory.example", "plain text")]
    [InlineData("urls", "http://directory.example", "no address")]
    [InlineData("urls", "ldaps://", "no address")]
    [InlineData("loginFilter", "(uid=x)", "{0}")]
    [InlineData("loginFilter", "(uid={0}", "not closed")]
    [InlineData("userFilter", "(&)", "no parts")]
    [InlineData("caFile", "/nowhere", "cannot be read")]
    [InlineData("surprise", "1", "not one of")]
    public void Settings_that_are_wrong_are_told_in_words(string name, string value, string expected)
        => Assert.Contains(expected, UpstreamKinds.Fault(Directory((name, value))) ?? "", StringComparison.Ordinal);

    [Fact]
    public async Task Over_the_page_a_person_becomes_a_user_and_a_dead_directory_is_told_and_recovers()
    {
        await using var slapd = await SlapdKit.StartAsync(Fixture.Ldif);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("site", "ldap", new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = People, ["bindDn"] = SlapdKit.Admin }, new Dictionary<string, string> { ["bindPassword"] = SlapdKit.AdminPassword },
            one => one with { Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent"), new MappingRule("mail", null, MappingTarget.Attribute, "workMail")] });
        await outpost.AddUserAsync("local", "password-of-local");

        Assert.Equal(401, await TryAsync(desk, "mina", "wrong"));
        Assert.Null(await outpost.UserAsync("mina"));
        Assert.Equal(303, await TryAsync(desk, "Mina", "minas-password"));
        Assert.Contains("agent", await outpost.RolesAsync("mina"));
        var mina = (await outpost.UserAsync("mina"))!;
        Assert.Equal("mina@site.example", mina.Attributes["workMail"][0]);

        // Rights that came by the mapping go when the group goes; those given by hand stay.
        var hand = (await desk.Part<Gatehouse.People.Roles>().FindByNameAsync(Outpost.Realm, null, "supervisor", default))!;
        await desk.Part<Gatehouse.Storage.Database>().WriteAsync(work => desk.Part<Gatehouse.People.Roles>().GiveAsync(work, Outpost.Realm, Gatehouse.People.RoleHolder.User, mina.Id, hand.Id), default);
        await slapd.ChangeAsync($"dn: cn=agents,{Groups}\nchangetype: modify\nreplace: member\nmember: uid=otto,{People}\n\ndn: uid=mina,{People}\nchangetype: modify\nreplace: sn\nsn: Smith\n");
        Assert.Equal(303, await TryAsync(desk, "mina", "minas-password"));
        Assert.Equal(["supervisor"], (await outpost.RolesAsync("mina")).Where(role => role is "agent" or "supervisor"));
        Assert.Equal("Smith", (await outpost.UserAsync("mina"))!.LastName);

        // A local user's password never goes to the directory, and serves while it is dead.
        var binds = (await slapd.CountAsync()).Binds;
        Assert.Equal(401, await TryAsync(desk, "local", "wrong"));
        Assert.Equal(binds, (await slapd.CountAsync()).Binds);
        await slapd.KillAsync();
        Assert.Equal(303, await TryAsync(desk, "local", "password-of-local"));
        for (var i = 0; i < 5; i++) Assert.Equal(503, await TryAsync(desk, "mina", "minas-password"));
        Assert.Equal(503, await TryAsync(desk, "unknown", "x"));
        await slapd.StartAsync();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await TryAsync(desk, "mina", "minas-password") != 303) await tick.WaitForNextTickAsync(late.Token);
        Assert.Single((await desk.Part<Gatehouse.People.Users>().ListAsync(Outpost.Realm, new Gatehouse.People.UserQuery { Search = "mina" }, default)).Items);
    }

    [Fact]
    public async Task People_migrate_one_by_one_and_then_need_the_directory_no_more()
    {
        await using var slapd = await SlapdKit.StartAsync(Fixture.Ldif);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("site", "ldap", new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = People, ["bindDn"] = SlapdKit.Admin }, new Dictionary<string, string> { ["bindPassword"] = SlapdKit.AdminPassword }, one => one with { KeepsPasswords = true });
        Assert.Equal(401, await TryAsync(desk, "mina", "wrong"));
        Assert.Equal(303, await TryAsync(desk, "mina", "minas-password"));
        await slapd.KillAsync();
        Assert.Equal(303, await TryAsync(desk, "mina", "minas-password"));
        Assert.Equal(401, await TryAsync(desk, "mina", "ottos-password"));
        Assert.Equal(503, await TryAsync(desk, "otto", "ottos-password"));
    }

    private static async Task<int> TryAsync(Desk desk, string name, string password)
    {
        using var browser = new Browser(desk);
        var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
        using var answer = await browser.SubmitAsync(page, at, name, password);
        return (int)answer.StatusCode;
    }

    /// <summary>One directory for the class.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public static readonly string Ldif = $"""
            dn: ou=people,{SlapdKit.Base}
            objectClass: organizationalUnit
            ou: people

            dn: ou=groups,{SlapdKit.Base}
            objectClass: organizationalUnit
            ou: groups

            {SlapdKit.Person("mina", "minas-password", "Mina", "Ökafor", $"memberOf: cn=agents,{Groups}").TrimEnd()}

            {SlapdKit.Person("otto", "ottos-password", "Otto", "Weber").TrimEnd()}

            dn: cn=agents,{Groups}
            objectClass: groupOfNames
            cn: agents
            member: uid=mina,{People}

            dn: cn=staff,{Groups}
            objectClass: groupOfNames
            cn: staff
            member: cn=agents,{Groups}

            dn: cn=everybody,{Groups}
            objectClass: groupOfNames
            cn: everybody
            member: cn=staff,{Groups}
            member: cn=everybody,{Groups}

            """;

        public SlapdKit Slapd { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Slapd = await SlapdKit.StartAsync(Ldif);

        public async ValueTask DisposeAsync() => await Slapd.DisposeAsync();
    }
}
