using Gatehouse.Keys;
using Gatehouse.Storage;
using Gatehouse.Tests.Kits;
using Gatehouse.Wire.Jose;
using Gatehouse.Wire.Text;
using Xunit;

namespace Gatehouse.Tests.Keys;

public sealed class SqliteSigningKeysTests : SigningKeysTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => Task.FromResult(Sqlite());
}

public sealed class PostgresSigningKeysTests : SigningKeysTests
{
    protected override Task<StorageSettings> NewDatabaseAsync() => PostgresAsync();
}

public abstract class SigningKeysTests : StoreKit
{
    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    public async Task A_first_key_signs_and_every_node_verifies(string algorithm)
    {
        var signer = await Node.Keys.SignerAsync(Realm, algorithm, Stop);
        var other = await SecondNodeAsync();
        Assert.True(Jws.TryParse(signer.Sign("{}"u8, "at+jwt"), Limits.Default, out var jws, out _));
        Assert.Equal(JoseError.None, other.Keys.Verifier(Realm, signer.KeyId, algorithm)!.Verify(jws));
        Assert.Contains(signer.KeyId, (await other.Keys.PublishedAsync(Realm, Stop)).Keys.Select(key => key.Kid));
        Assert.Null(other.Keys.Verifier("elsewhere", signer.KeyId, algorithm));
        Assert.Null(other.Keys.Verifier(Realm, "no-such-key", algorithm));
        Assert.Null(other.Keys.Verifier(Realm, null, algorithm));
    }

    [Fact]
    public async Task What_is_published_has_no_private_part()
    {
        await Node.Keys.SignerAsync(Realm, "RS256", Stop);
        var json = (await Node.Keys.PublishedAsync(Realm, Stop)).ToJson();
        Assert.DoesNotContain("\"d\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("\"p\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_nodes_never_make_two_first_keys()
    {
        var other = await SecondNodeAsync();
        var signers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => (i % 2 == 0 ? Node : other).Keys.SignerAsync(Realm, "ES256", Stop).AsTask()));
        Assert.Single(signers.Select(signer => signer.KeyId).Distinct());
        Assert.Single(await Node.Keys.ListAsync(Realm, Stop));
    }

    [Fact]
    public async Task A_node_whose_clock_is_behind_signs_with_the_first_key_too()
    {
        var clock = new SetClock();
        var behind = await SecondNodeAsync(clock);
        var signer = await Node.Keys.SignerAsync(Realm, "ES256", Stop);
        await UntilAsync(() => behind.Keys.Verifier(Realm, signer.KeyId, "ES256") is not null);
        Assert.Equal(signer.KeyId, (await behind.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);
    }

    [Fact]
    public async Task A_key_is_announced_then_used_and_the_old_one_retires_without_one_refusal()
    {
        var clock = new SetClock();
        var node = await SecondNodeAsync(clock);
        var first = (await node.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId;
        await node.Keys.RotateAsync(Realm, "ES256", Stop);
        var second = (await node.Keys.ListAsync(Realm, Stop)).Single(key => key.KeyId != first).KeyId;
        Assert.Equal([(second, "announced"), (first, "active")], States());
        Assert.Equal(first, (await node.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);
        Assert.Equal(2, (await node.Keys.PublishedAsync(Realm, Stop)).Keys.Length);

        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal([(second, "active"), (first, "retiring")], States());
        Assert.Equal(second, (await node.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);
        Assert.NotNull(node.Keys.Verifier(Realm, first, "ES256"));

        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal([(second, "active"), (first, "retired")], States());
        Assert.Null(node.Keys.Verifier(Realm, first, "ES256"));
        Assert.Equal([second], (await node.Keys.PublishedAsync(Realm, Stop)).Keys.Select(key => key.Kid));

        (string, string)[] States() => [.. node.Keys.ListAsync(Realm, Stop).Result.OrderBy(key => key.KeyId == first).Select(key => (key.KeyId, key.State))];
    }

    [Fact]
    public async Task A_realm_that_comes_again_does_not_accept_the_old_ones_keys()
    {
        var other = await SecondNodeAsync();
        var old = (await Node.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId;
        await UntilAsync(() => other.Keys.Verifier(Realm, old, "ES256") is not null);
        Assert.True(await WriteAsync(work => Node.Realms.RemoveAsync(work, Realm)));
        Assert.Null(Node.Keys.Verifier(Realm, old, "ES256"));
        await UntilAsync(() => other.Keys.Verifier(Realm, old, "ES256") is null);
        Assert.True(await WriteAsync(work => Node.Realms.AddAsync(work, new Terms.Realm { Name = Realm })));
        Assert.NotEqual(old, (await Node.Keys.SignerAsync(Realm, "ES256", Stop)).KeyId);
    }

    [Fact]
    public async Task The_wrong_root_key_refuses_to_start_and_a_missing_one_is_not_replaced()
    {
        await RootCheck.AssertAsync(Node.Root, Node.Database, Stop);
        await RootCheck.AssertAsync(Node.Root, Node.Database, Stop);
        var folder = Directory.CreateTempSubdirectory("gatehouse-root-").FullName;
        var file = Path.Combine(folder, "root.key");
        var missing = RootKey.Load(new KeysSettings(), folder);
        Assert.True(File.Exists(file));
        var fault = await Assert.ThrowsAsync<KeyFault>(() => RootCheck.AssertAsync(missing, Node.Database, Stop));
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.Contains("missing", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));

        await File.WriteAllTextAsync(file, new string('b', 64), Stop);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        fault = await Assert.ThrowsAsync<KeyFault>(() => RootCheck.AssertAsync(RootKey.Load(new KeysSettings(), folder), Node.Database, Stop));
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("bbbb", fault.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
        Directory.Delete(folder, recursive: true);
    }
}
