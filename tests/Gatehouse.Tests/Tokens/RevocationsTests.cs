using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Tokens;
using Xunit;

namespace Gatehouse.Tests.Tokens;

public sealed class SqliteRevocationsTests : RevocationsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresRevocationsTests : RevocationsTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class RevocationsTests : StoreKit
{
    private readonly SetClock clock = new();

    [Theory]
    [InlineData(RevocationKind.Token, "fam.jti")]
    [InlineData(RevocationKind.Family, "fam")]
    [InlineData(RevocationKind.Subject, "alice")]
    [InlineData(RevocationKind.Client, "desk")]
    [InlineData(RevocationKind.Gadget, "lookup")]
    [InlineData(RevocationKind.Realm, Realm)]
    public async Task A_revocation_is_heard_by_running_nodes_read_by_new_ones_and_forgotten_when_nothing_can_be_alive(RevocationKind kind, string value)
    {
        var (one, two) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        using var here = new Revocations(one.Database, clock);
        using var there = new Revocations(two.Database, clock);
        var heard = 0;
        there.OnRevoked(() => heard++);
        var issued = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromSeconds(10));
        await one.Database.WriteAsync(async work =>
        {
            await here.AddAsync(work, kind, Realm, value);
            return true;
        }, Stop);
        Assert.True(Has(here, issued));
        await UntilAsync(() => Has(there, issued) && heard == 1);
        var late = await SecondNodeAsync(clock);
        using var started = new Revocations(late.Database, clock);
        Assert.False(Has(started, issued));
        await started.LoadAsync(Stop);
        Assert.True(Has(started, issued));

        // What is issued afterwards is good, unless it is of the dead family or the dead token itself.
        var forGood = kind is RevocationKind.Token or RevocationKind.Family;
        Assert.Equal(forGood, Has(here, clock.GetUtcNow().AddSeconds(1)));
        Assert.False(here.Has("elsewhere", "fam.jti", "alice", "desk", issued));
        Assert.False(here.Has(Realm, "other.jti", "sam", "crm", issued) && kind != RevocationKind.Realm);

        clock.Advance(TimeSpan.FromHours(49));
        await here.PruneAsync(Stop);
        Assert.False(Has(here, issued));
        await started.LoadAsync(Stop);
        using var empty = new Revocations(late.Database, clock);
        await empty.LoadAsync(Stop);
        Assert.False(Has(empty, issued));

        static bool Has(Revocations revocations, DateTimeOffset at) => revocations.Has(Realm, "fam.jti", "alice", "desk", at, "lookup");
    }
}
