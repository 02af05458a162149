using Gatehouse.Audit;
using Gatehouse.People;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Tests.Keys;

public sealed class SqliteKeyRotationTests : KeyRotationTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresKeyRotationTests : KeyRotationTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class KeyRotationTests : StoreKit
{
    private readonly SetClock clock = new();

    [Fact]
    public async Task A_key_gets_its_successor_in_time_and_only_one_whichever_nodes_look()
    {
        var (one, two) = (await SecondNodeAsync(clock), await SecondNodeAsync(clock));
        var first = (await one.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId;
        await UntilAsync(() => two.Keys.Verifier(Realm, first, "ES256") is not null);
        using var rotation = Of(one);
        using var beside = Of(two);

        clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromHours(2));
        await rotation.TurnAsync(Stop);
        Assert.Single(await one.Keys.ListAsync(Realm, Stop));

        // One hour before, the time that others have to hear of it.
        clock.Advance(TimeSpan.FromHours(1));
        await Task.WhenAll(rotation.TurnAsync(Stop), beside.TurnAsync(Stop));
        await rotation.TurnAsync(Stop);
        Assert.Equal([("announced", true), ("active", false)], States());
        Assert.Equal(first, (await one.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);

        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal([("active", true), ("retiring", false)], States());
        Assert.NotEqual(first, (await two.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);

        clock.Advance(TimeSpan.FromDays(89));
        await beside.TurnAsync(Stop);
        Assert.Equal(2, (await two.Keys.ListAsync(Realm, Stop)).Count);
        clock.Advance(TimeSpan.FromDays(1));
        await beside.TurnAsync(Stop);
        Assert.Equal(3, (await two.Keys.ListAsync(Realm, Stop)).Count);

        await one.Audit.FlushAsync(Stop);
        await two.Audit.FlushAsync(Stop);
        Assert.Equal(2, (await one.Audit.ListAsync(new AuditQuery(Realm, "ACTION"), Stop)).Events.Count);

        (string, bool)[] States() => [.. one.Keys.ListAsync(Realm, Stop).Result.OrderBy(key => key.KeyId == first).Select(key => (key.State, key.KeyId != first))];
    }

    [Fact]
    public async Task A_realm_that_rotates_by_hand_is_left_alone()
    {
        var node = await SecondNodeAsync(clock);
        await node.Keys.SignerAsync(Realm, "ES256", Stop);
        await node.Database.WriteAsync(work => node.Realms.ChangeAsync(work, node.Realms.Find(Realm)! with { KeyLife = TimeSpan.Zero }), Stop);
        clock.Advance(TimeSpan.FromDays(1000));
        using var rotation = Of(node);
        await rotation.TurnAsync(Stop);
        Assert.Single(await node.Keys.ListAsync(Realm, Stop));
    }

    private KeyRotation Of(Node node) => new(node.Realms, node.Keys, node.Audit, clock, NullLogger<KeyRotation>.Instance);
}
