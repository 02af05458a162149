using System.Collections.Immutable;
using Gatehouse.Audit;
using Gatehouse.Federation;
using Gatehouse.Federation.Ldap;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Sign-in by a real Active Directory domain (Samba).</summary>
public sealed class ActiveDirectoryTests(ActiveDirectoryTests.Fixture fixture) : IClassFixture<ActiveDirectoryTests.Fixture>
{
    private const string Password = "Minas-password-1";

    private SambaKit Samba => fixture.Samba;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Upstream Directory(params (string Name, string Value)[] more)
    {
        var config = new Dictionary<string, string> { ["urls"] = Samba.TlsUrl, ["caFile"] = Samba.CaFile, ["usersDn"] = SambaKit.People, ["groupsDn"] = SambaKit.Groups, ["nestedGroups"] = "true", ["bindDn"] = SambaKit.Admin };
        foreach (var (name, value) in more) config[name] = value;
        return new Upstream
        {
            Id = Guid.NewGuid().ToString(), Realm = "r", Alias = "site", Kind = "ad", Config = config.ToImmutableDictionary(), Mapping = [new MappingRule("groups", "agents", MappingTarget.Role, "agent")],
            Secrets = ImmutableDictionary<string, Secret>.Empty.Add("bindPassword", new Secret(SambaKit.AdminPassword)),
        };
    }

    private static LdapUpstream Open(Upstream upstream) => new(upstream, new Surroundings(null!, TimeProvider.System, ""), true);

    private static Task<Finding> CheckAsync(Upstream upstream, string name, string password = Password) => Open(upstream).CheckAsync(name, new Secret(password), Trace.None, Stop);

    [Theory]
    [InlineData("mina", "")]
    [InlineData("mina@site.example", "")]
    [InlineData("MINA", "startTls")]
    public async Task The_right_password_brings_the_person_with_groups_within_groups(string name, string how)
    {
        var person = Assert.IsType<Finding.Known>(await CheckAsync(how == "startTls" ? Directory(("urls", Samba.Url), ("startTls", "true")) : Directory(), name)).Identity;
        Assert.Equal(("mina", "Mina", "Ökafor", "mina@site.example"), (person.Username, person.FirstName, person.LastName, person.Email));
        Assert.True(Guid.TryParse(person.Subject, out _));
        Assert.Equal(["agents", "everybody", "staff"], person.Groups.Order(StringComparer.Ordinal));
        Assert.Equal(["agents"], Assert.IsType<Finding.Known>(await CheckAsync(Directory(("nestedGroups", "false")), "mina")).Identity.Groups);
    }

    [Fact]
    public async Task Whoever_is_kept_out_is_told_apart_by_code_and_a_wrong_password_is_just_wrong()
    {
        async Task<string> CodeAsync(string name, string password = Password) => Assert.IsType<Finding.Refused>(await CheckAsync(Directory(), name, password)).Code;
        Assert.Equal("invalid_user_credentials", await CodeAsync("mina", "wrong"));
        Assert.Equal("user_not_found", await CodeAsync("*)(sAMAccountName=mina"));
        Assert.Equal("user_disabled", await CodeAsync("gone"));
        Assert.Equal("invalid_user_credentials", await CodeAsync("gone", "wrong"));
        Assert.Equal("password_expired", await CodeAsync("stale"));
        Assert.Equal("user_expired", await CodeAsync("former"));
    }

    [Fact]
    public async Task Plain_connections_and_other_hosts_certificates_get_no_password()
    {
        Assert.Contains("8 ", Assert.IsType<Finding.Unavailable>(await CheckAsync(Directory(("urls", Samba.Url)), "mina")).Detail, StringComparison.Ordinal);
        Assert.IsType<Finding.Unavailable>(await CheckAsync(Directory(("urls", $"ldaps://localhost.localdomain:1 {Samba.TlsUrl.Replace("127.", "0127.", StringComparison.Ordinal)}")), "mina"));
    }

    [Fact]
    public async Task A_password_is_set_where_that_is_allowed_and_the_domains_policy_counts()
    {
        var subject = Assert.IsType<Finding.Known>(await CheckAsync(Directory(), "changer")).Identity.Subject;
        Assert.Equal("password_not_set", Assert.IsType<Finding.Refused>(await Open(Directory()).SetPasswordAsync(subject, new Secret("Another-password-2"), Stop)).Code);
        var writable = Open(Directory(("writable", "true")));
        Assert.Equal("password_refused", Assert.IsType<Finding.Refused>(await writable.SetPasswordAsync(subject, new Secret("short"), Stop)).Code);
        Assert.Equal("user_not_found", Assert.IsType<Finding.Refused>(await writable.SetPasswordAsync(Guid.NewGuid().ToString(), new Secret("Another-password-2"), Stop)).Code);
        Assert.Equal("user_not_found", Assert.IsType<Finding.Refused>(await writable.SetPasswordAsync("*)(objectClass=*", new Secret("Another-password-2"), Stop)).Code);
        Assert.IsType<Finding.Known>(await CheckAsync(Directory(), "changer"));
        Assert.Null(await writable.SetPasswordAsync(subject, new Secret("Another-\"pässword-2"), Stop));
        Assert.IsType<Finding.Known>(await CheckAsync(Directory(), "changer", "Another-\"pässword-2"));
    }

    [Fact]
    public async Task The_audit_log_says_why_and_the_page_does_not()
    {
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("site", "ad", Directory().Config, new Dictionary<string, string> { ["bindPassword"] = SambaKit.AdminPassword });
        var pages = new List<string>();
        foreach (var (name, password) in ((string, string)[])[("stale", Password), ("gone", Password), ("mina", "wrong")])
        {
            using var browser = new Browser(desk);
            var (page, at) = await browser.FollowAsync($"/realms/{Outpost.Realm}/sign-in");
            using var answer = await browser.SubmitAsync(page, at, name, password);
            pages.Add($"{(int)answer.StatusCode} {System.Text.RegularExpressions.Regex.Match(await answer.Content.ReadAsStringAsync(), "role=\"alert\".*?<").Value}");
        }

        Assert.Single(pages.Distinct());
        await desk.Part<AuditLog>().FlushAsync(Stop);
        var errors = (await desk.Part<AuditLog>().ListAsync(new AuditQuery(Outpost.Realm, "LOGIN_ERROR"), Stop)).Events.Select(one => one.Event.Error);
        Assert.Equal(["invalid_user_credentials", "password_expired", "user_disabled"], errors.Order(StringComparer.Ordinal));
    }

    /// <summary>One domain for the class.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public SambaKit Samba { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Samba = await SambaKit.StartAsync(
            SambaKit.Person("mina", Password, "Mina", "x").Replace("sn: x", "sn:: " + Convert.ToBase64String("Ökafor"u8.ToArray()), StringComparison.Ordinal) + SambaKit.Person("gone", Password, "Gone", "Away", 514)
            + SambaKit.Person("stale", Password, "Stale", "Password", more: "pwdLastSet: 0\n") + SambaKit.Person("former", Password, "Former", "Agent", more: "accountExpires: 130000000000000000\n") + SambaKit.Person("changer", Password, "Changes", "Password")
            + SambaKit.Group("agents", $"CN=mina,{SambaKit.People}") + SambaKit.Group("staff", $"CN=agents,{SambaKit.Groups}") + SambaKit.Group("everybody", $"CN=staff,{SambaKit.Groups}"));

        public async ValueTask DisposeAsync() => await Samba.DisposeAsync();
    }
}
