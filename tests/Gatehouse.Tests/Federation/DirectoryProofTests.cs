using System.Net;
using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Xunit;

namespace Gatehouse.Tests.Federation;

/// <summary>Names and passwords with a request, of people whose password lives in a directory (OpenLDAP): proven there, without a session, and never let in with less while it is down.</summary>
public sealed class DirectoryProofTests
{
    private static readonly IPAddress Office = IPAddress.Parse("192.0.2.7");

    [Fact]
    public async Task A_directory_proves_too_and_its_outage_is_no_refusal_and_no_way_in()
    {
        await using var slapd = await SlapdKit.StartAsync(LdapTests.Fixture.Ldif);
        await using var desk = await Desk.OpenAsync();
        var outpost = await Outpost.MakeAsync(desk);
        await outpost.AddAsync("site", "ldap", new Dictionary<string, string> { ["urls"] = slapd.Url, ["usersDn"] = "ou=people," + SlapdKit.Base, ["bindDn"] = SlapdKit.Admin }, new Dictionary<string, string> { ["bindPassword"] = SlapdKit.AdminPassword },
            one => one with { ContinuityDays = 7, ContinuityRoles = ["agent"] });
        await outpost.AddUserAsync("local", "password-of-local");
        Task<PasswordProof> ProveAsync(string name, string password, string? device = null) => desk.Part<IProvesPasswords>().ProveAsync(Outpost.Realm, name, new Secret(password), new PasswordAsk(Office, "basic", device), default);

        var right = Assert.IsType<PasswordProof.Right>(await ProveAsync("Mina", "minas-password", "basic:1"));
        Assert.Equal(("mina", true), (right.User.Username, right.Elsewhere));
        Assert.False(Assert.IsType<PasswordProof.Right>(await ProveAsync("local", "password-of-local")).Elsewhere);
        Assert.IsType<PasswordProof.Wrong>(await ProveAsync("mina", "wrong"));
        Assert.IsType<PasswordProof.Wrong>(await ProveAsync("nobody-at-all", "minas-password"));
        Assert.IsType<PasswordProof.Wrong>(await desk.Part<IProvesPasswords>().ProveAsync("no-such-realm", "mina", new Secret("minas-password"), new PasswordAsk(null, "basic"), default));
        await desk.Part<Gatehouse.Storage.Database>().WriteAsync(work => desk.Part<Users>().ChangeAsync(work, right.User with { Enabled = false }), default);
        Assert.IsType<PasswordProof.Wrong>(await ProveAsync("mina", "minas-password", "basic:1"));
        await desk.Part<Gatehouse.Storage.Database>().WriteAsync(work => desk.Part<Users>().ChangeAsync(work, right.User with { Enabled = true }), default);
        Assert.IsType<PasswordProof.Right>(await ProveAsync("mina", "minas-password", "basic:1"));

        // While it is down some may go on with less: that hangs on a session, and here is none.
        await slapd.KillAsync();
        for (var i = 0; i < 4; i++) Assert.IsType<PasswordProof.Busy>(await ProveAsync("mina", "minas-password", "basic:1"));
        Assert.IsType<PasswordProof.Right>(await ProveAsync("local", "password-of-local"));
        var log = desk.Part<AuditLog>();
        using var late = new CancellationTokenSource(GateDesk.Patience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        while ((await log.ListAsync(new AuditQuery(Outpost.Realm, "PASSWORD_PROVEN", Limit: 100), late.Token)).Events.Count < 4) await tick.WaitForNextTickAsync(late.Token);
        Assert.Empty((await log.ListAsync(new AuditQuery(Outpost.Realm, "LOGIN"), late.Token)).Events);
    }
}
