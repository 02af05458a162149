using System.Net;
using Gatehouse.Credentials;
using Gatehouse.Credentials.Kinds;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Terms;
using Gatehouse.Tests.Kits;
using Gatehouse.Tests.Tokens;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Credentials;

public sealed class SqliteBasicPasswordTests : BasicPasswordTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresBasicPasswordTests : BasicPasswordTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

/// <summary>How long a password is recognised, and what ends that: on two nodes, with a clock that a test moves.</summary>
public abstract class BasicPasswordTests : StoreKit
{
    private readonly SetClock clock = new();

    [Fact]
    public async Task It_is_believed_for_five_minutes_and_one_of_a_directory_for_one()
    {
        await using var here = await OpenAsync();
        var user = await here.AddAsync("alice");
        Assert.Equal((1, user.Id), (await here.AskAsync("alice", "right"), here.Last!.Subject));
        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(1, await here.AskAsync("alice", "right"));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await here.AskAsync("alice", "right"));
        Assert.StartsWith("basic:", here.Fake.Asked!.Device, StringComparison.Ordinal);

        here.Fake.Elsewhere = true;
        await here.AddAsync("dora");
        Assert.Equal(3, await here.AskAsync("dora", "right"));
        Assert.Null(here.Fake.Asked.Device);
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(4, await here.AskAsync("dora", "right"));
    }

    [Fact]
    public async Task Another_node_hears_of_a_new_password_a_new_state_and_a_deletion()
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var user = await here.AddAsync("alice");
        // A write returns when its node has heard of it, and so of all before it: alice is no news there any more.
        await there.AddAsync("bob");
        foreach (var change in (Func<Work, Task>[])[
            work => here.Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "hash", false), work => here.Node.Users.ChangeAsync(work, user with { Enabled = false }), work => here.Node.Users.ChangeAsync(work, user), work => here.Node.Users.RemoveAsync(work, Realm, user.Id)])
        {
            await there.AskAsync("alice", "right");
            var before = there.Fake.Proofs;
            Assert.Equal(before, await there.AskAsync("alice", "right"));
            await here.WriteAsync(change);
            await UntilAsync(() => there.Known.Find(there.Known.MarkOf(Realm, "alice", new Secret("right"))) is null);
            Assert.Equal(before + 1, await there.AskAsync("alice", "right"));
        }
    }

    [Fact]
    public async Task A_change_while_it_is_proven_is_not_slept_through()
    {
        await using var here = await OpenAsync();
        var user = await here.AddAsync("alice");
        here.Fake.While = () => here.WriteAsync(work => here.Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "another", false));
        Assert.Equal(1, await here.AskAsync("alice", "right"));
        here.Fake.While = null;
        Assert.Equal(2, await here.AskAsync("alice", "right"));
        Assert.Equal(2, await here.AskAsync("alice", "right"));

        // And of others there may be any number in that time.
        here.Fake.While = async () =>
        {
            for (var i = 0; i < 5000; i++)
                await here.Node.Database.WriteAsync(async work =>
            {
                for (var n = 0; n < 1000; n++, i++) await work.AnnounceAsync(new Change("user", Realm, $"other-{i}"));
                await work.AnnounceAsync(new Change("user", Realm, user.Id, "password"));
                return true;
            }, Stop);
        };
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(3, await here.AskAsync("alice", "right"));
        here.Fake.While = null;
        Assert.Equal(4, await here.AskAsync("alice", "right"));
    }

    [Fact]
    public async Task Rights_are_fresh_and_whoever_was_signed_out_proves_it_again()
    {
        await using var here = await OpenAsync();
        var user = await here.AddAsync("alice");
        await here.AskAsync("alice", "right");
        var first = here.Last!;
        var role = NewRole("agent");
        await here.WriteAsync(async work =>
        {
            await here.Node.Roles.AddAsync(work, role);
            await here.Node.Roles.GiveAsync(work, Realm, RoleHolder.User, user.Id, role.Id);
        });
        Assert.Equal(1, await here.AskAsync("alice", "right"));
        Assert.Contains("agent", (IReadOnlySet<string>)here.Last!.Roles);

        // What is revoked of others changes nothing of this principal, by which more is remembered.
        first = here.Last;
        clock.Advance(TimeSpan.FromSeconds(1));
        await here.WriteAsync(work => here.Mint.Revocations.AddAsync(work, RevocationKind.Subject, Realm, "somebody-else"));
        Assert.Equal(1, await here.AskAsync("alice", "right"));
        Assert.Same(first, here.Last);
        await here.WriteAsync(work => here.Mint.Revocations.AddAsync(work, RevocationKind.Subject, Realm, user.Id));
        Assert.False(here.Verifier.StillStands(first));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await here.AskAsync("alice", "right"));
        Assert.True(here.Verifier.StillStands(here.Last!));
    }

    [Fact]
    public async Task Wrong_ones_cost_little_for_a_moment_and_push_nothing_out()
    {
        await using var here = await OpenAsync();
        await here.AddAsync("alice");
        await here.AskAsync("alice", "right");
        for (var i = 0; i < 10_000; i++) await here.AskAsync("alice", $"wrong-{i}");
        var proofs = here.Fake.Proofs;
        Assert.Equal(proofs, await here.AskAsync("alice", "wrong-9999"));
        Assert.Same(Reasons.CredentialPassword, here.Refused);
        Assert.Equal(proofs, await here.AskAsync("alice", "right"));
        Assert.Null(here.Refused);
        clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(proofs + 1, await here.AskAsync("alice", "wrong-9999"));
    }

    [Fact]
    public async Task What_was_not_decided_is_no_refusal_and_is_not_remembered()
    {
        await using var here = await OpenAsync();
        await here.AddAsync("alice");
        here.Fake.Instead = new PasswordProof.Busy();
        await here.AskAsync("alice", "right");
        Assert.Equal(503, here.Refused!.Status);
        here.Fake.Instead = new PasswordProof.Wait(TimeSpan.FromSeconds(8));
        Assert.Equal(TimeSpan.FromSeconds(8), Assert.IsType<Verdict.Rejected>(await here.VerifyAsync("alice", "right")).Wait);
        here.Fake.Instead = null;
        await here.AskAsync("alice", "right");
        Assert.Null(here.Refused);
    }

    [Fact]
    public async Task A_connection_that_stays_open_ends_with_the_password_and_with_the_user()
    {
        await using var here = await OpenAsync();
        var user = await here.AddAsync("alice");
        await here.WriteAsync(work => here.Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "hash", false));
        clock.Advance(TimeSpan.FromSeconds(1));
        await here.AskAsync("alice", "right");
        var (principal, credential) = (here.Last!, new Credential(CredentialKind.Basic, CredentialPlace.Authorization, "alice", new Secret("")));
        clock.Advance(TimeSpan.FromHours(2));
        Assert.True(await here.Verifier.LivesAsync(principal, credential, Stop));
        await here.WriteAsync(work => here.Node.Users.ChangeAsync(work, user with { Enabled = false }));
        Assert.False(await here.Verifier.LivesAsync(principal, credential, Stop));
        await here.WriteAsync(work => here.Node.Users.ChangeAsync(work, user));
        await here.WriteAsync(work => here.Node.Users.SetPasswordHashAsync(work, Realm, user.Id, "another", false));
        Assert.False(await here.Verifier.LivesAsync(principal, credential, Stop));
    }

    private async Task<Side> OpenAsync() => new(await SecondNodeAsync(clock), clock);

    private sealed class Side : IAsyncDisposable
    {
        public Side(Node node, TimeProvider time)
        {
            Node = node;
            Mint = new Mint(node, time);
            Known = new KnownPasswords(node.Database.Feed, Mint.Revocations, node.Rights, node.Known, time);
            Fake = new Fake(node);
            Verifier = new BasicPassword(Fake, Known, new WrongPasswords(Known), node.Rights, node.Known, node.Users, node.Realms, Mint.Verify, time).Of(Realm);
        }

        public Node Node { get; }

        public Mint Mint { get; }

        public KnownPasswords Known { get; }

        public Fake Fake { get; }

        public ICredentialVerifier Verifier { get; }

        public Principal? Last { get; private set; }

        public Reason? Refused { get; private set; }

        public ValueTask<Verdict> VerifyAsync(string name, string password) => Verifier.VerifyAsync(new Credential(CredentialKind.Basic, CredentialPlace.Authorization, name, new Secret(password)) { From = IPAddress.Loopback }, Stop);

        /// <summary>How many proofs were made until now.</summary>
        public async Task<int> AskAsync(string name, string password)
        {
            var verdict = await VerifyAsync(name, password);
            Last = (verdict as Verdict.Accepted)?.Principal;
            Refused = verdict switch { Verdict.Rejected no => no.Reason, Verdict.Unavailable not => not.Reason, _ => null };
            return Fake.Proofs;
        }

        public async Task<User> AddAsync(string name)
        {
            var user = NewUser(name);
            await WriteAsync(work => Node.Users.AddAsync(work, user));
            return user;
        }

        public Task WriteAsync(Func<Work, Task> write) => Node.Database.WriteAsync(async work =>
        {
            await write(work);
            return true;
        }, Stop);

        public ValueTask DisposeAsync()
        {
            Known.Dispose();
            Mint.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Fake(Node node) : IProvesPasswords
    {
        public int Proofs { get; private set; }

        public bool Elsewhere { get; set; }

        public Func<Task>? While { get; set; }

        public PasswordProof? Instead { get; set; }

        public PasswordAsk? Asked { get; private set; }

        public async Task<PasswordProof> ProveAsync(string realm, string username, Secret password, PasswordAsk ask, CancellationToken stop)
        {
            (Proofs, Asked) = (Proofs + 1, ask);
            var user = await node.Users.FindByNameAsync(realm, username, stop);
            if (While is { } meanwhile) await meanwhile();
            return Instead ?? (password.Reveal() == "right" && user is not null ? new PasswordProof.Right(user, Elsewhere) : new PasswordProof.Wrong());
        }
    }
}
